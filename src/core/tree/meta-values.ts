import { isRelPath, type RelPath } from "../path/rel-path.ts";
import type { MetaKey } from "./index-rows.ts";

/**
 * Whether a single fact of the index can be what this program wrote (X26). A wrong one that would be believed, or would stop every
 * run at the same place, makes the index a damaged one (S77). `last_left` is not asked: a broken one counts as nothing.
 */
export function isSoundMeta(key: MetaKey, value: string): boolean {
  return rules.get(key)?.(value) ?? true;
}

/** Paths as the index keeps them, as JSON; undefined for anything else. */
export function parsePaths(text: string): readonly RelPath[] | undefined {
  try {
    return toPaths(JSON.parse(text));
  } catch {
    // No JSON.
    return undefined;
  }
}

/** A list of paths from a document that anything may have written; undefined for anything else. */
export function toPaths(list: unknown): readonly RelPath[] | undefined {
  if (!Array.isArray(list)) return undefined;
  const names = list.filter((path: unknown) => typeof path === "string");
  return names.length === list.length && names.every(isRelPath) ? names : undefined;
}

const isCount = (value: string): boolean =>
  /^\d{1,16}$/.test(value) && Number.isSafeInteger(+value);

const arePaths = (value: string): boolean => parsePaths(value) !== undefined;

const isTime = (value: string): boolean => !Number.isNaN(Date.parse(value));

/** A generation or `-`, and a rev. */
const isBeacon = (value: string): boolean => /^(?:-|\d{1,16}) \S+$/.test(value);

const rules: ReadonlyMap<MetaKey, (value: string) => boolean> = new Map([
  ["generation", isCount],
  ["marked", isCount],
  ["copied_at", isCount],
  ["checked_at", isCount],
  ["differences", isCount],
  ["last_synced_at", isTime],
  ["beacon", isBeacon],
  ["excluded", arePaths],
  ["excluding", arePaths],
  ["relist", arePaths],
  ["moved", arePaths],
]);

/** The facts that are asked of a copy before it takes the place of an index. */
export const checkedMeta: readonly MetaKey[] = [...rules.keys()];
