import type { PackEntry, PackFrame, PackIndex } from "./pack-index.ts";

/** Where a block lies: the pack by name, its frame, and the place in the raw frame. */
export type BlockPlace = {
  readonly pack: string;
  readonly frame: PackFrame;
  readonly entry: PackEntry;
};

const slotsMin = 1024;

/**
 * Every block of a store, by hash: one open-addressed table of typed arrays over the indexes of the packs, at
 * most 24 bytes a block beside the 44 of its sidecar (N19).
 */
export class BlockIndex {
  readonly #names: string[] = [];
  readonly #packs: PackIndex[] = [];
  readonly #known = new Set<string>();
  /** Number of the pack plus one, 0 in a free slot; and the position in that pack. */
  #packOf: Uint32Array = new Uint32Array(slotsMin);
  #entryOf: Uint32Array = new Uint32Array(slotsMin);
  #count = 0;

  get blockCount(): number {
    return this.#count;
  }

  hasPack(name: string): boolean {
    return this.#known.has(name);
  }

  /** The packs with their indexes, in the order they were added. */
  packs(): readonly (readonly [string, PackIndex])[] {
    return this.#packs.map((pack, number) => [this.#names[number] ?? "", pack]);
  }

  /** Take in a pack; a block that an earlier pack holds stays with that one. */
  addPack(name: string, pack: PackIndex): void {
    if (this.#known.has(name)) return;
    this.#known.add(name);
    this.#names.push(name);
    this.#packs.push(pack);
    this.#growFor(this.#count + pack.entryCount);
    this.#insertAll(this.#packs.length - 1, pack);
  }

  has(hash: string): boolean {
    return this.#slotOf(Buffer.from(hash, "hex")) !== undefined;
  }

  find(hash: string): BlockPlace | undefined {
    const slot = this.#slotOf(Buffer.from(hash, "hex"));
    if (slot === undefined) return undefined;
    return this.#placeAt((this.#packOf[slot] ?? 0) - 1, this.#entryOf[slot] ?? 0);
  }

  /** All packs that hold a block; looks into each of them. */
  findAll(hash: string): readonly BlockPlace[] {
    const bytes = Buffer.from(hash, "hex");
    return this.#packs.flatMap((pack, number) => {
      const position = pack.find(bytes);
      const place = position === undefined ? undefined : this.#placeAt(number, position);
      return place === undefined ? [] : [place];
    });
  }

  #placeAt(number: number, position: number): BlockPlace | undefined {
    const pack = this.#packs[number];
    const name = this.#names[number];
    if (pack === undefined || name === undefined) return undefined;
    const entry = pack.entry(position);
    return { pack: name, frame: pack.frame(entry.frame), entry };
  }

  #slotOf(hash: Buffer): number | undefined {
    const mask = this.#packOf.length - 1;
    let slot = hash.readUInt32LE(0) & mask;
    for (;;) {
      const number = this.#packOf[slot] ?? 0;
      if (number === 0) return undefined;
      if (this.#packs[number - 1]?.isHashAt(this.#entryOf[slot] ?? 0, hash)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #insertAll(number: number, pack: PackIndex): void {
    for (let position = 0; position < pack.entryCount; position += 1) {
      if (this.#insert(number, position)) this.#count += 1;
    }
  }

  /** False where the table has the block already. */
  #insert(number: number, position: number): boolean {
    const pack = this.#packs[number];
    if (pack === undefined) return false;
    const mask = this.#packOf.length - 1;
    const hash = pack.hashAt(position);
    let slot = hash.readUInt32LE(0) & mask;
    for (;;) {
      const other = this.#packOf[slot] ?? 0;
      if (other === 0) break;
      if (this.#packs[other - 1]?.isHashAt(this.#entryOf[slot] ?? 0, hash)) return false;
      slot = (slot + 1) & mask;
    }
    this.#packOf[slot] = number + 1;
    this.#entryOf[slot] = position;
    return true;
  }

  /** Keeps the table at most two thirds full, so that every search ends. */
  #growFor(count: number): void {
    let slots = this.#packOf.length;
    while (count * 3 > slots * 2) slots *= 2;
    if (slots === this.#packOf.length) return;
    this.#packOf = new Uint32Array(slots);
    this.#entryOf = new Uint32Array(slots);
    this.#packs.forEach((pack, number) => {
      if (number < this.#packs.length - 1) this.#insertAgain(number, pack);
    });
  }

  #insertAgain(number: number, pack: PackIndex): void {
    for (let position = 0; position < pack.entryCount; position += 1) {
      this.#insert(number, position);
    }
  }
}
