import type { LeftPath } from "../../core/plan/sync-report.ts";
import type { RelPath } from "../../core/path/rel-path.ts";
import type { LocalEntry, NodeId } from "../../core/tree/node.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import type { IndexStore } from "../../ports.ts";
import { throwIfAborted } from "../../std/error.ts";
import type { Work } from "../../std/events.ts";
import { forEachLimited } from "../../std/limiter.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { isTroubleWithOne } from "../trouble.ts";
import type { LookWork } from "./looking.ts";

/** Files that are hashed at once. */
const hashParallelMax = 4;

/** Rows that are asked for in one step. */
const pageRows = 512;

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
  await forEachLimited(unproven(deps.index, isUnknown), options, async ({ row, path }) => {
    const content = remembered(deps.index, row) ?? (await contentNow(deps, { row, path }, work));
    if ("left" in content) unread.push(content);
    else hashes.put(content);
    progress(row, path);
  }).finally(() => hashes.flush());
  return unread;
}

type Unproven = { readonly row: LocalEntry; readonly path: RelPath };

/** Read page by page while the rows behind are written. */
function* unproven(index: IndexStore, isUnknown: (node: NodeId) => boolean): Generator<Unproven> {
  for (let page = index.unproven(0, pageRows); page.length > 0;) {
    for (const node of page) {
      const row = index.local.get(node);
      const path = pathOf(index.local, node);
      if (row === undefined || path === undefined || isBelowUnknown(index, row, isUnknown))
        continue;
      yield { row, path };
    }
    page = index.unproven(page.at(-1) ?? 0, pageRows);
  }
}

/** Whether a row is unknown itself, or anything above it. */
export function isBelowUnknown(
  { local }: IndexStore,
  row: LocalEntry,
  isUnknown: (node: NodeId) => boolean,
): boolean {
  let at: LocalEntry | undefined = row;
  while (at !== undefined) {
    if (isUnknown(at.node) || isUnknown(at.parent)) return true;
    at = local.get(at.parent);
  }
  return false;
}

/** A file that changes all the time is not read each time (S26). */
async function contentNow(
  deps: EngineDeps,
  { row, path }: Unproven,
  work: LookWork,
): Promise<LocalEntry | Unread> {
  const left = work.looking?.pace?.(row, path);
  return left === undefined ? await readContent(deps, { row, path }, work) : { row, left };
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
    const read = await local.hash(path, { ...(work.signal && { signal: work.signal }) });
    if (read.stat.fileId !== row.fileId) {
      const reason = "was replaced while it was looked at";
      return { row, left: { path, kind: "unknown", reason } };
    }
    const { size, stamp } = read.stat;
    return { ...row, size, stamp, hash: read.hash, trusted: read.trusted };
  } catch (error) {
    throwIfAborted(work.signal);
    if (!isTroubleWithOne(error)) throw error;
    const { message, hint } = error;
    const reason = { kind: "unknown", reason: message } as const;
    return { row, left: { path, ...reason, ...(hint !== undefined && { hint }) } };
  }
}

/** Writes rows that changed, in groups. */
class HashWriter {
  readonly #index: IndexStore;
  #rows: LocalEntry[] = [];
  #bytes = 0;

  constructor(index: IndexStore) {
    this.#index = index;
  }

  put(row: LocalEntry): void {
    this.#rows.push(row);
    this.#bytes += row.size;
    if (this.#rows.length >= hashesInARow || this.#bytes >= hashedBytesInARow) this.flush();
  }

  flush(): void {
    const rows = this.#rows.filter((row) => !isSame(this.#index.local.get(row.node), row));
    this.#rows = [];
    this.#bytes = 0;
    if (rows.length === 0) return;
    this.#index.transaction(() => {
      for (const row of rows) this.#index.local.put(row);
    });
  }
}

function isSame(before: LocalEntry | undefined, now: LocalEntry): boolean {
  return (
    before !== undefined &&
    before.hash === now.hash &&
    before.stamp === now.stamp &&
    before.trusted === now.trusted &&
    before.size === now.size
  );
}

function hashProgress(index: IndexStore, work: Work): (row: LocalEntry, path: RelPath) => void {
  const { onProgress } = work;
  if (onProgress === undefined) return () => {};
  const { files: total, bytes: bytesTotal } = index.unprovenTotals();
  let done = 0;
  let bytes = 0;
  return ({ size }, current) => {
    done += 1;
    bytes += size;
    onProgress({ step: "hash", done, total, bytes, bytesTotal, current });
  };
}
