import type { LeftPath } from "../../core/plan/sync-report.ts";
import type { HashedFile } from "../../core/tree/local-stat.ts";
import type { LocalEntry, NodeId } from "../../core/tree/node.ts";
import type { IndexStore } from "../../ports.ts";
import { throwIfAborted } from "../../std/error.ts";
import type { Work } from "../../std/events.ts";
import { forEachLimited } from "../../std/limiter.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { isTroubleWithOne } from "../trouble.ts";
import type { LookWork } from "./looking.ts";
import { unprovenGroups, type Unproven } from "./unproven.ts";

/** Groups of files that are hashed at once. */
const hashParallelMax = 4;

/** Hashes that share one transaction: as many files, or as many bytes. */
const hashesInARow = 1_000;
const hashedBytesInARow = 256 * 1024 * 1024;

/** A file that could not be read: unknown in this cycle (S25, S29). */
export type Unread = { readonly row: LocalEntry; readonly left: LeftPath };

/**
 * Bring in the content of every file of the local tree whose hash is missing or not to be trusted (S18, S24), in groups: a
 * run that is killed meanwhile goes on where it was. One bad file never stops the others (P9).
 *
 * @param isUnknown nodes that are left alone with everything below
 */
export async function readContents(
  deps: EngineDeps,
  isUnknown: (node: NodeId) => boolean,
  work: LookWork,
): Promise<readonly Unread[]> {
  const unread: Unread[] = [];
  const hashes = new HashWriter(deps.index);
  const progress = hashProgress(deps.index, work);
  const options = { parallel: hashParallelMax, signal: work.signal };
  await forEachLimited(unprovenGroups(deps.index, isUnknown), options, async (files) => {
    const hashed = await hashedTogether(deps, files, work);
    for (const file of files) {
      const content = hashed.get(file) ?? (await readContent(deps, file, work));
      if ("left" in content) unread.push(content);
      else hashes.put(content, file.row);
      progress(file);
    }
  }).finally(() => hashes.flush());
  return unread;
}

type Contents = Map<Unproven, LocalEntry | Unread>;

/** What is known without reading, and what could be read at the first attempt. */
async function hashedTogether(
  deps: EngineDeps,
  files: readonly Unproven[],
  work: LookWork,
): Promise<Contents> {
  const contents: Contents = new Map();
  for (const file of files) {
    const known = remembered(deps.index, file.row) ?? pausing(file, work);
    if (known !== undefined) contents.set(file, known);
  }
  const wanted = files.filter((file) => !contents.has(file));
  // One alone is read as often as it takes.
  if (wanted.length < 2) return contents;
  const paths = wanted.map(({ path }) => path);
  const found = await deps.local.hashEach(paths, stoppable(work));
  for (const file of wanted) {
    const hashed = found.get(file.path);
    if (hashed !== undefined) contents.set(file, contentOf(file, hashed));
  }
  return contents;
}

/** A file that changes all the time is not read each time (S26). */
function pausing({ row, path }: Unproven, { looking }: LookWork): Unread | undefined {
  const left = looking?.pace?.(row, path);
  return left && { row, left };
}

/** A hash that was taken of this very state, long enough after its time stamps (S24). */
function remembered({ synced }: IndexStore, row: LocalEntry): LocalEntry | undefined {
  const agreed = synced.get(row.node);
  const isProof =
    agreed?.trusted === true && agreed.stamp === row.stamp && agreed.fileId === row.fileId;
  if (!isProof || agreed.hash === undefined) return undefined;
  return { ...row, hash: agreed.hash, trusted: true };
}

/** The row with its content, of the state that was read. */
export async function readContent(
  { local }: EngineDeps,
  { row, path }: Unproven,
  work: Work,
): Promise<LocalEntry | Unread> {
  try {
    return contentOf({ row, path }, await local.hash(path, stoppable(work)));
  } catch (error) {
    throwIfAborted(work.signal);
    if (!isTroubleWithOne(error)) throw error;
    const { message, hint } = error;
    const reason = { kind: "unknown", reason: message } as const;
    return { row, left: { path, ...reason, ...(hint !== undefined && { hint }) } };
  }
}

function contentOf({ row, path }: Unproven, read: HashedFile): LocalEntry | Unread {
  if (read.stat.fileId !== row.fileId) {
    const reason = "was replaced while it was looked at";
    return { row, left: { path, kind: "unknown", reason } };
  }
  const { size, stamp } = read.stat;
  return { ...row, size, stamp, hash: read.hash, trusted: read.trusted };
}

/** The progress of one file is nobody's. */
function stoppable({ signal }: Work): Work {
  return signal === undefined ? {} : { signal };
}

/** Writes rows that changed, in groups. */
class HashWriter {
  readonly #index: IndexStore;
  #rows: LocalEntry[] = [];
  #files = 0;
  #bytes = 0;

  constructor(index: IndexStore) {
    this.#index = index;
  }

  put(row: LocalEntry, before: LocalEntry): void {
    if (!isSame(before, row)) this.#rows.push(row);
    this.#files += 1;
    this.#bytes += row.size;
    if (this.#files >= hashesInARow || this.#bytes >= hashedBytesInARow) this.flush();
  }

  flush(): void {
    const rows = this.#rows;
    this.#rows = [];
    this.#files = 0;
    this.#bytes = 0;
    if (rows.length === 0) return;
    this.#index.transaction(() => {
      for (const row of rows) this.#index.local.put(row);
    });
  }
}

function isSame(before: LocalEntry, now: LocalEntry): boolean {
  return (
    before.hash === now.hash &&
    before.stamp === now.stamp &&
    before.trusted === now.trusted &&
    before.size === now.size
  );
}

function hashProgress(index: IndexStore, work: Work): (file: Unproven) => void {
  const { onProgress } = work;
  if (onProgress === undefined) return () => {};
  const { files: total, bytes: bytesTotal } = index.unprovenTotals();
  let done = 0;
  let bytes = 0;
  return ({ row, path: current }) => {
    done += 1;
    bytes += row.size;
    onProgress({ step: "hash", done, total, bytes, bytesTotal, current });
  };
}
