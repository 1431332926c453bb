import { isHydratable, newestHydrated } from "../core/snapshot/hydration.ts";
import type { NotedRoot } from "../core/snapshot/note.ts";
import type { LeftAside, SnapshotRoot } from "../core/snapshot/root.ts";
import type { RemoteSide } from "../ports.ts";
import { hydrateSource } from "../snapshot/hydrate-source.ts";
import type { MissingTotals } from "../snapshot/store-contents.ts";
import type { OpenedStore } from "../snapshot/store.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { connect, type Connection } from "./accounts.ts";
import type { Environment } from "./environment.ts";
import { openSnapshotStore, snapshotFilter } from "./store.ts";

/** What a person asks of `snap hydrate`. */
export type HydrateRequest = {
  readonly place: string;
  readonly reference: string;
  /** Snapshots of every workspace. */
  readonly all: boolean;
  readonly dryRun: boolean;
  /** How long to wait for another writer, ms. */
  readonly wait: number | undefined;
};

/** What was fetched, or with `dryRun` would be. */
export type HydrateOutcome = {
  /** The one that was named. */
  readonly thin: NotedRoot;
  /** The one that holds the content; `thin` itself where there was nothing to fetch, or it is a dry run. */
  readonly root: SnapshotRoot;
  readonly created: boolean;
  readonly preview?: MissingTotals;
  /** What could not be had. */
  readonly missing: readonly LeftAside[];
};

/**
 * Fetch what a thin snapshot has only in Dropbox, into a new snapshot of the same moment (N42). Label, tags and pin go over to that
 * one: the thin one can be forgotten then. What is cut off goes on with the next call.
 *
 * @throws {SnapError} `snapshot-not-found`, `usage` for one that was taken of no account; what connecting can throw; `offline` … where the
 * line is cut; as `SnapshotStore.capture`
 */
export async function hydrateSnapshot(
  environment: Environment,
  request: HydrateRequest,
  work: Work,
): Promise<HydrateOutcome> {
  const store = await openSnapshotStore(environment, request);
  const thin = await store.find(request.reference, snapshotFilter(environment, request));
  const newest = newestHydrated(await store.list(), thin);
  if (!isHydratable(newest)) {
    if (!request.dryRun) await moveNotes(store, thin, newest);
    return { thin, root: newest, created: false, missing: [] };
  }
  if (request.dryRun) {
    const preview = await store.contents.missing(store.entries(newest.id), work);
    return { thin, root: newest, created: false, preview, missing: [] };
  }
  await using line = new Line(environment, newest);
  const source = hydrateSource({
    root: newest,
    entries: () => store.entries(newest.id),
    download: (rev, offset, each) => line.download(rev, offset, each),
  });
  const { label = thin.label, reason } = newest;
  const named = label === undefined ? {} : { label };
  const tags = [...new Set([...thin.tags, ...newest.tags])];
  const options = { ...inWords(work, newest), ...named, tags, reason, hydrates: newest };
  const { root, created } = await store.capture(source, options);
  for (const one of new Set([thin, newest])) await moveNotes(store, one, root);
  const before = new Set(thin.left.items.map(({ path }) => path));
  const missing = root.left.items.filter(({ path }) => !before.has(path));
  return { thin, root, created, missing };
}

/** The pin is on the new one before it is taken from the old one. */
async function moveNotes(store: OpenedStore, thin: NotedRoot, root: SnapshotRoot): Promise<void> {
  const { label, tags, pin } = thin;
  if (root.id === thin.id || (label === undefined && pin === undefined && tags.length === 0))
    return;
  await store.keeping.note(root.id, {
    addTags: tags,
    ...(label === undefined ? {} : { label }),
    ...(pin === undefined ? {} : { pin }),
  });
  await store.keeping.note(thin.id, { label: null, removeTags: tags, pin: null });
}

/** Progress of the whole snapshot, by its count of entries. */
function inWords({ signal, onProgress }: Work, { counts }: SnapshotRoot): Work {
  const total = counts.files + counts.folders + counts.others;
  return {
    ...(signal === undefined ? {} : { signal }),
    onProgress: (progress) => onProgress?.({ ...progress, step: "hydrate", total }),
  };
}

/** The account that a snapshot was taken of; connected when the first content is asked for. */
class Line implements AsyncDisposable {
  readonly #environment: Environment;
  readonly #root: SnapshotRoot;
  #connection: Promise<Connection> | undefined;
  #side: RemoteSide | undefined;

  constructor(environment: Environment, root: SnapshotRoot) {
    this.#environment = environment;
    this.#root = root;
  }

  async *download(rev: string, offset: number, work: Work): AsyncGenerator<Uint8Array> {
    const { link, id } = this.#root;
    if (link === undefined) {
      throw new SnapError(
        "usage",
        `Snapshot ${id.slice(0, 8)} does not say of which account it is`,
        {
          hint: "It was imported, or taken without a link: its content cannot be fetched.",
        },
      );
    }
    this.#connection ??= connect(this.#environment, link.account);
    this.#side ??= (await this.#connection).side(link.path);
    yield* this.#side.download(rev, offset, work);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const connection = await this.#connection?.catch(() => undefined);
    await connection?.[Symbol.asyncDispose]();
  }
}
