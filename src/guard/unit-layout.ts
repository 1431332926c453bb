import type { EntryKind } from "../core/repo/marker.ts";
import type { RawEntry } from "./read-only.ts";

/**
 * When a file of the history is captured: those of a lower rank first. `fixed` files are named by their content, so that one
 * of the same name and size is the same; of the others every state counts.
 */
export type Rank = { readonly rank: number; readonly fixed: boolean; readonly watched: boolean };

/** What of a repository is history (captured last, in order), state (captured first), or neither (G51). */
export type UnitLayout = {
  /** Whether a folder begins a part of the history. */
  readonly isHistory: (path: string, siblings: ReadonlySet<string>) => boolean;
  /** Names that are no part of a repository at rest. */
  readonly isLeftOut: (name: string, path: string) => boolean;
  readonly isLock: (name: string, path: string) => boolean;
  readonly isTemporary: (name: string) => boolean;
  readonly rankOf: (path: string) => Rank;
  /** State is read in this order, from 0 on: what names others before what is named. */
  readonly stateOrder: (path: string) => number;
  readonly stateOrders: number;
};

const loose: Rank = { rank: 0, fixed: true, watched: false };
const pack: Rank = { rank: 1, fixed: true, watched: true };
const packIndex: Rank = { rank: 2, fixed: true, watched: true };
const beside: Rank = { rank: 3, fixed: false, watched: true };

/**
 * Git. Refs are read before `packed-refs`: `git pack-refs` writes the file first and removes the ref afterwards, so in this order
 * none is missed. A pack comes before its index, as Git makes them visible; lists over several packs come last.
 */
export const gitLayout: UnitLayout = {
  isHistory: (path, siblings) =>
    /^(?:lfs|annex)\/objects$/u.test(path) ||
    (/(?:^|\/)objects$/u.test(path) &&
      (path === "objects" || siblings.has("HEAD") || siblings.has("refs"))),
  isLeftOut: (name) => name.endsWith(".lock") || name === "gc.pid",
  isLock: (name) => name.endsWith(".lock"),
  isTemporary: (name) => /^\.?(?:tmp[_-]|incoming-)/u.test(name),
  rankOf: (path) => {
    if (/(?:^|\/)pack\/[^/]*\.pack$/u.test(path)) return pack;
    if (/(?:^|\/)pack\/[^/]*\.idx$/u.test(path)) return packIndex;
    return /(?:^|\/)objects\/(?:pack|info)\//u.test(path) ? beside : loose;
  },
  stateOrder: (path) => {
    if (/(?:^|\/)refs\//u.test(path)) return 0;
    return /(?:^|\/)packed-refs$/u.test(path) ? 1 : 2;
  },
  stateOrders: 3,
};

/**
 * Mercurial. A transaction writes files' revisions first, then the manifest, then the changelog, and its readers go the other way:
 * from the changelog to what it names. So does the capture: what comes later in it may hold more than is named, never less. Within
 * one log the index `.i` names places in the data `.d`, so it goes first as well. Logs only grow, and each is captured up to the
 * size that the listing told. What is replaced instead (`fncache`, `phaseroots`, a log that was stripped) would not fit to that, and
 * `hg verify` complains of revisions that no changeset names; therefore every file is watched, and taken again until none changes.
 */
export const hgLayout: UnitLayout = {
  isHistory: (path) => path === "store",
  isLeftOut: (_, path) => path === "wlock" || path === "store/lock",
  isLock: (_, path) => path === "wlock" || path === "store/lock",
  isTemporary: () => false,
  rankOf: (path) => ({ rank: hgRank(path), fixed: false, watched: true }),
  stateOrder: () => 0,
  stateOrders: 1,
};

function hgRank(path: string): number {
  if (path === "store/phaseroots" || path === "store/obsstore") return 0;
  if (path.startsWith("store/00changelog")) return path.endsWith(".i") ? 1 : 2;
  if (/^store\/(?:00manifest|meta\/)/u.test(path)) return path.endsWith(".i") ? 3 : 4;
  return path.endsWith(".i") ? 5 : 6;
}

/** Only these have a place in a unit; pipes, sockets and devices have not. */
export function isKept(kind: EntryKind): kind is "file" | "folder" | "symlink" {
  return kind !== "special";
}

/** Names in a folder, to judge each by its neighbours. */
export function namesOf(entries: readonly RawEntry[]): ReadonlySet<string> {
  return new Set(entries.map(({ name }) => name));
}
