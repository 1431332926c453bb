import type { BlockIndex } from "./block-index.ts";
import { BlockNumbers } from "./block-set.ts";
import type { PackIndex } from "./pack-index.ts";

/** No snapshot needs it. */
export const nobody = 0;
/** Forgotten snapshots need it, and no other. */
export const forgotten = 1;
/** More than one snapshot needs it. */
export const several = 2;
/** The first snapshot alone needs it; the second is the next number. */
export const firstOwner = 3;

const countMin = 1024;

/** Bytes of blocks, before and after compression. */
export type BlockBytes = { readonly raw: number; readonly stored: number };

/** Which snapshot needs each block of a store: 4 bytes a block. */
export class BlockOwners {
  readonly #index: BlockIndex;
  readonly #numbers: BlockNumbers;
  #owners: Uint32Array = new Uint32Array(countMin);

  constructor(index: BlockIndex) {
    this.#index = index;
    this.#numbers = new BlockNumbers(index);
  }

  /** A block that no pack holds has no owner. */
  claim(hash: string, owner: number): void {
    const number = this.#numbers.of(hash);
    if (number === undefined) return;
    this.#growFor(number);
    this.#owners[number] = joined(this.#owners[number] ?? nobody, owner);
  }

  ownerOf(hash: string): number {
    const number = this.#numbers.of(hash);
    return number === undefined ? nobody : (this.#owners[number] ?? nobody);
  }

  /** Bytes by owner; a compressed block is its share of the frame that it lies in. Copies that are not read are nobody's. */
  sums(): ReadonlyMap<number, BlockBytes> {
    const sums = new Map<number, BlockBytes>();
    for (const [number, [, pack]] of this.#index.packs().entries()) {
      const rawOfFrame = contentOfFrames(pack);
      for (let position = 0; position < pack.entryCount; position += 1) {
        const { frame, length } = pack.entry(position);
        const owner = this.#owners[this.#numbers.at(number, position)] ?? nobody;
        const before = sums.get(owner) ?? { raw: 0, stored: 0 };
        const share = length / Math.max(1, rawOfFrame[frame] ?? 0);
        const stored = before.stored + pack.frame(frame).length * share;
        sums.set(owner, { raw: before.raw + length, stored });
      }
    }
    return sums;
  }

  #growFor(number: number): void {
    if (number < this.#owners.length) return;
    const grown = new Uint32Array(Math.max(number + 1, this.#owners.length * 2));
    grown.set(this.#owners);
    this.#owners = grown;
  }
}

function joined(before: number, owner: number): number {
  if (before === nobody || before === owner || before === forgotten) return owner;
  return owner === forgotten || owner === nobody ? before : several;
}

/** Bytes of the blocks in each frame. */
function contentOfFrames(pack: PackIndex): readonly number[] {
  const sums = Array.from({ length: pack.frameCount }, () => 0);
  for (let position = 0; position < pack.entryCount; position += 1) {
    const { frame, length } = pack.entry(position);
    sums[frame] = (sums[frame] ?? 0) + length;
  }
  return sums;
}
