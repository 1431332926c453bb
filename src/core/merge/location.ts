import { assert } from "../../std/assert.ts";
import { isCaseConflictNameOf } from "../path/names.ts";
import { sameName } from "../path/path-key.ts";
import type { PathKey } from "../path/path-key.ts";
import type { Entry, NodeId } from "../tree/node.ts";
import type { Sighting, SyncedLike } from "./merge-result.ts";

/** A name in a folder: what a move changes. */
export type Place = { readonly parent: NodeId; readonly name: string };

/** Where a node shall be. */
export type Location = Place & {
  readonly key: PathKey;
  readonly localName: string | undefined;
  /** The side that decided: `remote` where the node is there already. */
  readonly by: "local" | "remote";
};

/** Whether two places are one; another Unicode form of a name is no other place (S16). */
export function samePlace(a: Place, b: Place): boolean {
  return a.parent === b.parent && sameName(a.name, b.name);
}

/** Where both sides last agreed that a node is on the disk. */
export function diskPlaceOf(entry: SyncedLike): Place {
  return { parent: entry.parent, name: entry.localName ?? entry.name };
}

/** Decide where a node shall be (S39). Its place is one attribute: a folder and a name together. */
export function mergeLocation({ synced, local, remote }: Sighting): Location {
  if (remote === undefined) return atLocal(local);
  if (local === undefined) return atRemote(remote, undefined);
  if (synced === undefined) return atRemote(remote, caseTwinName(local, remote));
  if (samePlace(local, diskPlaceOf(synced))) {
    return atRemote(remote, sameName(remote.name, synced.name) ? synced.localName : undefined);
  }
  if (!samePlace(remote, synced) || samePlace(local, remote)) return atRemote(remote, undefined);
  return sameName(local.name, diskPlaceOf(synced).name)
    ? { ...atRemote(remote, synced.localName), parent: local.parent, by: "local" }
    : atLocal(local);
}

/** Whether both sides moved a node, to different places: the remote's is taken, which may surprise the local user. */
export function bothMovedApart({ synced, local, remote }: Sighting): boolean {
  if (synced === undefined || local === undefined || remote === undefined) return false;
  if (samePlace(local, remote) || samePlace(remote, synced)) return false;
  return !samePlace(local, diskPlaceOf(synced));
}

function atLocal(local: Entry | undefined): Location {
  assert(local !== undefined, "a node that is merged is on one side at least");
  const { parent, name, key } = local;
  return { parent, name, key, localName: undefined, by: "local" };
}

function atRemote({ parent, name, key }: Entry, localName: string | undefined): Location {
  return { parent, name, key, localName, by: "remote" };
}

/** With the index lost, the server's name of a case conflict still tells that the name on disk was kept (S42, S77). */
function caseTwinName(local: Entry, remote: Entry): string | undefined {
  const isTwin =
    local.parent === remote.parent && isCaseConflictNameOf(remote.name, local.name, local.kind);
  return isTwin ? local.name : undefined;
}
