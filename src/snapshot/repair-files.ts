import { setImmediate } from "node:timers/promises";
import { mendRootText } from "../core/snapshot/mend-root.ts";
import { PackIndex } from "../core/snapshot/pack-index.ts";
import type { RepairOptions } from "../core/snapshot/repair-request.ts";
import { decodeRoot } from "../core/snapshot/root.ts";
import { isSnapError, throwIfAborted } from "../std/error.ts";
import { packBytesMax } from "./pack-catalogue.ts";
import { sidecarPath } from "./pack-writer.ts";
import { packKinds, rootsInTrash } from "./prune-look.ts";
import type { LookParts } from "./prune-look.ts";
import { recoveryText } from "./recovery-text.ts";
import { readRoots, rootBytesMax } from "./root-files.ts";
import type { FoundRoot } from "./root-files.ts";
import { isUnreadable } from "./store-error.ts";
import type { StoreFiles } from "./store-files.ts";

const readmeName = "README.txt";
const readmeBytesMax = 1024 * 1024;

type MendJob = LookParts & { readonly options: RepairOptions };

/** Names of packs whose sidecar is lost or damaged; `loadPacks` makes them again. */
export async function unsoundSidecars(files: StoreFiles): Promise<readonly string[]> {
  const unsound: string[] = [];
  for (const kind of packKinds) {
    for (const shard of await files.folders(kind))
      unsound.push(...(await unsoundIn(files, `${kind}/${shard}`)));
  }
  return unsound;
}

async function unsoundIn(files: StoreFiles, folder: string): Promise<readonly string[]> {
  const unsound: string[] = [];
  const names = await files.list(folder);
  for (const name of names.filter((each) => /^[0-9a-f]{64}\.tar\.zst$/.test(each))) {
    const pack = `${folder}/${name}`;
    if (!(await hasSidecar(files, pack))) unsound.push(pack);
  }
  return unsound;
}

async function hasSidecar(files: StoreFiles, pack: string): Promise<boolean> {
  try {
    const bytes = await files.get(sidecarPath(pack), packBytesMax);
    const index = bytes === undefined ? undefined : PackIndex.read(bytes);
    return index !== undefined && index.packLength === (await files.size(pack));
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return false;
  }
}

/** All roots, also those that wait in the trash; one byte that is wrong is put right. */
export async function rootsMended(
  job: MendJob,
): Promise<{ readonly roots: readonly FoundRoot[]; readonly names: readonly string[] }> {
  const names: string[] = [];
  const roots: FoundRoot[] = [];
  for (const found of await readRoots(job.files)) {
    const mended = found.root === undefined ? await mendRoot(job, found.name) : undefined;
    if (mended !== undefined) names.push(found.name);
    roots.push(mended ?? found);
  }
  return { names, roots: [...roots, ...(await rootsInTrash(job))] };
}

/** Nothing of value is replaced: the text has the hash that the name of the file tells. */
async function mendRoot(job: MendJob, name: string): Promise<FoundRoot | undefined> {
  const path = `roots/${name}`;
  const bytes = await bytesOf(job.files, { name: path, bytesMax: rootBytesMax });
  const text = bytes === undefined ? undefined : await mendedText(job, { bytes, name });
  if (text === undefined) return undefined;
  try {
    const root = decodeRoot(text.toString("utf8"), path);
    if (job.options.dryRun !== true) await job.files.put(path, text);
    return { name, root };
  } catch (error) {
    if (!isSnapError(error, "damaged", "version-too-new")) throw error;
    return undefined;
  }
}

async function mendedText(
  job: MendJob,
  { bytes, name }: { readonly bytes: Buffer; readonly name: string },
): Promise<Buffer | undefined> {
  const search = mendRootText(bytes, name.slice(name.indexOf("-") + 1, -".json".length));
  for (;;) {
    const step = search.next();
    if (step.done === true) return step.value;
    throwIfAborted(job.options.signal);
    await job.onStep();
    await setImmediate();
  }
}

/** Write `README.txt` again where it is not what this version writes; whether it had to be. */
export async function mendReadme(files: StoreFiles, isReal: boolean): Promise<boolean> {
  const bytes = await bytesOf(files, { name: readmeName, bytesMax: readmeBytesMax });
  if (bytes?.equals(Buffer.from(recoveryText)) === true) return false;
  if (isReal) await files.put(readmeName, Buffer.from(recoveryText));
  return true;
}

async function bytesOf(
  files: StoreFiles,
  { name, bytesMax }: { readonly name: string; readonly bytesMax: number },
): Promise<Buffer | undefined> {
  try {
    return await files.get(name, bytesMax);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return undefined;
  }
}
