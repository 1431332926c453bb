import type { StoreFiles } from "./store-files.ts";

/** Remove what earlier writers left unfinished. The writer's lock is held; only names that a writer makes are touched. */
export async function sweepTemporary(files: StoreFiles): Promise<void> {
  const names = await files.list("tmp");
  for (const name of names.filter(isTemporary)) await files.remove(`tmp/${name}`);
}

function isTemporary(name: string): boolean {
  return /^(?:lock-)?[0-9a-f]{16,24}$/.test(name);
}

/** Folders in folders of a store, at most. */
const depthMax = 4;

/**
 * Make durable what a killed writer has put in place: it may have died between a rename and the flush of the folder, and whoever
 * comes next takes for present what is there (N27).
 */
export async function flushFolders(files: StoreFiles): Promise<void> {
  const flush = async (folder: string, depth: number): Promise<void> => {
    for (const each of await files.folders(folder)) {
      const inner = folder === "" ? each : `${folder}/${each}`;
      if (inner !== "tmp" && depth < depthMax) await flush(inner, depth + 1);
    }
    await files.flush(folder);
  };
  await flush("", 0);
}
