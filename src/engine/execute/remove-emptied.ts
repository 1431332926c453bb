import { piecesOf, type Piece } from "../../core/plan/pieces.ts";
import { baseName, joinPath, type RelPath } from "../../core/path/rel-path.ts";
import type { NodeId } from "../../core/tree/node.ts";
import { batchEntriesMax } from "../../core/tree/remote-batches.ts";
import type { RemoteItem } from "../../core/tree/remote-item.ts";
import { inRuns } from "../../std/in-runs.ts";
import { isSnapError, throwIfAborted, type SnapError } from "../../std/error.ts";
import type { Work } from "../../std/events.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { folderEntriesMax } from "../limits.ts";
import { newOpId } from "./execution.ts";
import { intentOf, type Skeleton } from "./intents.ts";
import { remoteStaging } from "./ring.ts";
import { removeSkeleton } from "./skeleton.ts";

/** A folder of the server in which nothing is left but folders: those that are known to be in it. */
export type Emptied = {
  readonly node: NodeId;
  readonly path: RelPath;
  readonly remoteId: string;
  readonly folders: readonly RemoteItem[];
};

/**
 * Move an emptied folder away, look it through once more, and remove it (S63).
 *
 * @returns how many things were brought back; and the intent, which the caller removes in the transaction that tells of the removal
 */
export async function removeEmptied(
  deps: EngineDeps,
  emptied: Emptied,
  work: Work,
): Promise<{ readonly found: number; readonly intent: string }> {
  const { index, remote, rng } = deps;
  const { node, path: from, remoteId } = emptied;
  const intent = newOpId(rng);
  const staged = remoteStaging(intent);
  const skeleton: Skeleton = { step: "skeleton", staged, from, remoteId };
  index.transaction(() => index.putIntent(intentOf(intent, node, skeleton)));
  let found = 0;
  try {
    await moveAway(remote, skeleton);
  } catch (error) {
    if (!isSnapError(error, "too-large")) throw error;
    found = await removeInPieces(deps, emptied, work);
    await moveAway(remote, skeleton);
  }
  return { found: found + (await removeSkeleton(deps, skeleton, knownIn(emptied))), intent };
}

/**
 * Gone already is what was wanted, or our own doing: when the answer of a move is lost, its repeat finds nothing
 * (S83). What stands at the staging name is looked through in either case.
 */
async function moveAway(remote: EngineDeps["remote"], { from, staged }: Skeleton): Promise<void> {
  try {
    await remote.move(from, staged);
  } catch (error) {
    if (!isSnapError(error, "not-found")) throw error;
  }
}

function knownIn({ folders }: Emptied): ReadonlySet<string> {
  return new Set(folders.map(({ remoteId }) => remoteId));
}

/**
 * Remove what is in an emptied folder with more in it than the server moves at once (S63): its folders are moved away in pieces, each
 * looked through and removed like a whole skeleton. Afterwards the folder itself is small enough.
 *
 * @returns how many things were brought back
 */
async function removeInPieces(deps: EngineDeps, emptied: Emptied, work: Work): Promise<number> {
  const inside = emptied.folders.filter(({ remoteId }) => remoteId !== emptied.remoteId);
  let entriesMax = Math.min(folderEntriesMax, Math.ceil(inside.length / 2));
  let pieces = piecesOf(emptied.path, inside, entriesMax);
  let found = 0;
  for (let piece = pieces[0]; piece !== undefined; piece = pieces[0]) {
    throwIfAborted(work.signal);
    const { back, trouble } = await removePiece(deps, { emptied, piece, work });
    found += back;
    if (trouble === undefined) {
      pieces = pieces.slice(1);
      continue;
    }
    if (trouble.code !== "too-large" || entriesMax <= 1) throw trouble;
    // A server that moves still less at once: what is gone already is not found any more.
    entriesMax = Math.floor(entriesMax / 2);
    pieces = piecesOf(emptied.path, inside, entriesMax);
  }
  return found;
}

type PieceOf = { readonly emptied: Emptied; readonly piece: Piece; readonly work: Work };

/** What came away of a piece is looked through and removed, whatever did not. */
async function removePiece(
  deps: EngineDeps,
  { emptied, piece, work }: PieceOf,
): Promise<{ readonly back: number; readonly trouble: SnapError | undefined }> {
  const { index, remote, rng } = deps;
  const intent = newOpId(rng);
  const staged = remoteStaging(intent);
  const skeleton: Skeleton = { step: "skeleton", staged, from: piece.folder };
  index.transaction(() => index.putIntent(intentOf(intent, emptied.node, skeleton)));
  await remote.makeFolder(staged);
  const troubles: SnapError[] = [];
  for (const some of inRuns(piece.children, batchEntriesMax)) {
    const pairs = some.map((from) => ({ from, to: joinPath(staged, baseName(from)) }));
    const told = await remote.relocate("move", pairs, work);
    // Gone already is what was wanted, or our own doing by a call whose answer was lost (S83).
    troubles.push(
      ...told.filter((one) => isSnapError(one)).filter(({ code }) => code !== "not-found"),
    );
  }
  const back = await removeSkeleton(deps, skeleton, knownIn(emptied));
  index.transaction(() => index.removeIntent(intent));
  return { back, trouble: troubles[0] };
}
