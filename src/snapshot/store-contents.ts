import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import { throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { KnownContents } from "./known-contents.ts";
import type { Packs } from "./packs.ts";
import type { FoundRoot } from "./root-files.ts";

/** What looking for contents needs of a store. */
export type ContentsAccess = {
  readonly packs: () => Promise<Packs>;
  readonly roots: () => Promise<readonly FoundRoot[]>;
};

/** What a store lacks of a snapshot; each content counts once. */
export type MissingTotals = { readonly files: number; readonly bytes: number };

/** Which contents a store holds, whatever snapshot they came with (N40). */
export class StoreContents {
  readonly #access: ContentsAccess;
  #known: Promise<(entry: SnapshotEntry) => Promise<SnapshotEntry>> | undefined;

  constructor(access: ContentsAccess) {
    this.#access = access;
  }

  /** The entry, with blocks if another snapshot brought its content after it was captured without. */
  async held(entry: SnapshotEntry): Promise<SnapshotEntry> {
    if (entry.type !== "file" || !entry.flags.includes("thin")) return entry;
    this.#known ??= this.#look();
    return await (
      await this.#known
    )(entry);
  }

  /** What would have to be fetched for some entries. @throws {SnapError} `damaged`, `interrupted` */
  async missing(entries: AsyncIterable<SnapshotEntry>, work: Work): Promise<MissingTotals> {
    const seen = new Set<string>();
    let bytes = 0;
    for await (const entry of entries) {
      throwIfAborted(work.signal);
      if (entry.type !== "file" || !entry.flags.includes("thin")) continue;
      if ((await this.held(entry)).blocks !== undefined) continue;
      const { hash = entry.path, size = 0 } = entry;
      if (seen.has(hash)) continue;
      seen.add(hash);
      bytes += size;
    }
    return { files: seen.size, bytes };
  }

  async #look(): Promise<(entry: SnapshotEntry) => Promise<SnapshotEntry>> {
    const packs = await this.#access.packs();
    const known = new KnownContents({ packs, roots: await this.#access.roots() });
    return async (entry) => {
      const { hash, size, flags } = entry;
      if (hash === undefined || size === undefined) return entry;
      const blocks = await known.blocksOf(hash, size);
      const isHeld = blocks?.every((block) => packs.data.catalogue.index.has(block)) === true;
      return isHeld ? { ...entry, blocks, flags: flags.filter((one) => one !== "thin") } : entry;
    };
  }
}
