import { BlockIndex } from "../core/snapshot/block-index.ts";
import { isHash } from "../core/snapshot/checked-json.ts";
import { PackIndex, encodeSidecar } from "../core/snapshot/pack-index.ts";
import { isSnapError } from "../std/error.ts";
import { forEachLimited } from "../std/limiter.ts";
import type { Logger } from "../std/log.ts";
import type { PackKind } from "./frame.ts";
import { rebuildContents } from "./pack-rebuild.ts";
import { sidecarPath } from "./pack-writer.ts";
import type { StoreFiles } from "./store-files.ts";

/** Longest pack that is read whole to index it again: many times the size at which a pack is closed. */
export const packBytesMax: number = 512 * 1024 * 1024;

const readsAtOnce = 8;

/** All packs of one kind that are in place, with the index of their blocks. */
export class PackCatalogue {
  readonly index: BlockIndex = new BlockIndex();
  readonly #files: StoreFiles;
  readonly #kind: PackKind;
  readonly #logger: Logger;

  constructor(files: StoreFiles, kind: PackKind, logger: Logger) {
    this.#files = files;
    this.#kind = kind;
    this.#logger = logger;
  }

  /** Take in packs that came since the last look; whether there were any. */
  async refresh(): Promise<boolean> {
    const names = (await this.#packNames()).filter((name) => !this.index.hasPack(name));
    const found = new Map<string, PackIndex>();
    await forEachLimited(names, { parallel: readsAtOnce }, async (name) => {
      const index = await this.#indexOf(name);
      if (index !== undefined) found.set(name, index);
    });
    // The order of names, so that a block in two packs is always read from the same one.
    for (const name of names) {
      const index = found.get(name);
      if (index !== undefined) this.index.addPack(name, index);
    }
    return found.size > 0;
  }

  /** Foreign files are passed over: only names that a pack can have count. */
  async #packNames(): Promise<readonly string[]> {
    const names: string[] = [];
    for (const shard of await this.#files.list(this.#kind)) {
      if (!/^[0-9a-f]{2}$/.test(shard)) continue;
      const folder = `${this.#kind}/${shard}`;
      for (const name of await this.#files.list(folder)) {
        if (isPackName(name)) names.push(`${folder}/${name}`);
      }
    }
    return names;
  }

  async #indexOf(name: string): Promise<PackIndex | undefined> {
    const length = await this.#files.size(name);
    if (length === undefined) return undefined;
    const sidecar = await this.#files.get(sidecarPath(name), packBytesMax).catch(noneIfDamaged);
    const index = sidecar === undefined ? undefined : PackIndex.read(sidecar);
    return index?.packLength === length ? index : await this.#rebuild(name);
  }

  /** A lost or damaged sidecar is never an error (N19). It is kept again only for a pack that is whole. */
  async #rebuild(name: string): Promise<PackIndex | undefined> {
    const pack = await this.#files.get(name, packBytesMax).catch(noneIfDamaged);
    if (pack === undefined) return undefined;
    const { contents, isWhole } = await rebuildContents(pack);
    if (isWhole) await this.#keepSidecar(name, encodeSidecar(contents));
    else this.#logger.error("a pack of the snapshot store is damaged", { pack: name });
    return PackIndex.of(contents);
  }

  /** A reader may have no right to write; then the next one rebuilds it again. */
  async #keepSidecar(name: string, bytes: Uint8Array): Promise<void> {
    try {
      await this.#files.put(sidecarPath(name), bytes);
      this.#logger.info("made the index of a pack again", { pack: name });
    } catch (error) {
      if (!isSnapError(error)) throw error;
      this.#logger.info("cannot keep the index of a pack", { pack: name, reason: error.message });
    }
  }
}

function isPackName(name: string): boolean {
  return name.endsWith(".tar.zst") && isHash(name.slice(0, -".tar.zst".length));
}

function noneIfDamaged(error: unknown): undefined {
  if (!isSnapError(error, "damaged")) throw error;
  return undefined;
}
