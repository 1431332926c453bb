import { Exclusions } from "../../core/exclusions.ts";
import type { DisplaceAct, LocalExpectation } from "../../core/plan/local-act.ts";
import type { RemoveOp } from "../../core/plan/op.ts";
import { pathKeyOf } from "../../core/path/path-key.ts";
import {
  joinPath,
  parentPath,
  pathComponents,
  topPath,
  type RelPath,
} from "../../core/path/rel-path.ts";
import type { LocalStat } from "../../core/tree/local-stat.ts";
import { rootNode, type LocalEntry, type NodeId } from "../../core/tree/node.ts";
import { descendants, pathOf } from "../../core/tree/tree-view.ts";
import type { IndexStore } from "../../ports.ts";
import { isSnapError, SnapError, throwIfAborted } from "../../std/error.ts";
import type { Work } from "../../std/events.ts";
import { commitAct } from "./commit-act.ts";
import type { EngineDeps } from "../engine-deps.ts";
import {
  exclusionsInForce,
  foldersGoing,
  foldersToList,
  setExclusionsInForce,
  setFoldersGoing,
  setFoldersToList,
} from "../scope/exclusions-in-force.ts";
import { copyTag, expectationOf, isAsSeen, newOpId, trashArea } from "./execution.ts";
import { intentOf } from "./intents.ts";
import type { Tally } from "../report.ts";
import { raiseGeneration } from "../guards/rollback.ts";

/** Times that a folder is looked through again because something in it changed while it was taken away. */
const attemptsMax = 3;

/** The sync that takes folders off the disk, and its report. */
export type ExcludeContext = { readonly tally: Tally; readonly work: Work };

/**
 * Bring what is excluded into force (S93): of a folder that is excluded now, the files that are equal to what both sides agreed
 * on go to the trash, each compared when it is displaced; anything else stays where it is. A folder that is excluded no more
 * is listed by the next observation. Called once in a sync, after both sides were observed and nothing looks rolled back.
 *
 * May be cut off anywhere: until all of a folder was looked at, it belongs to the link as before.
 *
 * @returns whether anything is excluded now that was not, or the other way round: then both sides are observed again
 * @throws {SnapError} `volatile` when a folder will not hold still, `workspace-missing`, errors of the disk and the index
 */
export async function applyExclusions(deps: EngineDeps, context: ExcludeContext): Promise<boolean> {
  const { index, config } = deps;
  const wanted = new Exclusions(config.excluded());
  const before = exclusionsInForce(index);
  const added = wanted.minus(before);
  const removed = before.minus(wanted);
  const dropped = new Exclusions(foldersGoing(index)).minus(wanted);
  if (added.length + removed.length + dropped.length === 0) return false;
  if (added.length > 0) await raiseGeneration(deps);
  index.transaction(() => {
    for (const path of dropped) forgetAgreed(index, path);
    setFoldersGoing(index, added);
  });
  for (const path of added) {
    throwIfAborted(context.work.signal);
    await takeOffDisk(deps, path, context);
  }
  index.transaction(() => {
    setExclusionsInForce(index, wanted);
    setFoldersGoing(index, []);
    setFoldersToList(index, [...new Set([...foldersToList(index), ...removed])]);
  });
  return true;
}

/**
 * A folder that was cut off on its way to the trash, and is not to go any more: what is not here was not deleted by the user, so
 * both sides are united (S44).
 */
function forgetAgreed({ synced }: IndexStore, path: RelPath): void {
  let node: NodeId | undefined = rootNode;
  for (const name of pathComponents(path)) {
    node = node === undefined ? undefined : synced.childByKey(node, pathKeyOf(name))?.node;
  }
  if (node === undefined || node === rootNode) return;
  for (const entry of descendants(synced, node)) synced.remove(entry.node);
  synced.remove(node);
}

async function takeOffDisk(
  deps: EngineDeps,
  path: RelPath,
  context: ExcludeContext,
): Promise<void> {
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    const row = rowAt(deps, path);
    if (row === undefined || deps.index.synced.get(row.node)?.kind !== "folder") return;
    if (await displace(deps, row, context)) return;
  }
  throw new SnapError("volatile", `The excluded folder "${path}" is changing all the time`, {
    path,
    hint: "Stop what writes to it, then run snap sync again. It is synced as before until then.",
  });
}

/** The folder on the disk, where it is still at its place. */
function rowAt({ index }: EngineDeps, path: RelPath): LocalEntry | undefined {
  let row: LocalEntry | undefined;
  let parent: NodeId = rootNode;
  for (const name of pathComponents(path)) {
    row = index.local.childByKey(parent, pathKeyOf(name));
    if (row?.kind !== "folder") return undefined;
    parent = row.node;
  }
  return row;
}

