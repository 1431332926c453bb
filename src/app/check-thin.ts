import { topPath } from "../core/path/rel-path.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { RemoteSide } from "../ports.ts";
import { SnapError, isSnapError, throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { forEachLimited } from "../std/limiter.ts";
import { connect } from "./accounts.ts";
import type { Environment } from "./environment.ts";
import { openSnapshot, type SnapshotRequest } from "./look.ts";

/** Where the content of the thin entries of a snapshot is; counts of files. */
export type ThinStates = {
  /** In the store, brought by another snapshot. */
  readonly held: number;
  /** In Dropbox, as the present revision. */
  readonly current: number;
  /** In Dropbox, as an older revision, or one of a file that was deleted. */
  readonly kept: number;
  /** Nowhere that is known of. */
  readonly gone: number;
};

/** Revisions that are asked for at once. */
const asksAtOnce = 8;

/**
 * Ask Dropbox what it still has of a thin snapshot (N41): one listing, and one call for each file that is not there as it was. Nothing
 * is downloaded.
 *
 * @param onGone told of each file whose content is nowhere
 * @throws {SnapError} as `findSnapshot`; `usage` for a snapshot of no account; what connecting and listing can throw
 */
export async function checkThin(
  environment: Environment,
  request: SnapshotRequest & { readonly onGone: (entry: SnapshotEntry) => void },
  work: Work,
): Promise<ThinStates> {
  const { store, root } = await openSnapshot(environment, request);
  const states = { held: 0, current: 0, kept: 0, gone: 0 };
  if (root.completeness === "full") return states;
  if (root.link === undefined) throw noAccount(root.id);
  await using connection = await connect(environment, root.link.account);
  const side = connection.side(root.link.path);
  const present = await presentRevisions(side, work);
  const entries = thinOnes(store.entries(root.id));
  await forEachLimited(entries, { parallel: asksAtOnce, signal: work.signal }, async (entry) => {
    const state = await stateOf(side, present, await store.held(entry));
    states[state] += 1;
    if (state === "gone") request.onGone(entry);
  });
  return states;
}

async function* thinOnes(entries: AsyncIterable<SnapshotEntry>): AsyncGenerator<SnapshotEntry> {
  for await (const entry of entries) if (entry.flags.includes("thin")) yield entry;
}

async function stateOf(
  side: RemoteSide,
  present: ReadonlySet<string>,
  { blocks, remote, hash }: SnapshotEntry,
): Promise<keyof ThinStates> {
  if (blocks !== undefined) return "held";
  if (remote === undefined || hash === undefined) return "gone";
  if (present.has(remote.rev)) return "current";
  return (await side.revision(remote.rev)) === hash ? "kept" : "gone";
}

/** None where the folder is gone: its revisions may still be kept. */
async function presentRevisions(side: RemoteSide, work: Work): Promise<ReadonlySet<string>> {
  const revisions = new Set<string>();
  try {
    for await (const { kind, rev } of side.list(topPath, { recursive: true })) {
      throwIfAborted(work.signal);
      if (kind === "file") revisions.add(rev);
      const step = { step: "Listing", done: revisions.size, total: undefined };
      work.onProgress?.({ ...step, bytes: 0, bytesTotal: undefined });
    }
  } catch (error) {
    if (!isSnapError(error, "not-found", "remote-missing")) throw error;
  }
  return revisions;
}

function noAccount(id: string): SnapError {
  return new SnapError("usage", `Snapshot ${id.slice(0, 8)} was taken of no account`, {
    hint: "--check is for snapshots that have content only in Dropbox.",
  });
}
