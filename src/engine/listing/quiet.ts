import { beaconPath } from "../../core/beacon.ts";
import type { Work } from "../../std/events.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { beaconNote, generationOf } from "../guards/generation.ts";
import { foldersToList, pendingExclusions } from "../scope/exclusions-in-force.ts";

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
  const isWhole = cursor !== undefined && index.meta("complete") !== undefined;
  // Calls of the members of a team name a root, which the account has to be asked for.
  const isPlain = index.meta("account_id") === config.account && index.meta("account_home") === "";
  const isKnown = isPlain && index.meta("root_id") !== undefined;
  const { leaving, returning } = pendingExclusions(index, config.excluded());
  const isPending = leaving.length + returning.length + foldersToList(index).length > 0;
  const beacon = beaconNote(index);
  const isTold = beacon !== undefined && beacon.generation === generationOf(index, "generation");
  if (!isWhole || !isKnown || !isTold || isPending) return false;
  const ours = { path: beaconPath(config.link), rev: beacon.rev };
  const next = await remote.quietSince(cursor, ours, work);
  if (next !== undefined && next !== cursor) index.transaction(() => index.setMeta("cursor", next));
  return next !== undefined;
}
