import type { RelPath } from "../../core/path/rel-path.ts";
import type { RemoteItem } from "../../core/tree/remote-item.ts";
import type { RemoteSide } from "../../ports.ts";
import { isSnapError, SnapError } from "../../std/error.ts";

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
 * Where it was another thing that had taken its place, that one goes back.
 *
 * @throws {SnapError} `not-found` where it is at neither place, `conflict` where the new place is taken, or another thing
 * had its old one
 */
export async function moveSurely(
  remote: RemoteSide,
  { from, to, remoteId }: SureMove,
): Promise<RemoteItem> {
  try {
    const item = await remote.move(from, to);
    if (item.remoteId === remoteId || remoteId === "") return item;
    return await putBack(remote, { from: to, to: from });
  } catch (error) {
    if (!isSnapError(error, "not-found")) throw error;
    const there = await remote.get(to);
    if (there === undefined || there.remoteId !== remoteId) throw error;
    return there;
  }
}

/**
 * What was moved in place of another thing goes back. Where its place is taken by now it stays where it is: the next listing tells, and
 * nothing is lost.
 *
 * @throws {SnapError} `conflict` in any case
 */
export async function putBack(
  remote: RemoteSide,
  { from, to }: Pick<SureMove, "from" | "to">,
): Promise<never> {
  const taken = new SnapError("conflict", `Something else took the place of "${to}"`, { path: to });
  try {
    await remote.move(from, to);
  } catch (error) {
    if (!isSnapError(error, "conflict", "not-found")) throw error;
  }
  throw taken;
}
