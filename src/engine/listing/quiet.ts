import { beaconPath } from "../../core/beacon.ts";
import type { IndexStore } from "../../ports.ts";
import type { Work } from "../../std/events.ts";
import type { EngineDeps } from "../engine-deps.ts";
import {
  beaconNote,
  generationOf,
  isBeaconCompared,
  type BeaconNote,
} from "../guards/generation.ts";
import { foldersToList, movedFolders, pendingExclusions } from "../scope/exclusions-in-force.ts";

/**
 * Whether nothing happened on the server since everything was read, so that there is nothing to look at: not at the account and the
 * folder (S35), which the cursor belongs to, and not at the beacon (S117), which has the revision that was noted. Before anything is
 * done, both are looked at all the same.
 *
 * @throws {SnapError} errors of the line and of the login
 */
export async function isRemoteQuiet(
  { index, remote, config }: EngineDeps,
  work: Work,
): Promise<boolean> {
  const cursor = index.meta("cursor");
  const beacon = beaconNote(index);
  const { leaving, returning } = pendingExclusions(index, config.excluded());
  const isPending =
    leaving.length + returning.length + foldersToList(index).length + movedFolders(index).length >
    0;
  const isWhole = index.meta("complete") !== undefined;
  const isKnown = isWhole && isPlace(index, config) && isTold(index, beacon);
  if (cursor === undefined || beacon === undefined || !isKnown || isPending) return false;
  const ours = { path: beaconPath(config.link), rev: beacon.rev };
  const next = await remote.quietSince(cursor, ours, work);
  if (next !== undefined && next !== cursor) goOnFrom(index, next);
  return next !== undefined;
}

/** Whose the cursor is, and from where its call begins, was noted. */
function isPlace(index: IndexStore, { account }: EngineDeps["config"]): boolean {
  const isOurs = index.meta("account_id") === account && index.meta("account_home") !== undefined;
  return isOurs && index.meta("root_id") !== undefined;
}

/** A sync that ended before the comparison has read the pages that tell of another beacon. */
function isTold(index: IndexStore, beacon: BeaconNote | undefined): boolean {
  return beacon?.generation === generationOf(index, "generation") && isBeaconCompared(index);
}

function goOnFrom(index: IndexStore, cursor: string): void {
  index.transaction(() => {
    index.setMeta("cursor", cursor);
    index.setMeta("beacon_cursor", cursor);
  });
}
