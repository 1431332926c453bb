import { lstatSync, realpathSync } from "node:fs";
import path from "node:path";
import type { WorkspaceRecord } from "../state/config.ts";
import { SnapError, systemCode } from "../std/error.ts";
import type { Environment } from "./environment.ts";

/** A workspace with the link that it has. */
export type LinkedRecord = WorkspaceRecord & {
  readonly linkId: string;
  readonly account: string;
  readonly remote: string;
};

/** Whether a workspace is bound to a remote folder. */
export function isLinked(record: WorkspaceRecord): record is LinkedRecord {
  return record.linkId !== undefined && record.account !== undefined && record.remote !== undefined;
}

/**
 * The real, absolute path of a folder that a person named; a symlinked one is resolved here, once.
 *
 * @throws {SnapError} `path-missing` when it is not there or no folder, `path-invalid` for text that is no path
 */
export function resolveFolder(environment: Environment, named: string): string {
  if (named === "" || named.includes("\0")) {
    throw new SnapError("path-invalid", `Not a folder: "${named}"`, { path: named });
  }
  const wanted = path.resolve(environment.cwd, named);
  try {
    const real = realpathSync(wanted);
    if (lstatSync(real).isDirectory()) return real;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    throw new SnapError("path-missing", `There is no folder "${wanted}"`, {
      path: wanted,
      hint: "Check the path, or make the folder first.",
      cause: error,
    });
  }
  throw new SnapError("path-missing", `"${wanted}" is no folder`, { path: wanted });
}

/** The workspace that holds a place; undefined where none does. */
export function workspaceAround(
  environment: Environment,
  place: string,
): WorkspaceRecord | undefined {
  const folder = nearestReal(path.resolve(environment.cwd, place));
  return environment.settings
    .read()
    .workspaces.filter((record) => isAtOrBelow(folder, record.path))
    .toSorted((a, b) => b.path.length - a.path.length)[0];
}

/** @throws {SnapError} `workspace-missing` where no workspace holds the place. */
export function requireWorkspace(environment: Environment, place: string): WorkspaceRecord {
  const record = workspaceAround(environment, place);
  if (record !== undefined) return record;
  const folder = path.resolve(environment.cwd, place);
  throw new SnapError("workspace-missing", `"${folder}" is in no workspace`, {
    path: folder,
    hint: "Go to a workspace, name one with --workspace, or make one with `snap link`.",
  });
}

/** @throws {SnapError} `workspace-missing` where no workspace holds the place, or it is not linked. */
export function requireLink(environment: Environment, place: string): LinkedRecord {
  const record = requireWorkspace(environment, place);
  if (isLinked(record)) return record;
  throw new SnapError("workspace-missing", `"${record.path}" is not linked to a remote folder`, {
    path: record.path,
    hint: "Bind it with `snap link`.",
  });
}

/** Whether one absolute path is another or lies below it. */
export function isAtOrBelow(inner: string, outer: string): boolean {
  const below = path.relative(outer, inner);
  return (
    below === "" ||
    (!below.startsWith(`..${path.sep}`) && below !== ".." && !path.isAbsolute(below))
  );
}

/** The real path of a place, as far as it exists. A workspace that was unmounted or moved is still meant by its old path: the part that exists is resolved. */
export function nearestReal(folder: string): string {
  try {
    return realpathSync(folder);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    const parent = path.dirname(folder);
    return parent === folder ? folder : path.join(nearestReal(parent), path.basename(folder));
  }
}
