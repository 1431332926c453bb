import type { DisplaceAct, LocalExpectation } from "../../core/plan/local-act.ts";
import type { AsideOp, MkdirOp, MoveOp, RemoveOp } from "../../core/plan/op.ts";
import { joinPath, topPath, type RelPath } from "../../core/path/rel-path.ts";
import type { LocalEntry } from "../../core/tree/node.ts";
import { isSnapError } from "../../std/error.ts";
import { commitAct, type ActOp } from "./commit-act.ts";
import { commitLocal, localRow } from "./commit.ts";
import {
  cancelled,
  copyTag,
  done,
  expectationOf,
  freePlace,
  isAsSeen,
  trashArea,
  type Execution,
  type OpResult,
} from "./execution.ts";
import { isStillGone, isStillThere } from "./confirm-remote.ts";
import { performCommitted } from "./local-act-run.ts";
import { lookAt, moveAct, type Found } from "./local-look.ts";
import { commitOp } from "./op-log.ts";

const parentMissing = "its folder is not there, or its place is not free";
const changedHere = "it changed on the disk";
const notConfirmed = "the server says otherwise now";

/** S67: a folder that is there already is adopted. */
export async function makeLocalFolder(execution: Execution, op: MkdirOp): Promise<OpResult> {
  const { index, local } = execution.deps;
  const path = freePlace(index, "local", op);
  if (path === undefined) return cancelled(parentMissing);
  try {
    const stat = await local.makeFolder(path);
    const row = localRow({ node: op.node, parent: op.parent, stat, hash: "" });
    await commitOp(execution, op, () => commitLocal(index, row, op.after));
  } catch (error) {
    if (isSnapError(error, "place-taken")) return cancelled(changedHere);
    throw error;
  }
  execution.tally.count("foldersLocal");
  return done;
}

/** S68, caused by the server: it is asked first (S33). */
export async function moveLocal(execution: Execution, op: MoveOp): Promise<OpResult> {
  const { index } = execution.deps;
  const found = await lookAt(execution, op);
  if (found === undefined) return cancelled(changedHere);
  const to = freePlace(index, "local", op);
  if (to === undefined) return cancelled(parentMissing);
  if (!(await isStillThere(execution, op.node))) return cancelled(notConfirmed);
  const act = moveAct(execution, { found, to });
  const commit = commitOf(execution, op);
  const result = await performCommitted(execution, { op, act, commit });
  if (result.state === "done") execution.tally.count("movedLocal");
  return result;
}

/** S43, S72: the local bytes step aside before anything else happens. */
export async function stepAside(execution: Execution, op: AsideOp): Promise<OpResult> {
  const { index } = execution.deps;
  const found = await lookAt(execution, op);
  if (found === undefined) return cancelled(changedHere);
  const to = freePlace(index, "local", op);
  if (to === undefined) return cancelled(parentMissing);
  const act = moveAct(execution, { found, to });
  const commit = commitOf(execution, op);
  const result = await performCommitted(execution, { op, act, commit });
  if (result.state === "done") execution.tally.conflict(found.path, to);
  return result;
}

/** S69, S70, caused by the server: it is asked first (S33). What goes, goes to the trash. */
export async function trashLocal(execution: Execution, op: RemoveOp): Promise<OpResult> {
  const { deps, mayGo } = execution;
  const found = await lookAt(execution, op);
  if (found === undefined) return cancelled(changedHere);
  const known = await knownBelow(execution, found);
  if (known === undefined) return cancelled("something in it changed on the disk");
  if (!mayGo(op.node) || !(await isStillGone(execution, op.node))) return cancelled(notConfirmed);
  const act: DisplaceAct = {
    act: "displace",
    path: found.path,
    before: found.before,
    known,
    displaceTo: trashArea(deps),
    copy: copyTag(deps),
  };
  const result = await performCommitted(execution, { op, act, commit: commitOf(execution, op) });
  if (result.state === "done") execution.tally.count("removedLocal", known.length + 1);
  return result;
}

function commitOf(
  { deps }: Execution,
  op: ActOp,
): Parameters<typeof performCommitted>[1]["commit"] {
  return (outcome) => commitAct(deps.index, op, outcome);
}

type Known = readonly (readonly [RelPath, LocalExpectation])[];

/** Everything below a folder, as it was seen and as it still is; undefined where anything shall stay or changed (S70). */
async function knownBelow(execution: Execution, { row, path }: Found): Promise<Known | undefined> {
  if (row.kind === "file") return [];
  const known: (readonly [RelPath, LocalExpectation])[] = [];
  const open = [{ node: row.node, path, below: topPath }];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    const entries = await knownIn(execution, folder);
    if (entries === undefined) return undefined;
    for (const { row: child, before } of entries) {
      const below = joinPath(folder.below, child.name);
      known.push([below, before]);
      const inside = { node: child.node, path: joinPath(folder.path, child.name), below };
      if (child.kind === "folder") open.push(inside);
    }
  }
  return known;
}

type Seen = { readonly row: LocalEntry; readonly before: LocalExpectation };

async function knownIn(
  { deps, mayGo }: Execution,
  folder: { readonly node: number; readonly path: RelPath },
): Promise<readonly Seen[] | undefined> {
  const listing = await deps.local.list(folder.path);
  const stats = new Map(listing.entries.map((stat) => [stat.name, stat]));
  const seen: Seen[] = [];
  for (const row of deps.index.local.children(folder.node)) {
    const stat = stats.get(row.name);
    if (!mayGo(row.node) || !isAsSeen(row, stat)) return undefined;
    seen.push({ row, before: expectationOf(row, stat) });
  }
  return seen;
}
