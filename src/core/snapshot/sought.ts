import { globSource } from "../path/glob.ts";
import { isHash } from "./checked-json.ts";
import type { SnapshotEntry } from "./entry.ts";

/**
 * What `snap find` looks for. 64 hex digits are a content hash, or the hash of one block; with a slash it is a glob on whole paths,
 * without one on names in any folder.
 *
 * @throws {SnapError} `path-invalid` for too many wildcards
 */
export function soughtBy(
  text: string,
  options: { readonly ignoreCase: boolean },
): (entry: SnapshotEntry) => boolean {
  const lower = text.toLowerCase();
  if (isHash(lower)) return ({ hash, blocks }) => hash === lower || (blocks ?? []).includes(lower);
  const plain = text.replace(/^(?:\.?\/)+/u, "").replace(/\/+$/u, "");
  const flags = options.ignoreCase ? "sui" : "su";
  const glob = new RegExp(`^${globSource(plain)}$`, flags);
  const isPath = text.includes("/");
  // A name that has such characters itself is found too.
  const isMeant = (name: string): boolean => name === plain || glob.test(name);
  return ({ path }) => isMeant(isPath ? path : path.slice(path.lastIndexOf("/") + 1));
}
