import { BlockIndex } from "../core/snapshot/block-index.ts";
import { isHash } from "../core/snapshot/checked-json.ts";
import { PackIndex } from "../core/snapshot/pack-index.ts";
import { isSnapError } from "../std/error.ts";
import { inTurns } from "../std/steps.ts";
import { forEachLimited } from "../std/limiter.ts";
import type { Logger } from "../std/log.ts";
import type { CheckLevel, DamagedPacks, PackCheck } from "./checks.ts";
import type { PackKind } from "./frame.ts";
import { rebuildContents } from "./pack-rebuild.ts";
import { sidecarPath } from "./pack-writer.ts";
import { isUnreadable } from "./store-error.ts";
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
  /** Packs that an earlier verification or capture found damaged. */
  #recorded: DamagedPacks = new Map();
  /** Packs found damaged since. */
  readonly #found = new Map<string, CheckLevel>();

  constructor(files: StoreFiles, kind: PackKind, logger: Logger) {
    this.#files = files;
    this.#kind = kind;
    this.#logger = logger;
  }

  /** Do not trust the packs that are recorded as damaged. */
  distrustRecorded(recorded: DamagedPacks): void {
    this.#recorded = recorded;
    for (const name of recorded.keys()) this.index.distrust(name);
  }

  /** The level at which a pack was found damaged, by the record; undefined where it was found sound since. */
  recordedLevel(name: string): CheckLevel | undefined {
    return this.index.isTrusted(name) ? undefined : this.#recorded.get(name);
  }

  /** Note a pack that was found damaged; `level` is the least at which a verification finds it. */
  noteDamaged(name: string, level: CheckLevel): void {
    if (!this.#found.has(name)) this.#found.set(name, level);
    this.index.distrust(name);
  }

  /** Note a pack that was proved sound; that says nothing about what only a deeper look finds. */
  noteSound(name: string, level: CheckLevel): void {
    if (level >= (this.#recorded.get(name) ?? 0) && !this.#found.has(name)) this.index.trust(name);
  }

  /** What is known of a pack that was just looked at on some level. */
  checkOf(pack: string, level: CheckLevel): PackCheck {
    if (this.index.isTrusted(pack)) return { pack, level, result: "sound" };
    const found = this.#found.get(pack) ?? this.#recorded.get(pack) ?? level;
    return { pack, level: found, result: "damaged" };
  }

  /** What is known of packs and not recorded yet. */
  newChecks(): readonly PackCheck[] {
    const damaged = [...this.#found].filter(
      ([name]) => !this.index.isTrusted(name) && !this.#recorded.has(name),
    );
    const sound = [...this.#recorded].filter(([name]) => this.index.isTrusted(name));
    return [
      ...damaged.map(([pack, level]) => ({ pack, level, result: "damaged" as const })),
      ...sound.map(([pack, level]) => ({ pack, level, result: "sound" as const })),
    ];
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

  /**
   * Another writer was at work: take in what came, and trust nothing that is gone, or that somebody found damaged meanwhile (N27).
   * Whether there is any such.
   */
  async lookAgain(recorded: DamagedPacks): Promise<boolean> {
    const there = new Set(await this.#packNames());
    const isLost = (name: string): boolean => !there.has(name) || recorded.has(name);
    const gone = this.index.packs().filter(([name]) => this.index.isTrusted(name) && isLost(name));
    this.distrustRecorded(recorded);
    for (const [name] of gone) this.index.distrust(name);
    await this.refresh();
    return gone.length > 0;
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
    const sidecar = await this.#files.get(sidecarPath(name), packBytesMax).catch(noneIfUnreadable);
    const index = sidecar === undefined ? undefined : PackIndex.read(sidecar);
    return index?.packLength === length ? index : await this.#rebuild(name);
  }

  /** A lost or damaged sidecar is never an error (N19). It is kept again only for a pack that is whole. */
  async #rebuild(name: string): Promise<PackIndex | undefined> {
    const pack = await this.#files.get(name, packBytesMax).catch((error: unknown) => {
      this.#logger.error("a pack of the snapshot store cannot be read", { pack: name });
      return noneIfUnreadable(error);
    });
    if (pack === undefined) return undefined;
    const { contents, isWhole } = await rebuildContents(pack);
    const index = await inTurns(PackIndex.of(contents));
    if (isWhole) await this.#keepSidecar(name, index.sidecar);
    else this.#logger.error("a pack of the snapshot store is damaged", { pack: name });
    return index;
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

/** Whatever stands in the place of a file: a folder, a link, bytes that the disk does not give. */
function noneIfUnreadable(error: unknown): undefined {
  if (!isUnreadable(error)) throw error;
  return undefined;
}