/** @returns false when the disk was not as it was seen a moment before. */
async function displace(
  deps: EngineDeps,
  row: LocalEntry,
  { tally, work }: ExcludeContext,
): Promise<boolean> {
  const { index, local, rng } = deps;
  const path = pathOf(index.local, row.node);
  const stat = path === undefined ? undefined : await local.stat(path);
  // What the user put in its place, or took away, is not ours to touch.
  if (path === undefined || !isAsSeen(row, stat)) return true;
  const { known, stays } = await equalBelow(deps, { row, path }, work);
  const act: DisplaceAct = {
    act: "displace",
    path,
    before: expectationOf(row, stat),
    known,
    displaceTo: trashArea(deps),
    copy: copyTag(deps),
  };
  const op: RemoveOp = { kind: "L.trash", node: row.node, path, before: row, after: undefined };
  const id = newOpId(rng);
  index.transaction(() => index.putIntent(intentOf(id, row.node, { step: "act", act, op })));
  const outcome = await local.perform(act);
  index.transaction(() => {
    index.removeIntent(id);
    if (outcome.state === "done") commitAct(index, op, outcome);
    logOf(deps, op, outcome.state === "done" ? "done: excluded" : "cancelled: it changed");
  });
  if (outcome.state !== "done") return false;
  tally.count("removedLocal", known.length + 1 - stays - outcome.putBack.length);
  return true;
}

function logOf({ index, clock, rng }: EngineDeps, { kind, path }: RemoveOp, outcome: string): void {
  const cycle = Number(index.meta("generation") ?? 0);
  const op = newOpId(rng);
  index.log({ at: clock.now(), cycle, op, kind, path, before: "folder", after: "", outcome });
}

type Folder = { readonly row: LocalEntry; readonly path: RelPath };

/** What of a folder goes to the trash. */
type Equal = {
  /** Everything below it that both sides agree on, by its path below the folder. */
  readonly known: DisplaceAct["known"];
  /** How many folders, it among them, stay because of something else in them. */
  readonly stays: number;
};

async function equalBelow(deps: EngineDeps, top: Folder, work: Work): Promise<Equal> {
  const stays = new Set<RelPath>();
  const known: (readonly [RelPath, LocalExpectation])[] = [];
  const open = [{ ...top, below: topPath }];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    throwIfAborted(work.signal);
    const listing = await deps.local.list(folder.path);
    const stats = new Map(listing.entries.map((stat) => [stat.name, stat]));
    const knownAbove = known.length;
    for (const row of deps.index.local.children(folder.row.node)) {
      const path = joinPath(folder.path, row.name);
      const before = await equalTo(deps, { row, path }, stats.get(row.name));
      if (before === undefined) continue;
      const below = joinPath(folder.below, row.name);
      known.push([below, before]);
      if (row.kind === "folder") open.push({ row, path, below });
    }
    if (known.length - knownAbove < listing.entries.length) keepFolder(stays, folder.below);
  }
  return { known, stays: stays.size };
}

/** A folder that keeps something stays, and those above it. */
function keepFolder(stays: Set<RelPath>, below: RelPath): void {
  let folder: RelPath | undefined = below;
  while (folder !== undefined && !stays.has(folder)) {
    stays.add(folder);
    folder = parentPath(folder);
  }
}

/** What to expect of an entry that is as both sides agreed; undefined where it is not, or nobody knows. */
async function equalTo(
  deps: EngineDeps,
  { row, path }: Folder,
  stat: LocalStat | undefined,
): Promise<LocalExpectation | undefined> {
  const agreed = deps.index.synced.get(row.node);
  if (stat === undefined || agreed?.kind !== row.kind || stat.kind !== row.kind) return undefined;
  if (row.kind === "folder") return isAsSeen(row, stat) ? expectationOf(row, stat) : undefined;
  const isKnown = isAsSeen(row, stat) && row.trusted;
  const hash = isKnown ? row.hash : await hashNow(deps, path);
  if (hash === undefined || hash !== agreed.hash) return undefined;
  return expectationOf({ ...row, hash }, stat);
}

/** Undefined where the file cannot be read, or is written to: then it stays. */
async function hashNow({ local }: EngineDeps, path: RelPath): Promise<string | undefined> {
  try {
    return (await local.hash(path)).hash;
  } catch (error) {
    if (isSnapError(error) && error.class === "item") return undefined;
    throw error;
  }
}
