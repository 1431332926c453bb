/** Randomness as an argument: a seed makes a whole run repeatable. */
export interface Rng {
  /** `count` random bytes. */
  bytes(count: number): Uint8Array;
}

/** The system's own source, fit for secrets. */
export const systemRng: Rng = {
  bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
};

/** A repeatable source for tests (mulberry32, public domain by T. Ettinger); never for secrets. */
export function seededRng(seed: number): Rng {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return { bytes: (count) => Uint8Array.from({ length: count }, () => next() & 0xff) };
}

/** `bytes` random bytes in lower-case hex: ids, nonces. */
export function randomHex(rng: Rng, byteCount: number): string {
  return Buffer.from(rng.bytes(byteCount)).toString("hex");
}

/** A number in [0, 1): for jitter. */
export function randomFraction(rng: Rng): number {
  return rng.bytes(4).reduce((sum, byte) => sum * 256 + byte, 0) / 2 ** 32;
}
