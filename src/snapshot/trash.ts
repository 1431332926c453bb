import { isSnapError } from "../std/error.ts";
import type { Clock } from "../std/time.ts";
import { freeTime, timeInName, compactTime } from "./file-times.ts";
import type { ByteRange, StoreFiles } from "./store-files.ts";

const trashFolder = "trash";
const batchPattern = /^\d{8}T\d{6}Z$/;

/** One folder of the trash takes what is thrown away within this time, ms. */
const batchMs = 3_600_000;

/** A folder of the trash. Files in it have the names that they had in the store. */
export type TrashBatch = { readonly name: string; readonly timeMs: number };

/** All folders of the trash, oldest first; foreign ones are passed over. */
export async function trashBatches(files: StoreFiles): Promise<readonly TrashBatch[]> {
  const names = await files.folders(trashFolder);
  return names
    .filter((name) => batchPattern.test(name))
    .map((name) => ({ name: `${trashFolder}/${name}`, timeMs: timeInName(name) }));
}

/** Name of a folder of the trash that is not there yet. */
export async function newBatch(files: StoreFiles, clock: Clock): Promise<string> {
  const taken = (await files.list(trashFolder)).map((name) => `${name}-`);
  return `${trashFolder}/${compactTime(freeTime(taken, clock.now()))}`;
}

/** Throws packs away: into a folder of their time, so that each waits the whole grace time. */
export class TrashCan {
  readonly #files: StoreFiles;
  readonly #clock: Clock;
  #batch: { readonly name: string; readonly madeMs: number } | undefined;

  constructor(files: StoreFiles, clock: Clock) {
    this.#files = files;
    this.#clock = clock;
  }

  /** One that is not there is thrown away already. */
  async take(name: string): Promise<void> {
    const now = this.#clock.now();
    if (this.#batch === undefined || now - this.#batch.madeMs > batchMs)
      this.#batch = { name: await newBatch(this.#files, this.#clock), madeMs: now };
    await this.#files.move(name, `${this.#batch.name}/${name}`);
  }
}

/** Where in the trash a file of the store lies, newest first (N31). */
export async function findInTrash(files: StoreFiles, name: string): Promise<string | undefined> {
  for (const batch of (await trashBatches(files)).toReversed()) {
    const kept = `${batch.name}/${name}`;
    if ((await files.size(kept)) !== undefined) return kept;
  }
  return undefined;
}

/** As `range` of the files, also of a file that was thrown away meanwhile (N31). */
export async function rangeEvenInTrash(
  files: StoreFiles,
  name: string,
  range: ByteRange,
): Promise<Buffer> {
  try {
    return await files.range(name, range);
  } catch (error) {
    if (!isSnapError(error, "not-found")) throw error;
    const kept = await findInTrash(files, name);
    if (kept === undefined) throw error;
    return await files.range(kept, range);
  }
}

/** As `get` of the files, also of a file that was thrown away meanwhile (N31). */
export async function getEvenFromTrash(
  files: StoreFiles,
  name: string,
  bytesMax: number,
): Promise<Buffer | undefined> {
  const bytes = await files.get(name, bytesMax);
  if (bytes !== undefined) return bytes;
  const kept = await findInTrash(files, name);
  return kept === undefined ? undefined : await files.get(kept, bytesMax);
}

/** A file below a folder, and its size. */
export type SizedFile = { readonly name: string; readonly bytes: number };

/** All files of a folder of the trash; links are not followed. */
export async function filesOfBatch(
  files: StoreFiles,
  batch: TrashBatch,
): Promise<{ readonly files: readonly SizedFile[]; readonly folders: readonly string[] }> {
  const found: SizedFile[] = [];
  const folders: string[] = [];
  const walk = async (folder: string, depth: number): Promise<void> => {
    folders.push(folder);
    const inner = new Set(await files.folders(folder));
    for (const each of await files.list(folder)) {
      const name = `${folder}/${each}`;
      if (!inner.has(each)) found.push({ name, bytes: (await files.size(name)) ?? 0 });
      else if (depth > 0) await walk(name, depth - 1);
    }
  };
  await walk(batch.name, 2);
  return { files: found, folders };
}

/** Remove a folder of the trash for good. Cut off, the next one goes on. */
export async function removeBatch(files: StoreFiles, batch: TrashBatch): Promise<void> {
  const found = await filesOfBatch(files, batch);
  for (const { name } of found.files) await files.remove(name);
  for (const folder of found.folders.toReversed()) await files.removeFolder(folder);
}
