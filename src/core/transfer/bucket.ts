/** What a line may carry now: bytes that were saved up, or, below zero, bytes that are still to be waited for. */
export type Bucket = {
  readonly level: number;
  /** When that was so, ms. */
  readonly at: number;
};

/** What a rest saves up is spent at once: this much time of it, ms. */
const savedMsMax = 100;

/** Pieces in which a body is paced: those of this much time, within bounds. */
const pieceMs = 50;
const pieceBytesMin = 1024;
const pieceBytesMax = 256 * 1024;

/** Nothing saved, and nothing owed. */
export function emptyBucket(now: number): Bucket {
  return { level: 0, at: now };
}

/** The bucket some time later. A clock that was put back brings nothing, and one that was put ahead no more than a rest does. */
export function filled({ level, at }: Bucket, rate: number, now: number): Bucket {
  const elapsedMs = Math.max(0, now - at);
  const saved = level + (rate * elapsedMs) / 1_000;
  return { level: Math.min(saved, (rate * savedMsMax) / 1_000), at: now };
}

/** Time until the next piece may go, whole ms: what is owed comes first. */
export function waitOf({ level }: Bucket, rate: number): number {
  return level >= 0 ? 0 : Math.ceil((-level * 1_000) / rate);
}

/** A piece goes now, and is owed where it was not saved: so it may be of any size. */
export function spent(bucket: Bucket, bytes: number): Bucket {
  return { ...bucket, level: bucket.level - bytes };
}

/** Bytes of one piece at a rate, in bytes a second. */
export function pacedBytes(rate: number): number {
  return Math.min(Math.max(Math.round((rate * pieceMs) / 1_000), pieceBytesMin), pieceBytesMax);
}
