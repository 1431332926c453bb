import { sameName } from "../../core/path/path-key.ts";
import type { LeftPath } from "../../core/plan/sync-report.ts";
import type { LocalStat } from "../../core/tree/local-stat.ts";
import type { NodeId } from "../../core/tree/node.ts";
import type { IndexStore, LocalSide } from "../../ports.ts";
import { throwIfAborted } from "../../std/error.ts";
import type { Work } from "../../std/events.ts";
import { forEachLimited } from "../../std/limiter.ts";
import type { EngineDeps } from "../engine-deps.ts";
import type { Findings, Missed } from "./findings.ts";
import type { RowWriter } from "./write.ts";
import { movedMeanwhile, type SecondLook } from "./moved-meanwhile.ts";
import { checkWorkspace } from "../guards/presence.ts";
import { isTroubleWithOne } from "../trouble.ts";
import type { LookWork } from "./looking.ts";

/** Time between the first and the second look at something that vanished, ms (S27). */
export const settleMs = 2_000;

/** Places that are looked at again at once (S107). */
const statsParallelMax = 32;

/** Vanished nodes that may still be there, with what to tell about them. The others are gone (S27). */
export type Doubts = ReadonlyMap<NodeId, LeftPath>;

/**
 * Mark what was missed: no op may be about it (S53). The mark is no evidence that it is gone: what an earlier run missed may
 * have come back since, and be away for a moment only.
 */
export function noteAbsence(index: IndexStore, findings: Findings, rows: RowWriter): void {
  for (const node of findings.missed.keys()) {
    const row = index.local.get(node);
    if (row === undefined || row.absentAt !== undefined) continue;
    rows.put({ ...row, absentAt: findings.startedAt });
  }
  rows.flush();
}

/**
 * Look again at everything that vanished, `settleMs` after the end of the first look of this run (S27). Waits once for all,
 * and not at all where nothing vanished.
 *
 * @throws {SnapError} `workspace-missing` when the disk was unmounted meanwhile
 */
export async function lookAgain(second: SecondLook, work: LookWork): Promise<Doubts> {
  const { deps, findings } = second;
  const { missed } = findings;
  if (missed.size === 0) return new Map();
  await settle(deps, work);
  await checkWorkspace(deps);
  if (work.looking?.meanwhile()?.kind === "everything" && !findings.isWhole) {
    return new Map(Array.from(missed, ([node, top]) => [node, doubtWithoutMarks(top)]));
  }
  const doubts = new Map(await movedMeanwhile(second, work));
  const options = { parallel: statsParallelMax, signal: work.signal };
  await forEachLimited(missed, options, async ([node, top]) => {
    const reason = doubtAtOnce(top) ?? (await doubtOnDisk(deps.local, top));
    if (reason === undefined) return;
    doubts.set(node, { path: top.folder.pathOf(top.name), kind: "unknown", reason });
  });
  return doubts;
}

/** It may have been moved to where nobody was told to look. */
function doubtWithoutMarks({ folder, name }: Missed): LeftPath {
  const reason = "is missing, and not every change was told of";
  return { path: folder.pathOf(name), kind: "unknown", reason };
}

async function settle({ clock }: EngineDeps, { signal }: Work): Promise<void> {
  await clock.sleep(settleMs, signal).catch((error: unknown) => {
    throwIfAborted(signal);
    throw error;
  });
}

/** Why the first look alone speaks against a removal. */
function doubtAtOnce({ folder, foreign }: Missed): string | undefined {
  if (folder.isClouded) {
    return "is missing, but may be one of the names beside it that are not valid UTF-8";
  }
  if (foreign === undefined) return undefined;
  return foreign === "ignored"
    ? "was replaced by something that the rules leave out"
    : "was replaced by a link or a special file";
}

/** Gone is what is absent again while its folder is the same; something else may have taken its place (S27). */
async function doubtOnDisk(local: LocalSide, top: Missed): Promise<string | undefined> {
  const { folder, name, taker } = top;
  try {
    if (folder.stat !== undefined) {
      const now = await local.stat(folder.path);
      if (now?.fileId !== folder.stat.fileId) {
        return "is missing, and its folder was replaced just now";
      }
    }
    const here = await local.stat(folder.pathOf(name));
    if (here === undefined) return undefined;
    return isTaken(taker, here) ? undefined : await doubtInListing(local, top);
  } catch (error) {
    if (!isTroubleWithOne(error)) throw error;
    return error.message;
  }
}

/** A disk that folds case finds another file under the name, which its folder does not list (S16). */
async function doubtInListing(
  local: LocalSide,
  { folder, name }: Missed,
): Promise<string | undefined> {
  // What was taken out of a ring has a whole path below `.snap/` for its name, until it is brought home (S49).
  if (name.includes("/")) return "waits to be brought back to its place";
  const { entries, trouble } = await local.list(folder.path);
  if (trouble !== undefined) return trouble.message;
  return entries.some((entry) => sameName(entry.name, name)) ? "comes and goes" : undefined;
}

/** What stands there is what the first look met there, and took for another node. */
function isTaken(taker: Missed["taker"], here: LocalStat): boolean {
  return taker?.kind === here.kind && taker.fileId === here.fileId;
}
