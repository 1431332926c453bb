import type { StoreFiles } from "./store-files.ts";

/** Remove what earlier writers left unfinished. The writer's lock is held; only names that a writer makes are touched. */
export async function sweepTemporary(files: StoreFiles): Promise<void> {
  const names = await files.list("tmp");
  for (const name of names.filter(isTemporary)) await files.remove(`tmp/${name}`);
}

function isTemporary(name: string): boolean {
  return /^(?:lock-)?[0-9a-f]{16,24}$/.test(name);
}
