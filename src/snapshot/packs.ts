import type { Logger } from "../std/log.ts";
import { PackCatalogue } from "./pack-catalogue.ts";
import { PackReader } from "./pack-reader.ts";
import type { StoreFiles } from "./store-files.ts";

/** The packs of one kind, and a reader for their blocks. */
export type Shelf = { readonly catalogue: PackCatalogue; readonly reader: PackReader };

/** All packs of a store as they were found at one look. */
export type Packs = { readonly data: Shelf; readonly meta: Shelf };

/** Look at every sidecar of the store; those that are lost or damaged are made again (N19). */
export async function loadPacks(files: StoreFiles, logger: Logger): Promise<Packs> {
  const data = new PackCatalogue(files, "data", logger);
  const meta = new PackCatalogue(files, "meta", logger);
  await data.refresh();
  await meta.refresh();
  return {
    data: { catalogue: data, reader: new PackReader(files, data) },
    meta: { catalogue: meta, reader: new PackReader(files, meta) },
  };
}
