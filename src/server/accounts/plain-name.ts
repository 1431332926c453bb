const unitsMax = 100;

/**
 * Whether a name of an account or app can be shown and be part of a file name: one line, not blank, without controls,
 * marks that turn the direction of writing, and slashes.
 */
export function isPlainName(name: string): boolean {
  if (name.trim() === "" || name.length > unitsMax || !name.isWellFormed()) return false;
  return !/[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069/\\]/u.test(name);
}
