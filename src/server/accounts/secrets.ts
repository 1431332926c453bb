import { hash, timingSafeEqual } from "node:crypto";

/** What is kept of a token, a code or an app's secret: SHA-256 in hex (V78). */
export function hashOf(secret: string): string {
  return hash("sha256", secret, "hex");
}

/** Whether two texts are equal, in a time that does not tell how far they are. */
export function isSameText(one: string, other: string): boolean {
  return timingSafeEqual(hash("sha256", one, "buffer"), hash("sha256", other, "buffer"));
}
