import type { Logger } from "../std/log.ts";
import { readDamagedPacks } from "./checks.ts";
import type { PackCheck } from "./checks.ts";
import type { PackKind } from "./frame.ts";
import { PackCatalogue } from "./pack-catalogue.ts";
import { PackReader } from "./pack-reader.ts";
import type { StoreFiles } from "./store-files.ts";

/** The packs of one kind, and a reader for their blocks. */
export type Shelf = { readonly catalogue: PackCatalogue; readonly reader: PackReader };

/** All packs of a store as they were found at one look. */
export type Packs = { readonly data: Shelf; readonly meta: Shelf };

/** Look at every sidecar of the store; those that are lost or damaged are made again (N19). Packs recorded as damaged are not trusted (N27). */
export async function loadPacks(files: StoreFiles, logger: Logger): Promise<Packs> {
  return await new PacksOnce(files, logger).both();
}

async function loadShelf(files: StoreFiles, logger: Logger, kind: PackKind): Promise<Shelf> {
  const catalogue = new PackCatalogue(files, kind, logger);
  catalogue.distrustRecorded(await readDamagedPacks({ files, logger }));
  await catalogue.refresh();
  return { catalogue, reader: new PackReader(files, catalogue) };
}

/** Packs as readers first saw them, who look again for what they miss; each kind is loaded when it is first needed. */
export class PacksOnce {
  readonly #files: StoreFiles;
  readonly #logger: Logger;
  readonly #shelves = new Map<PackKind, Promise<Shelf>>();

  constructor(files: StoreFiles, logger: Logger) {
    this.#files = files;
    this.#logger = logger;
  }

  async shelf(kind: PackKind): Promise<Shelf> {
    const loading = this.#shelves.get(kind) ?? loadShelf(this.#files, this.#logger, kind);
    this.#shelves.set(kind, loading);
    try {
      return await loading;
    } catch (error) {
      this.#shelves.delete(kind);
      throw error;
    }
  }

  async both(): Promise<Packs> {
    return { data: await this.shelf("data"), meta: await this.shelf("meta") };
  }
}

/** What is known of all packs and not recorded yet. */
export function newChecks({ data, meta }: Packs): readonly PackCheck[] {
  return [...data.catalogue.newChecks(), ...meta.catalogue.newChecks()];
}
