import { damagedError, textFromBytes } from "../core/snapshot/checked-json.ts";
import { decodeRoot, encodeRoot } from "../core/snapshot/root.ts";
import type { SnapshotId, SnapshotRoot } from "../core/snapshot/root.ts";
import { SnapError, isSnapError } from "../std/error.ts";
import { forEachLimited } from "../std/limiter.ts";
import { isUnreadable, missingFile } from "./store-error.ts";
import type { StoreFiles } from "./store-files.ts";

/** X13: the most that is read as one JSON document. */
const rootBytesMax = 16 * 1024 * 1024;
const readsAtOnce = 16;

/** A root as it was found: whole, or the reason why it is not. */
export type FoundRoot =
  | { readonly name: string; readonly root: SnapshotRoot; readonly trouble?: never }
  | { readonly name: string; readonly root?: never; readonly trouble: SnapError };

/** Name of the file of a root: its time in compact form, and 16 digits of its id (N12). */
export function rootFileName(root: SnapshotRoot): string {
  return `${root.time.replaceAll(/[-:]/g, "")}-${root.id.slice(0, 16)}.json`;
}

/** Names of all roots, oldest first; foreign files are passed over. */
export async function rootNames(files: StoreFiles): Promise<readonly string[]> {
  const names = await files.list("roots");
  return names.filter((name) => /^\d{8}T\d{6}Z-[0-9a-f]{16}\.json$/.test(name));
}

/** All roots, oldest first, damaged ones too: what is lost must be said. */
export async function readRoots(files: StoreFiles): Promise<readonly FoundRoot[]> {
  const names = await rootNames(files);
  const found = new Map<string, FoundRoot>();
  await forEachLimited(names, { parallel: readsAtOnce }, async (name) => {
    found.set(name, await readRoot(files, name));
  });
  return names.flatMap((name) => found.get(name) ?? []);
}

/** One root by the name of its file. */
export async function readRoot(files: StoreFiles, name: string): Promise<FoundRoot> {
  try {
    return { name, root: await loadRoot(files, name) };
  } catch (error) {
    if (!isUnreadable(error) && !isSnapError(error, "not-found")) throw error;
    return { name, trouble: error };
  }
}

async function loadRoot(files: StoreFiles, name: string): Promise<SnapshotRoot> {
  const path = `roots/${name}`;
  const bytes = await files.get(path, rootBytesMax);
  if (bytes === undefined) throw missingFile(`${files.top}/${path}`);
  const what = `The snapshot "${path}"`;
  const root = decodeRoot(textFromBytes(bytes, what), what);
  if (rootFileName(root) === name) return root;
  throw damagedError(`${what} is damaged: it belongs under another name`);
}

/** The root of a full id. @throws {SnapError} `snapshot-not-found`, `damaged` */
export async function rootOfId(files: StoreFiles, id: SnapshotId): Promise<SnapshotRoot> {
  const suffix = `-${id.slice(0, 16)}.json`;
  const name = (await rootNames(files)).find((one) => one.endsWith(suffix));
  const root = name === undefined ? undefined : await loadRoot(files, name);
  if (root?.id === id) return root;
  throw new SnapError("snapshot-not-found", `No snapshot ${id}`, {
    hint: "`snap list` shows every snapshot.",
    path: id,
  });
}

/** Commit a snapshot: the root gets its name (N26). */
export async function putRoot(files: StoreFiles, root: SnapshotRoot): Promise<void> {
  await files.put(`roots/${rootFileName(root)}`, Buffer.from(encodeRoot(root)));
}

/**
 * A time for a new root that no other root of the store has: the present second, or the next that is free. So that
 * snapshots taken within one second stay in the order they were taken.
 */
export function freeTime(names: readonly string[], nowMs: number): number {
  const taken = new Set(names.map((name) => name.slice(0, name.indexOf("-"))));
  let timeMs = nowMs;
  while (taken.has(compactTime(timeMs))) timeMs += 1000;
  return timeMs;
}

function compactTime(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
}
