import type { RelPath } from "../core/path/rel-path.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { PlanItem } from "../core/snapshot/restore-item.ts";
import type { ContentSource, WantedFile } from "../core/snapshot/restore-wanted.ts";
import { ContentHasher } from "../core/tree/content-hash.ts";
import type { LocalFile } from "../ports.ts";
import { present } from "../std/assert.ts";
import { isSnapError, SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { forEachLimited } from "../std/limiter.ts";
import type { RestoreDeps } from "./restore-deps.ts";

const readsParallel = 8;
const chunkBytes = 1024 * 1024;

/** Where content is looked for; `local` only where something was displaced there. */
export type SourceDeps = Pick<RestoreDeps, "store" | "remote" | "clock"> & {
  readonly local: Pick<RestoreDeps["local"], "openInArea"> | undefined;
};

/** A block that is damaged, with what the store says about it. */
type Damage = { readonly name: string; readonly reason: string };

/** What is asked of the sources of a restore's files. */
export type SourceRequest = {
  readonly items: readonly PlanItem[];
  readonly work: Work;
  /** No more files are begun after this time, ms since 1970. */
  readonly until?: number;
  /** Ask Dropbox whether it still has each revision that is needed; else its download tells. */
  readonly asksRevisions?: boolean;
};

/** Where each file comes from, and which cannot be had. */
export type SoundSources = {
  readonly chosen: ReadonlyMap<RelPath, ContentSource>;
  /** `damaged`, naming block, pack and path: one a file without a sound source. */
  readonly damaged: readonly SnapError[];
  /** Files that there was no time for. */
  readonly unread: readonly RelPath[];
};

/** Files whose blocks are read between two looks at the clock: some, and not much more than these bytes. */
const lapFiles = 512;
const lapBytes = 64 * 1024 * 1024;

/**
 * Choose a source for every file: the first that is sound. Blocks are read, decoded and hashed (N50, level 2), and so
 * is what an earlier restore displaced; a revision is checked when it is downloaded.
 */
export async function soundSources(
  deps: SourceDeps,
  request: SourceRequest,
): Promise<SoundSources> {
  const chosen = new Map<RelPath, ContentSource>();
  const damaged: SnapError[] = [];
  const { until = Number.POSITIVE_INFINITY } = request;
  const files = wantedFiles(request.items);
  const laps = until === Number.POSITIVE_INFINITY ? [files] : [...lapsOf(files)];
  while (laps.length > 0 && deps.clock.now() < until) {
    const lap = laps.shift() ?? [];
    for (const [path, source] of await soundOf(deps, lap, request)) {
      if (source instanceof SnapError) damaged.push(source);
      else chosen.set(path, source);
    }
  }
  return { chosen, damaged, unread: laps.flat().map(({ path }) => path) };
}

type FileItem = { readonly path: RelPath; readonly want: WantedFile };

function wantedFiles(items: readonly PlanItem[]): readonly FileItem[] {
  return items.flatMap(({ path, want }) => (want?.kind === "file" ? [{ path, want }] : []));
}

function* lapsOf(files: readonly FileItem[]): Generator<FileItem[]> {
  let lap: FileItem[] = [];
  let bytes = 0;
  for (const file of files) {
    lap.push(file);
    bytes += file.want.size;
    if (lap.length < lapFiles && bytes < lapBytes) continue;
    yield lap;
    lap = [];
    bytes = 0;
  }
  if (lap.length > 0) yield lap;
}

async function soundOf(
  deps: SourceDeps,
  files: readonly FileItem[],
  { work, asksRevisions = false }: SourceRequest,
): Promise<ReadonlyMap<RelPath, ContentSource | SnapError>> {
  const found = new Map<RelPath, ContentSource | SnapError>();
  const options = { parallel: readsParallel, signal: work.signal };
  await forEachLimited(files, options, async ({ path, want }) => {
    const area = want.sources.find(({ from }) => from === "area");
    if (area !== undefined && (await isSoundInArea(deps, area, want))) found.set(path, area);
  });
  const rest = files.filter(({ path }) => !found.has(path));
  const damages = await damagesOf(deps, entriesOf(rest), work);
  await forEachLimited(rest, options, async (file) => {
    const source = sourceFor(file, damages);
    const isAsked = asksRevisions && !(source instanceof SnapError) && source.from === "revision";
    const isGone = isAsked && (await deps.remote?.revision(source.rev)) !== file.want.hash;
    found.set(file.path, isGone ? revisionGone(file.path) : source);
  });
  return found;
}

function revisionGone(path: RelPath): SnapError {
  return new SnapError("damaged", `"${path}" cannot be restored: Dropbox has no such revision`, {
    path,
    hint: "The snapshot is thin: what it names was kept in Dropbox alone. Restore other paths only.",
  });
}

async function isSoundInArea(
  { local }: SourceDeps,
  source: ContentSource,
  want: WantedFile,
): Promise<boolean> {
  if (source.from !== "area" || local === undefined) return false;
  try {
    await using file = await local.openInArea(source.place);
    return file.stat.size === want.size && (await hashOf(file)) === want.hash;
  } catch (error) {
    // The undo area may be swept, or its file written to by a program that kept it open (S65): the next source serves.
    if (error instanceof SnapError && error.class === "item") return false;
    throw error;
  }
}

/** Content hash of what a file holds. */
export async function hashOf(file: LocalFile): Promise<string> {
  const hasher = new ContentHasher();
  for await (const chunk of chunksOf(file)) hasher.update(chunk);
  return hasher.finish().hash;
}

/** The content of a source. What it throws `unreadableContent` explains. */
export async function* bytesOf(
  { store, remote, local }: Omit<SourceDeps, "clock">,
  source: ContentSource,
  work: Work,
): AsyncGenerator<Uint8Array> {
  switch (source.from) {
    case "snapshot":
      yield* store.open(source.entry);
      return;
    case "revision":
      yield* present(remote, "the linked folder").download(source.rev, 0, work);
      return;
    case "area": {
      await using file = await present(local, "the disk").openInArea(source.place);
      yield* chunksOf(file);
    }
  }
}

/** What a file holds. */
export async function* chunksOf(file: LocalFile): AsyncGenerator<Uint8Array> {
  for (let offset = 0; ;) {
    const chunk = await file.read(offset, chunkBytes);
    if (chunk.length === 0) return;
    yield chunk;
    offset += chunk.length;
  }
}

/** What an error says about the content of a path: where the content is not as it was, `damaged`; else the same. */
export function unreadableContent(error: unknown, path: string): unknown {
  if (!isSnapError(error, "content-wrong", "not-found", "remote-error")) return error;
  return new SnapError("damaged", `The content of "${path}" could not be had as it was`, {
    path,
    cause: error,
    hint: "Nothing was changed. Run snap verify, or restore other paths only.",
  });
}

function entriesOf(files: readonly { readonly want: WantedFile }[]): SnapshotEntry[] {
  return files.flatMap(({ want }) =>
    want.sources.flatMap((source) => (source.from === "snapshot" ? [source.entry] : [])),
  );
}

/** Damage by the path of the entry in its snapshot. */
async function damagesOf(
  { store }: SourceDeps,
  entries: readonly SnapshotEntry[],
  work: Work,
): Promise<ReadonlyMap<string, Damage>> {
  const damages = new Map<string, Damage>();
  if (entries.length === 0) return damages;
  for await (const event of store.verify({ entries, level: 2, ...work })) {
    if (event.type !== "damaged") continue;
    for (const path of event.paths) damages.set(path, event);
  }
  return damages;
}

function sourceFor(
  { path, want }: FileItem,
  damages: ReadonlyMap<string, Damage>,
): ContentSource | SnapError {
  const sound = want.sources.find(
    (source) =>
      source.from === "revision" || (source.from === "snapshot" && !damages.has(source.entry.path)),
  );
  if (sound !== undefined) return sound;
  const damage = want.sources.flatMap((source) =>
    source.from === "snapshot" ? (damages.get(source.entry.path) ?? []) : [],
  )[0];
  const why = damage === undefined ? "its content is nowhere" : `${damage.name}: ${damage.reason}`;
  return new SnapError("damaged", `"${path}" cannot be restored: ${why}`, {
    path,
    hint: "Nothing was changed. Run snap verify for all that is damaged, or restore other paths only.",
  });
}
