import { unitFolder } from "../core/repo/unit.ts";
import path from "node:path";
import type { CopyOutTotals, LeftOut } from "../core/snapshot/copy-out.ts";
import { parseRelPath } from "../core/path/rel-path.ts";
import { selectionOf, type Selection } from "../core/snapshot/restore-select.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import { freeBytesAt, requireEmpty } from "../snapshot/copy-folder.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { findAttributeTools } from "./attribute-tools.ts";
import { checkCopiedUnits, type CopiedUnit } from "./copied-units.ts";
import type { Environment } from "./environment.ts";
import { isAtOrBelow, isLinked, nearestReal, workspaceAround } from "./find-workspace.ts";
import { noSuchPath, openSnapshot, type SnapshotRequest } from "./look.ts";
import { snapshotPath } from "./snapshot-path.ts";
import { storeFolder } from "./store.ts";

/** A snapshot, or a part of it, and the folder that it is copied to (T15). */
export type CopyRequest = SnapshotRequest & {
  readonly to: string;
  /** Files, folders and globs of the snapshot; everything if there are none. */
  readonly paths: readonly string[];
  readonly specialModes: boolean;
  readonly ignored: boolean;
  /** Tell what would be there, and write nothing. */
  readonly dryRun: boolean;
  readonly onLeft: (left: LeftOut) => void;
};

/** What was copied, or would be. */
export type CopyReport = CopyOutTotals & {
  readonly root: SnapshotRoot;
  /** Absolute. */
  readonly to: string;
  readonly units: readonly CopiedUnit[];
  /** The linked workspace that the folder lies in: what was copied is uploaded. */
  readonly uploadedBy?: string;
};

/**
 * Copy a snapshot to a folder that is missing or empty (T15): no engine, no cloud, no safety snapshot. The repositories in it are
 * checked afterwards.
 *
 * @throws {SnapError} `snapshot-not-found`, `path-missing`; `refused` for a folder that holds something, and for a part of a
 *   repository (T14); `damaged`; `disk-full`, with nothing left behind
 */
export async function copySnapshot(
  environment: Environment,
  request: CopyRequest,
  work: Work,
): Promise<CopyReport> {
  const to = targetOf(environment, request.to);
  const { store, root } = await openSnapshot(environment, request);
  const { specialModes, ignored, onLeft, dryRun } = request;
  const selection = selectionOf(request.paths.map(snapshotPath));
  const selects = request.paths.length === 0 ? undefined : asked(selection);
  const wanted = { root, specialModes, ignored, selects, owners: environment.isRoot };
  const facts = { root, to, ...uploadOf(environment, to) };
  let totals: CopyOutTotals | undefined;
  if (dryRun || selects !== undefined) {
    totals = await store.planCopyOut(dryRun ? { ...wanted, onLeft } : wanted, work);
    requireMatches(selection);
  }
  if (dryRun && totals !== undefined) return { ...totals, ...facts, units: [] };
  await requireRoom(to, totals ?? root.counts, () => store.planCopyOut(wanted, work));
  const attributes = { tools: findAttributeTools(environment, to) };
  const done = await store.copyOut({ ...wanted, to, totals, onLeft, attributes }, work);
  const copied = (root.git ?? []).filter(({ id }) => selects?.(unitFolder(id)) !== false);
  const units = await checkCopiedUnits(environment, { to, units: copied }, work);
  return { ...done, ...facts, units };
}

function asked(selection: Selection): (path: string) => boolean {
  return (text) => selection.selects(parseRelPath(text));
}

function requireMatches(selection: Selection): void {
  const [unmatched] = selection.unmatched();
  if (unmatched !== undefined) throw noSuchPath(unmatched);
}

function uploadOf(environment: Environment, to: string): { readonly uploadedBy?: string } {
  const around = workspaceAround(environment, to);
  return around !== undefined && isLinked(around) ? { uploadedBy: around.path } : {};
}

/** What a root counts may be more than is needed: a file with several names is counted with each. */
async function requireRoom(
  to: string,
  counted: { readonly bytes: number },
  plan: () => Promise<CopyOutTotals>,
): Promise<void> {
  const free = freeBytesAt(to);
  if (counted.bytes <= free) return;
  const { bytes: needed } = await plan();
  if (needed > free) throw tooSmall(to, { needed, free });
}

/** @throws {SnapError} `usage`, `refused` */
function targetOf(environment: Environment, named: string): string {
  if (named === "" || named.includes("\0")) {
    throw new SnapError("usage", "--to names no folder", {
      hint: "Name a folder that is missing or empty.",
    });
  }
  const to = path.resolve(environment.cwd, named);
  const real = nearestReal(to);
  const own = [
    storeFolder(environment),
    ...environment.settings.read().workspaces.map((record) => path.join(record.path, ".snap")),
  ].find((folder) => isAtOrBelow(real, nearestReal(folder)));
  if (own !== undefined) {
    throw new SnapError("refused", `"${to}" lies in snap's own folder "${own}"`, {
      path: to,
      hint: "Name a folder of yours.",
    });
  }
  requireEmpty(to);
  return to;
}

function tooSmall(to: string, { needed, free }: { needed: number; free: number }): SnapError {
  const message = `"${to}" has no room for this: ${needed - free} more bytes are needed`;
  return new SnapError("disk-full", message, {
    path: to,
    hint: "Free some space, name a folder on another disk, or restore some paths only.",
  });
}
