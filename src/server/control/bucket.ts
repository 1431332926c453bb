/** A token bucket: so much may be spent in a second, and so much at once after a rest. */
export type Bucket = { readonly perSecond: number; readonly burst: number };

/** What is in a bucket; less than nothing where more was spent than there was. */
export type Level = { readonly tokens: number; readonly atMs: number };

/** A bucket that has rested. */
export function full({ burst }: Bucket, nowMs: number): Level {
  return { tokens: burst, atMs: nowMs };
}

/** What is in the bucket now. A clock that was put back adds nothing, and takes nothing. */
export function refill(
  { perSecond, burst }: Bucket,
  { tokens, atMs }: Level,
  nowMs: number,
): Level {
  const added = (Math.max(0, nowMs - atMs) * perSecond) / 1000;
  return { tokens: Math.min(burst, tokens + added), atMs: nowMs };
}

/** What is left after spending; what was not there is owed. */
export function spend({ tokens, atMs }: Level, amount: number): Level {
  return { tokens: tokens - amount, atMs };
}

/** How long until the bucket has so many tokens. */
export function waitFor(bucket: Bucket, level: Level, tokens: number): number {
  return Math.max(0, ((tokens - level.tokens) * 1000) / bucket.perSecond);
}
