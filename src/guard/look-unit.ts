import { createHash } from "node:crypto";
import type { UnitLook } from "../core/repo/unit.ts";
import { partOf, type UnitPlace } from "./git-unit.ts";
import { requireGoing } from "./unit-attempt.ts";
import { walkHistory, walkState, type Found } from "./unit-listing.ts";

/**
 * Look at all of a repository by stats alone (N5). Locks and what is unfinished in its history are no part of it, as in a capture; a
 * folder counts by its name and mode, since looking at a repository changes times of folders, and what is in it is listed itself.
 *
 * Two equal looks with nothing written in between saw one state: what a file was when it was looked at, it had been since the look
 * before, so all of them were so when this one began.
 *
 * @throws {SnapError} `too-large`, `interrupted`
 */
export async function lookAtUnit(
  place: UnitPlace,
  signal: AbortSignal | undefined,
): Promise<UnitLook> {
  requireGoing(signal);
  const part = partOf(place);
  const stamp = createHash("sha256");
  let newestNs = 0n;
  const take = (found: Found): void => {
    stamp.update(lineOf(found), "latin1");
    if (found.kind !== "folder" && found.stamp.newestNs > newestNs) newestNs = found.stamp.newestNs;
  };
  const state = await walkState(part, take);
  requireGoing(signal);
  const history = await walkHistory(part, state.history, take);
  for (const name of [...state.unreadable, ...history.unreadable]) {
    stamp.update(`${name}\0unreadable\n`);
  }
  const leftOut = [...state.leftOut, ...history.leftOut];
  return { stamp: stamp.digest("hex"), newestNs, leftOut };
}

function lineOf({ key, kind, stamp }: Found): string {
  // The times of a folder change with every look of git's; who owns it tells no other mark.
  const own = kind === "folder" ? `${stamp.mode} ${stamp.owner}` : stamp.mark;
  return `${key}\0${kind} ${own}\n`;
}
