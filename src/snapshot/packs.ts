import type { Logger } from "../std/log.ts";
import { readDamagedPacks } from "./checks.ts";
import type { PackCheck } from "./checks.ts";
import { PackCatalogue } from "./pack-catalogue.ts";
import { PackReader } from "./pack-reader.ts";
import type { StoreFiles } from "./store-files.ts";

/** The packs of one kind, and a reader for their blocks. */
export type Shelf = { readonly catalogue: PackCatalogue; readonly reader: PackReader };

/** All packs of a store as they were found at one look. */
export type Packs = { readonly data: Shelf; readonly meta: Shelf };

/** Look at every sidecar of the store; those that are lost or damaged are made again (N19). Packs recorded as damaged are not trusted (N27). */
export async function loadPacks(files: StoreFiles, logger: Logger): Promise<Packs> {
  const data = new PackCatalogue(files, "data", logger);
  const meta = new PackCatalogue(files, "meta", logger);
  const damaged = await readDamagedPacks({ files, logger });
  for (const catalogue of [data, meta]) catalogue.distrustRecorded(damaged);
  await data.refresh();
  await meta.refresh();
  return {
    data: { catalogue: data, reader: new PackReader(files, data) },
    meta: { catalogue: meta, reader: new PackReader(files, meta) },
  };
}

/** What is known of all packs and not recorded yet. */
export function newChecks({ data, meta }: Packs): readonly PackCheck[] {
  return [...data.catalogue.newChecks(), ...meta.catalogue.newChecks()];
}
