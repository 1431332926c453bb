import { damagedError, textFromBytes } from "../core/snapshot/checked-json.ts";
import { decodeRoot, encodeRoot } from "../core/snapshot/root.ts";
import { compareMoments, momentsOf } from "../core/snapshot/root-order.ts";
import type { SnapshotId, SnapshotRoot } from "../core/snapshot/root.ts";
import { SnapError, isSnapError } from "../std/error.ts";
import { forEachLimited } from "../std/limiter.ts";
import { turn } from "../std/turn.ts";
import { timeInName } from "./file-times.ts";
import { isUnreadable, missingFile } from "./store-error.ts";
import type { StoreFiles } from "./store-files.ts";
import { getEvenFromTrash, trashBatches } from "./trash.ts";

/** X13: the most that is read as one JSON document. */
export const rootBytesMax: number = 16 * 1024 * 1024;
const readsAtOnce = 16;

/** Roots after which everything else has a turn (N61). */
const rootsInTurn = 64;

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
  return await rootNamesIn(files, "roots");
}

/** Names of the roots in some folder; foreign files are passed over. */
export async function rootNamesIn(files: StoreFiles, folder: string): Promise<readonly string[]> {
  const names = await files.list(folder);
  return names.filter((name) => /^\d{8}T\d{6}Z-[0-9a-f]{16}\.json$/.test(name));
}

async function trashedRootNames(files: StoreFiles): Promise<readonly string[]> {
  const names: string[] = [];
  for (const { name } of await trashBatches(files))
    names.push(...(await rootNamesIn(files, `${name}/roots`)));
  return names;
}

/** All roots, oldest first, damaged ones too: what is lost must be said. */
export async function readRoots(files: StoreFiles): Promise<readonly FoundRoot[]> {
  const names = await rootNames(files);
  const found = new Map<string, FoundRoot>();
  await forEachLimited(names, { parallel: readsAtOnce }, async (name) => {
    found.set(name, await readRoot(files, name));
    if (found.size % rootsInTurn === 0) await turn();
  });
  return inOrder(names.flatMap((name) => found.get(name) ?? []));
}

/** A damaged one stands where its name says. */
function inOrder(found: readonly FoundRoot[]): readonly FoundRoot[] {
  const momentOf = momentsOf(found.flatMap(({ root }) => root ?? []));
  const dated = found.map((one) => {
    const moment = momentOf(one.root?.id ?? "");
    return { one, moment: moment ?? { timeMs: timeInName(one.name), step: 0 } };
  });
  return dated.toSorted((a, b) => compareMoments(a.moment, b.moment)).map(({ one }) => one);
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
  const bytes = await getEvenFromTrash(files, path, rootBytesMax);
  if (bytes === undefined) throw missingFile(`${files.top}/${path}`);
  const what = `The snapshot "${path}"`;
  const root = decodeRoot(textFromBytes(bytes, what), what);
  if (rootFileName(root) === name) return root;
  throw damagedError(`${what} is damaged: it belongs under another name`);
}

/** The root of a full id, also of a snapshot that waits in the trash (N31). @throws {SnapError} `snapshot-not-found`, `damaged` */
export async function rootOfId(files: StoreFiles, id: SnapshotId): Promise<SnapshotRoot> {
  const suffix = `-${id.slice(0, 16)}.json`;
  const isNamed = (name: string): boolean => name.endsWith(suffix);
  const name =
    (await rootNames(files)).find(isNamed) ?? (await trashedRootNames(files)).find(isNamed);
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
