import type { DisplaceAct } from "../../core/plan/local-act.ts";
import type { RemoveOp } from "../../core/plan/op.ts";
import type { LeftPath } from "../../core/plan/sync-report.ts";
import type { RelPath } from "../../core/path/rel-path.ts";
import type { DamagedRow } from "../../core/tree/index-rows.ts";
import type { LocalEntry, NodeId, Stamp } from "../../core/tree/node.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import type { IndexStore } from "../../ports.ts";
import { SnapError } from "../../std/error.ts";
import { commitAct } from "../execute/commit-act.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { copyTag, expectationOf, newOpId, trashArea } from "../execute/execution.ts";
import { intentOf } from "../execute/intents.ts";

/** A file whose bytes changed by themselves, as long as nobody has written to it since. */
export type DamagedFile = { readonly node: NodeId; readonly left: LeftPath };

/**
 * Files with other bytes than their stamp stands for (S28): the merge leaves them alone, in either direction, until the user
 * has written to them, removed them, or had them fetched.
 */
export function damagedFiles(index: IndexStore): readonly DamagedFile[] {
  return index.care.damaged().flatMap((damage): DamagedFile[] => {
    const row = index.local.get(damage.node);
    if (row === undefined || !isStillDamaged(row, damage)) return [];
    const path = pathOf(index.local, damage.node) ?? row.name;
    return [{ node: damage.node, left: damageAt(index, damage.node, path) }];
  });
}

/** What to tell of a damaged file, and what to do about it. */
export function damageAt(index: IndexStore, node: NodeId, path: string): LeftPath {
  const isThere = index.remote.get(node)?.kind === "file";
  const back = isThere
    ? "`snap check --fetch PATH` puts these bytes into the trash, and the next sync brings the file down again"
    : "It is not in Dropbox: `snap restore` brings it back from a snapshot";
  return {
    path,
    kind: "damaged",
    reason: "its bytes changed on the disk, and no program wrote to it",
    hint: `${back}. To keep these bytes, save the file again.`,
  };
}

/**
 * A file that was renamed or given another mode has a new stamp and was read again, but its bytes are still the damaged ones.
 * Who writes to it changes its size or mtime; who puts the old bytes back, its hash.
 */
function isStillDamaged(row: LocalEntry, damage: DamagedRow): boolean {
  if (row.kind !== "file" || contentPart(row.stamp) !== contentPart(damage.stamp)) return false;
  return row.stamp === damage.stamp || row.hash === undefined || row.hash === damage.hash;
}

/** Size and mtime of a stamp; the rest of it is the ctime (S18). */
function contentPart(stamp: Stamp): string {
  return stamp.split(" ").slice(0, 2).join(" ");
}

/** What a file turned out to be when it was read again. */
export type Reread = {
  readonly node: NodeId;
  readonly stamp: Stamp;
  readonly fileId: string;
  readonly hash: string;
};

/**
 * Compare what was read with what the row says of this very state of the file. `as-known`, or `changed`: somebody wrote to it,
 * and the next look at the disk will see it; else the bytes are others than those that were hashed before.
 */
export function judgeReread(
  index: IndexStore,
  read: Reread,
): "as-known" | "changed" | "damaged" | "row-wrong" {
  const row = index.local.get(read.node);
  const isSameState = row?.stamp === read.stamp && row.fileId === read.fileId;
  if (row === undefined || !isSameState || !row.trusted) return "changed";
  if (row.hash === read.hash) return "as-known";
  // Both sides agreed on these bytes: it is the row that is wrong.
  return index.synced.get(read.node)?.hash === read.hash ? "row-wrong" : "damaged";
}

/** Remember a damaged file, so that it is left alone from now on. Called inside a transaction. */
export function noteDamage(index: IndexStore, { node, stamp, hash }: Reread): void {
  index.care.putDamaged({ node, stamp, hash });
}

/** Forget damage that is healed or overwritten. Called inside a transaction. */
export function forgetHealed(index: IndexStore): void {
  for (const damage of index.care.damaged()) {
    const row = index.local.get(damage.node);
    if (row === undefined || !isStillDamaged(row, damage)) index.care.removeDamaged(damage.node);
  }
}

/** The file was read again and is what it was: a fault of the way to the disk, not of the disk. */
export function noteSound(index: IndexStore, { node, hash }: Reread): void {
  const damage = index.care.damaged().find((row) => row.node === node);
  if (damage === undefined || damage.hash === hash) return;
  index.transaction(() => index.care.removeDamaged(node));
}

/**
 * Put a damaged file into the trash, so that the next sync brings it down again. First it is forgotten that both sides ever
 * agreed on it: from then on its absence here is no removal, whenever the run is cut off. A dry run asks all the same questions and changes nothing.
 *
 * @throws {SnapError} `usage` for a file that is not damaged, `not-found` where the server does not have it, `volatile` when
 * somebody writes to it just now
 */
export async function fetchDamaged(
  deps: EngineDeps,
  path: RelPath,
  { dryRun }: { readonly dryRun: boolean } = { dryRun: false },
): Promise<void> {
  const { index, local, rng } = deps;
  const node = damagedFiles(index).find(({ left }) => left.path === path)?.node;
  const row = node === undefined ? undefined : index.local.get(node);
  if (row === undefined) throw notDamaged(path);
  await requireRemote(deps, row.node, path);
  const stat = await local.stat(path);
  if (stat === undefined || stat.stamp !== row.stamp) throw changing(path);
  if (dryRun) return;
  const act: DisplaceAct = {
    act: "displace",
    path,
    // Its bytes are not those of the row: the stat alone is its proof.
    before: { ...expectationOf({ ...row, hash: undefined }, stat) },
    known: [],
    displaceTo: trashArea(deps),
    copy: copyTag(deps),
  };
  const op: RemoveOp = { kind: "L.trash", node: row.node, path, before: row, after: undefined };
  const intent = intentOf(newOpId(rng), row.node, { step: "act", act, op });
  index.transaction(() => {
    index.synced.remove(row.node);
    index.putIntent(intent);
  });
  const outcome = await local.perform(act);
  index.transaction(() => {
    index.removeIntent(intent.op);
    if (outcome.state === "done") commitAct(index, op, outcome);
    if (outcome.state === "done") index.care.removeDamaged(row.node);
  });
  if (outcome.state === "cancelled") throw changing(path);
}

async function requireRemote(deps: EngineDeps, node: NodeId, path: RelPath): Promise<void> {
  const { index, remote } = deps;
  const there = pathOf(index.remote, node);
  const item = there === undefined ? undefined : await remote.get(there);
  if (item?.kind === "file" && item.remoteId === index.remote.get(node)?.remoteId) return;
  throw new SnapError("not-found", `Dropbox does not have "${path}"`, {
    path,
    hint: "`snap restore` brings it back from a snapshot.",
  });
}

function notDamaged(path: string): SnapError {
  return new SnapError("usage", `"${path}" is not known to be damaged`, {
    path,
    hint: "`snap check --rehash` reads every file and names the damaged ones.",
  });
}

function changing(path: string): SnapError {
  return new SnapError("volatile", `"${path}" was written to just now`, {
    path,
    hint: "Then it is an edit like any other: `snap sync` uploads it.",
  });
}
