/** A pack, and how much of it is needed; bytes before compression, but for `length`. */
export type PackUse = {
  readonly name: string;
  /** Bytes of the pack. */
  readonly length: number;
  readonly raw: number;
  readonly live: number;
  /** Whether it is not known to be damaged. */
  readonly isTrusted: boolean;
};

/** What becomes of the packs of one kind (N56). */
export type PrunePlan = {
  /** Nothing in them is needed. */
  readonly drop: readonly PackUse[];
  /** What is needed of them goes into new packs. */
  readonly rewrite: readonly PackUse[];
  /** Bytes of packs that will not be needed any more, as far as can be told before. */
  readonly freed: number;
  /** Bytes that nobody needs and that stay all the same. */
  readonly deadLeft: number;
};

/** A pack with a larger share that nobody needs is rewritten. */
const deadShareMax = 0.3;
/** More packs below this size than so many are put together. */
const smallBytes = 4 * 1024 * 1024;
const smallPacksMax = 32;

/** N57: what must be gained, as a share of the store or in bytes. */
const worthShare = 0.05;
const worthBytes = 1024 ** 3;

/**
 * Decide over the packs of one kind (N56). Packs known to be damaged are never rewritten: what they still hold must not get
 * a sound name. With a limit, those with the most to gain come first; `rewriteMax` is in bytes of packs read.
 */
export function planPrune(
  packs: readonly PackUse[],
  rewriteMax: number = Number.POSITIVE_INFINITY,
): PrunePlan {
  const drop = packs.filter(({ live }) => live === 0);
  const needed = packs.filter(({ live }) => live > 0);
  const small = needed.filter(({ length, isTrusted }) => isTrusted && length < smallBytes);
  const isCrowded = small.length > smallPacksMax;
  const isWorn = (pack: PackUse): boolean => 1 - pack.live / pack.raw > deadShareMax;
  const candidates = needed
    .filter((pack) => pack.isTrusted && (isWorn(pack) || (isCrowded && pack.length < smallBytes)))
    .toSorted((a, b) => deadIn(b) - deadIn(a) || (a.name < b.name ? -1 : 1));
  const rewrite = within(candidates, rewriteMax);
  const chosen = new Set(rewrite);
  const freed = sum(drop, ({ length }) => length) + sum(rewrite, deadIn);
  const deadLeft = sum(
    needed.filter((pack) => !chosen.has(pack)),
    deadIn,
  );
  return { drop, rewrite, freed, deadLeft };
}

/** As many from the front as fit; smaller ones behind one that does not may still. */
function within(packs: readonly PackUse[], bytesMax: number): readonly PackUse[] {
  let left = bytesMax;
  return packs.filter(({ length }) => {
    if (length > left) return false;
    left -= length;
    return true;
  });
}

/** Stored bytes of a pack that nobody needs: its blocks are taken to be compressed alike. */
export function deadIn({ length, raw, live }: PackUse): number {
  return raw === 0 ? length : Math.round(length * (1 - live / raw));
}

/** Whether so much is worth a prune that nobody asked for (N57). */
export function isWorthPruning(freed: number, storeBytes: number): boolean {
  return freed >= worthBytes || (freed > 0 && freed >= storeBytes * worthShare);
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
