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
  readonly #numbers = new Map<string, number>();
  /** Packs that were found damaged, whether or not they are here yet. */
  readonly #distrusted = new Set<string>();
  /** Number of the pack plus one, 0 in a free slot; and the position in that pack. */
  #packOf: Uint32Array = new Uint32Array(slotsMin);
  #entryOf: Uint32Array = new Uint32Array(slotsMin);
  #count = 0;

  get blockCount(): number {
    return this.#count;
  }

  hasPack(name: string): boolean {
    return this.#numbers.has(name);
  }

  /** Whether a pack is here and was not found damaged. */
  isTrusted(name: string): boolean {
    return this.hasPack(name) && !this.#distrusted.has(name);
  }

  /** A frame of a pack by its number; undefined where the pack ends before. */
  frameOf(name: string, number: number): PackFrame | undefined {
    const pack = this.#packs[this.#numbers.get(name) ?? -1];
    return pack !== undefined && number < pack.frameCount ? pack.frame(number) : undefined;
  }

  /** The packs with their indexes, in the order they were added. */
  packs(): readonly (readonly [string, PackIndex])[] {
    return this.#packs.map((pack, number) => [this.#names[number] ?? "", pack]);
  }

  /** Take in a pack; a block that an earlier trusted pack holds stays with that one. */
  addPack(name: string, pack: PackIndex): void {
    if (this.hasPack(name)) return;
    this.#numbers.set(name, this.#packs.length);
    this.#names.push(name);
    this.#packs.push(pack);
    this.#growFor(this.#count + pack.entryCount);
    this.#insertAll(this.#packs.length - 1, pack);
  }

  /** Take in a pack that was just written: it is trusted, and stands for an earlier one of its name. */
  putPack(name: string, pack: PackIndex): void {
    const number = this.#numbers.get(name);
    this.#distrusted.delete(name);
    if (number === undefined) {
      this.addPack(name, pack);
      return;
    }
    this.#packs[number] = pack;
    this.#growFor(this.#count + pack.entryCount);
    this.#fillAgain();
  }

  /** From now on the blocks of a pack count as absent (N27), and are found there only if no trusted pack holds them. */
  distrust(name: string): void {
    if (this.#distrusted.has(name)) return;
    this.#distrusted.add(name);
    if (this.hasPack(name)) this.#fillAgain();
  }

  /** A pack turned out to be sound after all. */
  trust(name: string): void {
    if (this.#distrusted.delete(name) && this.hasPack(name)) this.#fillAgain();
  }

  /** Whether a trusted pack holds a block (N27). */
  has(hash: string): boolean {
    const slot = this.#slotOf(Buffer.from(hash, "hex"));
    return slot !== undefined && this.#isTrustedAt((this.#packOf[slot] ?? 0) - 1);
  }

  /** Where a block is to be read: in a trusted pack if one holds it. */
  find(hash: string): BlockPlace | undefined {
    const slot = this.#slotOf(Buffer.from(hash, "hex"));
    if (slot === undefined) return undefined;
    return this.#placeAt((this.#packOf[slot] ?? 0) - 1, this.#entryOf[slot] ?? 0);
  }

  /** The same as two numbers: the place of the pack in `packs()`, and the position in it. */
  locate(hash: string): { readonly pack: number; readonly position: number } | undefined {
    const slot = this.#slotOf(Buffer.from(hash, "hex"));
    if (slot === undefined) return undefined;
    return { pack: (this.#packOf[slot] ?? 0) - 1, position: this.#entryOf[slot] ?? 0 };
  }

  /** The block at such a place, which stays the same however many packs come; undefined where there is none. */
  blockAt(pack: number, position: number): PackEntry | undefined {
    const index = this.#packs[pack];
    return index !== undefined && position < index.entryCount ? index.entry(position) : undefined;
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

  #isTrustedAt(number: number): boolean {
    return !this.#distrusted.has(this.#names[number] ?? "");
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

  /** False where the table has the block already; a place in a trusted pack takes that of one that is not. */
  #insert(number: number, position: number): boolean {
    const pack = this.#packs[number];
    if (pack === undefined) return false;
    const mask = this.#packOf.length - 1;
    let slot = pack.digitsAt(position) & mask;
    for (;;) {
      const other = this.#packOf[slot] ?? 0;
      if (other === 0) break;
      if (this.#packs[other - 1]?.isHashAt(this.#entryOf[slot] ?? 0, pack.hashAt(position))) {
        if (!this.#isTrustedAt(other - 1) && this.#isTrustedAt(number))
          this.#setSlot(slot, { number, position });
        return false;
      }
      slot = (slot + 1) & mask;
    }
    this.#setSlot(slot, { number, position });
    return true;
  }

  #setSlot(slot: number, { number, position }: { number: number; position: number }): void {
    this.#packOf[slot] = number + 1;
    this.#entryOf[slot] = position;
  }

  /** Keeps the table at most two thirds full, so that every search ends. */
  #growFor(count: number): void {
    let slots = this.#packOf.length;
    while (count * 3 > slots * 2) slots *= 2;
    if (slots === this.#packOf.length) return;
    this.#packOf = new Uint32Array(slots);
    this.#entryOf = new Uint32Array(slots);
    this.#count = 0;
    this.#packs.slice(0, -1).forEach((pack, number) => this.#insertAll(number, pack));
  }

  /** The packs to trust are others than before. */
  #fillAgain(): void {
    this.#packOf.fill(0);
    this.#count = 0;
    this.#packs.forEach((pack, number) => this.#insertAll(number, pack));
  }
}
