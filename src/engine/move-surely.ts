import type { RelPath } from "../core/path/rel-path.ts";
import type { RemoteItem } from "../core/tree/remote-item.ts";
import type { RemoteSide } from "../ports.ts";
import { isSnapError } from "../std/error.ts";

/** One thing of the server, and where it is to go. */
export type SureMove = {
  readonly from: RelPath;
  readonly to: RelPath;
  readonly remoteId: string;
};

/**
 * Move on the server. Where the answer of the first attempt was lost, the repeat finds nothing at the old place; then
 * the id of what stands at the new one tells whether it was moved (S83).
 *
 * @throws {SnapError} `not-found` where it is at neither place, `conflict` where the new place is taken
 */
export async function moveSurely(
  remote: RemoteSide,
  { from, to, remoteId }: SureMove,
): Promise<RemoteItem> {
  try {
    return await remote.move(from, to);
  } catch (error) {
    if (!isSnapError(error, "not-found")) throw error;
    const there = await remote.get(to);
    if (there === undefined || there.remoteId !== remoteId) throw error;
    return there;
  }
}
