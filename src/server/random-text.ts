import type { Rng } from "../std/random.ts";

/** Random characters of the URL-safe base64 alphabet: ids, tokens. */
export function randomText(rng: Rng, length: number): string {
  const bytes = rng.bytes(Math.ceil((length * 3) / 4));
  return Buffer.from(bytes).toString("base64url").slice(0, length);
}
