import { isAlwaysOutside } from "../core/ignore.ts";
import { comparePaths, isInside, pathComponents, topPath } from "../core/path/rel-path.ts";
import type { RelPath } from "../core/path/rel-path.ts";
import { bareRepository } from "../core/repo/marker.ts";
import { SnapError } from "../std/error.ts";
import { boundaryOf } from "./boundary.ts";
import type { OpenWorkspace } from "./open-workspace.ts";
import { workspacePath } from "./workspace-path.ts";

/** What of a workspace is to be captured, as a person names it. */
export type NamedPaths = { readonly paths?: readonly string[]; readonly ignored?: boolean };

type Place = Pick<OpenWorkspace, "environment" | "record" | "local" | "state">;

/**
 * The paths that a capture is limited to (N33), in path order, none in another; undefined for everything. They are the boundary of
 * its snapshot: each is there, and is something that a capture takes, since a restore takes their absence at its word.
 *
 * @throws {SnapError} `path-invalid` for one outside the workspace; `path-missing`; `usage` for one that no capture takes
 */
export async function capturePaths(
  workspace: Place,
  { paths = [], ignored = false }: NamedPaths,
): Promise<readonly RelPath[] | undefined> {
  if (paths.length === 0) return undefined;
  const { environment, record } = workspace;
  const named = paths.map((path) => workspacePath(environment, record, nonEmpty(path)));
  const { isOutside, isIgnored } = await boundaryOf(workspace);
  for (const path of named) {
    if (path === topPath) continue;
    const stat = await workspace.local.stat(path);
    if (stat === undefined) throw missing(path);
    const isTaken = !isOutside(path, stat.kind) || (ignored && isIgnored(path, stat.kind));
    if (!isTaken) throw outside(path, isIgnored(path, stat.kind));
    if (isInRepository(path)) throw inRepository(path);
  }
  await refusePartsOfTop(workspace, named);
  if (named.includes(topPath)) return undefined;
  const isTop = (path: RelPath): boolean =>
    !named.some((other) => other !== path && isInside(path, other));
  return [...new Set(named)].filter(isTop).toSorted(comparePaths);
}

/** An unset variable of a script must not mean everything. */
function nonEmpty(path: string): string {
  if (path !== "") return path;
  throw new SnapError("usage", "A path is empty", {
    hint: "Leave --paths out to capture everything, or name a file or folder.",
  });
}

/** Below the folder of a repository, which is captured whole (N43). */
function isInRepository(path: RelPath): boolean {
  return pathComponents(path)
    .slice(0, -1)
    .some((name) => name === ".git" || name === ".hg");
}

/** A workspace that is itself a repository is captured whole as well. */
async function refusePartsOfTop({ local }: Place, named: readonly RelPath[]): Promise<void> {
  const part = named.find((path) => path !== topPath);
  if (part === undefined) return;
  const { entries } = await local.list(topPath);
  if (bareRepository(entries) === "whole") throw inRepository(part);
}

function missing(path: RelPath): SnapError {
  return new SnapError("path-missing", `There is no "${path}" in the workspace`, {
    path,
    hint: "Nothing was captured: a snapshot would tell that it was not there.",
  });
}

function outside(path: RelPath, isIgnored: boolean): SnapError {
  const why = isAlwaysOutside(path)
    ? "is never captured"
    : isIgnored
      ? "is ignored"
      : "is excluded";
  return new SnapError("usage", `"${path}" ${why}`, {
    path,
    hint: isIgnored ? "--ignored captures it all the same." : "Name something else.",
  });
}

function inRepository(path: RelPath): SnapError {
  return new SnapError("usage", `"${path}" is a part of a repository`, {
    path,
    hint: "A repository is captured whole: name its .git or .hg, or a folder above it; without --paths all is captured.",
  });
}
