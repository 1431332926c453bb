import type { PruneReport, StoreStats } from "../core/snapshot/keep-request.ts";
import { changedNote, withNote } from "../core/snapshot/note.ts";
import type { NoteChange, NotedRoot } from "../core/snapshot/note.ts";
import { parseReference } from "../core/snapshot/root-reference.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { isoSeconds } from "../std/time.ts";
import type { Environment } from "./environment.ts";
import { checkLabel, checkTag } from "./label.ts";
import { openSnapshotStore, snapshotFilter } from "./store.ts";

/** What a person says of a snapshot. */
export type NoteRequest = {
  readonly place: string;
  readonly all: boolean;
  readonly reference: string;
  readonly change: NoteChange;
  readonly dryRun: boolean;
  /** How long to wait for another writer, ms. */
  readonly wait: number | undefined;
};

/** Give a snapshot a label, tags or a pin (N25). @throws {SnapError} `usage`, `snapshot-not-found`, `snapshot-ambiguous`, `busy` */
export async function noteSnapshot(
  environment: Environment,
  request: NoteRequest,
): Promise<NotedRoot> {
  const { change, reference, dryRun } = request;
  if (typeof change.label === "string") checkLabel(change.label);
  for (const tag of change.addTags ?? []) checkTag(tag);
  const store = await openSnapshotStore(environment, request);
  const root = await store.find(reference, snapshotFilter(environment, request));
  if (!dryRun) return await store.keeping.note(root.id, change);
  return withNote(root, changedNote(root, change, isoSeconds(environment.clock.now())));
}

/** The end of a pin: `2026-12-01` to the end of that day, or `2026-12-01T18:00`. @throws {SnapError} `usage` */
export function pinEnd({ clock }: Environment, text: string): string {
  const reference = parseReference(`@${text}`, clock.now());
  if (reference.by === "time" && reference.timeMs > clock.now())
    return isoSeconds(reference.timeMs);
  throw new SnapError("usage", `A pin cannot end at "${text}": that is over`, {
    hint: "Give a day to come, like 2027-01-31; without --until a pin holds for ever.",
  });
}

/** What a person asks of `snap prune`. */
export type PruneRequest = {
  readonly dryRun: boolean;
  /** Bytes. */
  readonly maxRepack: number | undefined;
  readonly wait: number | undefined;
};

/** Free the store of what no snapshot needs (N56). @throws {SnapError} `damaged`, `busy`, `disk-full`, `interrupted` */
export async function pruneStore(
  environment: Environment,
  request: PruneRequest,
  work: Work,
): Promise<PruneReport> {
  const store = await openSnapshotStore(environment, request);
  const { dryRun, maxRepack } = request;
  return await store.keeping.prune({
    ...work,
    dryRun,
    ...(maxRepack === undefined ? {} : { maxRepack }),
  });
}

/** What the store and its snapshots take; of one of them where it is named. @throws {SnapError} `snapshot-not-found` */
export async function statsOfStore(
  environment: Environment,
  request: {
    readonly place: string;
    readonly reference: string | undefined;
    readonly all: boolean;
  },
  work: Work,
): Promise<StoreStats> {
  const store = await openSnapshotStore(environment);
  const filter = snapshotFilter(environment, request);
  const shown =
    request.reference === undefined
      ? await store.list(filter)
      : [await store.find(request.reference, filter)];
  const ids = new Set(shown.map(({ id }) => id));
  const stats = await store.keeping.stats(work);
  return { ...stats, snapshots: stats.snapshots.filter(({ id }) => ids.has(id)) };
}
