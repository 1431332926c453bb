import { SnapError, throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { markMoved, movedName } from "./moved.ts";
import { checkFormat } from "./store-format.ts";
import { storeFolders } from "./store-files.ts";
import type { StoreFiles } from "./store-files.ts";
import { flushFolders, sweepTemporary } from "./sweep.ts";
import type { WriterLock } from "./writer-lock.ts";

/** What belongs to one writer, or is made again. */
const leftOut: ReadonlySet<string> = new Set(["tmp", "wait", "lock", "reserve", movedName]);

/** What others name comes first, and last what makes a folder a store (N26). */
const order = ["data", "meta", "trash", "notes", "partial", "", "roots", "STORE.json"];

/** Folders in folders of a store, at most. */
const depthMax = 4;

const pieceBytes = 4 * 1024 * 1024;

/** A file of a store, and its bytes. */
type Sized = { readonly name: string; readonly bytes: number };

/** What was copied, or would be. */
export type Moved = { readonly files: number; readonly bytes: number };

/** Where from, where to, and who holds the lock of the old place. */
export type MoveParts = {
  readonly from: StoreFiles;
  readonly to: StoreFiles;
  readonly lock: WriterLock;
  /** From here on programs look in the new place. Durable on return. */
  readonly onCopied: () => void;
};

/** What a move would copy. @throws {SnapError} `snapshot-not-found`, `refused` where something foreign is in the new place */
export async function previewMove(from: StoreFiles, to: StoreFiles): Promise<Moved> {
  const files = await filesToMove(from, to);
  return { files: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/**
 * Copy a store to another place, compare every byte, and only then say that it is there (N9). The old place keeps all it has, and
 * takes nothing more. Killed anywhere, the old place is the store, or the new one is and is whole; the same command goes on.
 *
 * @throws {SnapError} as `previewMove`; `damaged` where the copy is not the same; `disk-full`, `interrupted`
 */
export async function moveStore(parts: MoveParts, work: Work): Promise<Moved> {
  const { from, to, lock, onCopied } = parts;
  const files = await filesToMove(from, to);
  await to.makeFolders(storeFolders);
  await sweepTemporary(to);
  const bytesTotal = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const total = files.length;
  for (const [step, act] of [
    ["copy", copy],
    ["compare", compare],
  ] as const) {
    let bytes = 0;
    for (const [done, file] of files.entries()) {
      throwIfAborted(work.signal);
      await lock.renew();
      work.onProgress?.({ step, done, total, bytes, bytesTotal, current: file.name });
      await act(parts, file);
      bytes += file.bytes;
    }
  }
  await lock.confirm();
  // A store that comes back goes on here.
  await to.remove(movedName);
  // What was copied by a move that was killed may not be durable yet.
  await flushFolders(to);
  await markMoved(from, to.top);
  onCopied();
  return { files: total, bytes: bytesTotal };
}

async function filesToMove(from: StoreFiles, to: StoreFiles): Promise<readonly Sized[]> {
  if (!(await checkFormat(from, "write"))) {
    throw new SnapError("snapshot-not-found", `There are no snapshots in "${from.top}" yet`, {
      hint: "`snap config set store.path FOLDER` names the place of a new store.",
      path: from.top,
    });
  }
  const files = await filesIn(from);
  const known = new Set(files.map(({ name }) => name));
  const foreign = (await filesIn(to)).find(({ name }) => !known.has(name));
  if (foreign === undefined) return files;
  throw new SnapError(
    "refused",
    `"${to.top}" holds "${foreign.name}", which is not of this store`,
    {
      path: to.top,
      hint: "Nothing was changed. Name an empty folder, or one that is not there yet.",
    },
  );
}

/** In the order in which they are copied. */
async function filesIn(files: StoreFiles): Promise<readonly Sized[]> {
  const found: Sized[] = [];
  const walk = async (folder: string, depth: number): Promise<void> => {
    const inner = new Set(await files.folders(folder));
    for (const each of await files.list(folder)) {
      const name = folder === "" ? each : `${folder}/${each}`;
      if (leftOut.has(name)) continue;
      if (inner.has(each) && depth > 0) await walk(name, depth - 1);
      else if (!inner.has(each)) found.push({ name, bytes: (await files.size(name)) ?? 0 });
    }
  };
  await walk("", depthMax);
  return found.toSorted((a, b) => placeOf(a) - placeOf(b) || (a.name < b.name ? -1 : 1));
}

function placeOf({ name }: Sized): number {
  const place = order.indexOf(name.split("/")[0] ?? "");
  return place === -1 ? order.indexOf("") : place;
}

/** What is there with its length was copied before; whether it is the same is found out afterwards. */
async function copy(parts: MoveParts, file: Sized): Promise<void> {
  if ((await parts.to.size(file.name)) !== file.bytes) await copyAnew(parts, file);
}

async function copyAnew({ from, to }: MoveParts, { name, bytes }: Sized): Promise<void> {
  const writer = await to.write();
  try {
    for (const range of piecesOf(bytes)) await writer.append(await from.range(name, range));
    await writer.commit(name);
  } finally {
    await writer.discard();
  }
}

/** What a move that was cut off has left may be older than what is here now: then it is copied once more. */
async function compare(parts: MoveParts, file: Sized): Promise<void> {
  if (await isSame(parts, file)) return;
  await copyAnew(parts, file);
  if (!(await isSame(parts, file))) throw notSame(parts.to, file.name);
}

/** Lines may have been added meanwhile to the record of checks, which needs no lock: the copy is what was there. */
async function isSame({ from, to }: MoveParts, { name, bytes }: Sized): Promise<boolean> {
  if ((await to.size(name)) !== bytes) return false;
  for (const range of piecesOf(bytes)) {
    const [old, copied] = [await from.range(name, range), await to.range(name, range)];
    if (!old.equals(copied)) return false;
  }
  return true;
}

function notSame(to: StoreFiles, name: string): SnapError {
  return new SnapError("damaged", `The copy of "${name}" in "${to.top}" is not the same`, {
    path: to.top,
    hint: "The store is where it was. Remove the folder, look at its disk, and try again.",
  });
}

function* piecesOf(bytes: number): Generator<{ offset: number; length: number }> {
  for (let offset = 0; offset < bytes; offset += pieceBytes) {
    yield { offset, length: Math.min(pieceBytes, bytes - offset) };
  }
}
