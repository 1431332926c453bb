import { placeKey, type PlaceKey, type RemotePicture } from "../core/snapshot/restore-picture.ts";
import { keysAbove, type ServerWants } from "../core/snapshot/server-world.ts";
import type { RemoteEntry } from "../core/tree/node.ts";
import type { IndexStore } from "../ports.ts";
import { remotePicture, type Place } from "./look-remote.ts";

/**
 * What of the linked folder the calls of T24 are chosen from: the places of a plan with all that lies below them, content that is wanted
 * at one of them, and folders. A folder that holds anything else is not moved as a whole.
 */
export function serverPicture(
  index: IndexStore,
  { wishes, folders, going }: ServerWants,
): RemotePicture {
  const hashes = new Set(wishes.map(({ hash }) => hash));
  const keys = new Set([...wishes.map(({ key }) => key), ...folders.map(placeKey), ...going]);
  const passes = (row: RemoteEntry, { key }: Place): boolean =>
    !hashes.has(row.hash ?? "") && !isAtOrBelowKey(key, keys);
  return remotePicture(index, () => false, passes);
}

function isAtOrBelowKey(key: PlaceKey, tops: ReadonlySet<PlaceKey>): boolean {
  return tops.has(key) || keysAbove(key).some((above) => tops.has(above));
}
