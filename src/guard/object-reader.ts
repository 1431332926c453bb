import type { ReadCommit } from "./commit-walk.ts";
import { oidOf, type ObjectStore } from "./git-objects.ts";
import type { GitObject } from "./git-pack-read.ts";
import { parseCommit, parseTag, parseTree, type TreeRow } from "./object-text.ts";
import { Unproven } from "./unproven.ts";

/** A commit, a tag or a tree is small; a larger one is left to Git. Bytes. */
const objectBytesMax = 16 * 1024 * 1024;

/** A tag of a tag of a tag… */
const tagDepthMax = 16;

/** Reads what commits and trees say. Each object is what its id says, or there is no answer (G36). */
export type ObjectReader = {
  /** Rejects with `Unproven`; an annotated tag is peeled. */
  readonly readCommit: ReadCommit;
  /** Rejects with `Unproven`. */
  readonly readTree: (oid: string) => Promise<readonly TreeRow[]>;
};

/** Read commits and trees of a store, bounded as the store is (G32). */
export function objectReader(store: ObjectStore): ObjectReader {
  return {
    readCommit: async (oid) => await Promise.resolve(peel(store, oid)),
    readTree: async (oid) => {
      const object = proven(store, oid);
      const rows = object.type === "tree" ? parseTree(object.content, store.hashBytes) : undefined;
      return await Promise.resolve(rows ?? unread());
    },
  };
}

function peel(store: ObjectStore, from: string): Awaited<ReturnType<ReadCommit>> {
  let oid = from;
  for (let depth = 0; depth < tagDepthMax; depth += 1) {
    const object = proven(store, oid);
    if (object.type === "commit") return { oid, ...(parseCommit(object.content) ?? unread()) };
    oid = (object.type === "tag" ? parseTag(object.content)?.oid : undefined) ?? unread();
  }
  return unread();
}

function proven(store: ObjectStore, oid: string): GitObject {
  const object = store.read(oid, objectBytesMax);
  if (typeof object === "string" || oidOf(object, store.hashBytes) !== oid) return unread();
  return object;
}

function unread(): never {
  throw new Unproven("objects-not-read");
}
