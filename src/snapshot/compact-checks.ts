import { foldChecks } from "../core/snapshot/checks-fold.ts";
import { isSnapError } from "../std/error.ts";
import { randomHex } from "../std/random.ts";
import type { Rng } from "../std/random.ts";
import { checksBytesMax, checksName } from "./checks.ts";
import type { ChecksParts } from "./checks.ts";
import { rootNames } from "./root-files.ts";
import { isUnreadable } from "./store-error.ts";
import type { StoreFiles } from "./store-files.ts";

/** A record below this is left as it is. */
const compactBytesMin = 1024 * 1024;

/** As `compactChecks`, for who has no lock; a store that is being written, or cannot be, is left as it is. */
export async function tidyChecks(
  parts: ChecksParts & { readonly rng: Rng },
  takeLock: (doing: string) => Promise<AsyncDisposable>,
): Promise<void> {
  if (!(await isLong(parts.files))) return;
  try {
    await using _lock = await takeLock("shorten the record of checks");
    await compactChecks(parts);
  } catch (error) {
    if (!isSnapError(error)) throw error;
    parts.logger.info("the record of checks stays long", { reason: error.message });
  }
}

/** Whether the record has grown so much that a look at it is worth while. */
async function isLong(files: StoreFiles): Promise<boolean> {
  return ((await files.size(checksName)) ?? 0) > compactBytesMin;
}

/**
 * Make the record of checks shorter if half of it says nothing any more. The writer's lock is held; who adds lines holds none, so
 * what came meanwhile is carried over, and who added it looks whether it is there. As far as the store lets itself be written.
 */
export async function compactChecks(parts: ChecksParts & { readonly rng: Rng }): Promise<void> {
  const { files, rng, logger } = parts;
  if (!(await isLong(files))) return;
  const old = `tmp/${randomHex(rng, 12)}`;
  try {
    if (!(await files.link(checksName, old))) return;
    await replace(files, old);
  } catch (error) {
    if (!isSnapError(error, "disk-full") && !isUnreadable(error)) throw error;
    logger.error("cannot shorten the record of checks", { reason: error.message });
  } finally {
    await files.remove(old);
  }
}

async function replace(files: StoreFiles, old: string): Promise<void> {
  const size = (await files.size(old)) ?? 0;
  const offset = Math.max(0, size - checksBytesMax);
  const before = await files.range(old, { offset, length: size - offset });
  const kept = foldChecks(before.toString("utf8").split("\n"), await presentIn(files));
  const text = Buffer.from(kept.map((line) => `${line}\n`).join(""));
  if (text.length * 2 > size) return;
  await files.put(checksName, text);
  const more = ((await files.size(old)) ?? size) - size;
  if (more > 0)
    await files.append(checksName, await files.range(old, { offset: size, length: more }));
}

async function presentIn(files: StoreFiles): Promise<{
  readonly isPack: (name: string) => boolean;
  readonly isSnapshot: (id: string) => boolean;
}> {
  const packs = new Set<string>();
  for (const kind of ["data", "meta"]) {
    for (const shard of await files.folders(kind)) {
      const folder = `${kind}/${shard}`;
      for (const name of await files.list(folder)) packs.add(`${folder}/${name}`);
    }
  }
  const roots = (await rootNames(files)).map((name) => name.slice(name.indexOf("-") + 1, -5));
  const digits = new Set(roots);
  return { isPack: (name) => packs.has(name), isSnapshot: (id) => digits.has(id.slice(0, 16)) };
}
