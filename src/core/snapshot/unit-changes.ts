import {
  baseName,
  isInside,
  parseRelPath,
  pathFrom,
  topPath,
  type RelPath,
} from "../path/rel-path.ts";
import { unitFolder } from "../repo/unit.ts";
import type { EntryChange } from "./diff.ts";
import type { SnapshotEntry } from "./entry.ts";

/** A part of a repository, in the words of its users. */
export type UnitPart = string;

/** A repository that is not what it was, without what its files say. */
export type ChangedUnit = {
  /** Path of its folder. */
  readonly path: RelPath;
  readonly vcs: "git" | "hg";
  /** Which parts differ, objects excepted, sorted. */
  readonly parts: readonly UnitPart[];
  /** Files of its history, loose objects and packs, that are only on one side or are not the same. */
  readonly objects: { readonly added: number; readonly removed: number; readonly changed: number };
};

/** A name that leads to a commit, and where it leads: before, after, or both. */
export type RefChange = { readonly name: string; readonly from?: string; readonly to?: string };

/** Where a repository stands: on a branch, at a commit. */
export type Standing = { readonly branch?: string; readonly commit?: string };

/** How a repository differs (N43). */
export type UnitDifference = ChangedUnit & {
  readonly change: "unit";
  /** Where it stood and stands, if that is not the same. */
  readonly head?: { readonly from: Standing; readonly to: Standing };
  /** Branches, tags, stash and bookmarks that are not the same, by name. */
  readonly refs: readonly RefChange[];
  /** Files of refs that may differ and were not read; absent for none. */
  readonly refsNotRead?: number;
};

/** A repository of which it could not be found out whether it is as it was. */
export type UnjudgedUnit = {
  readonly change: "unjudged";
  readonly path: RelPath;
  readonly vcs: "git" | "hg";
  /** For people, names escaped. */
  readonly reasons: readonly string[];
};

/**
 * Takes from changes those that are inside of repositories, which come and go file by file (N43). A repository that came or went as a
 * whole stays one line, and so do all files where somebody looks into one.
 */
export class UnitChanges {
  readonly #under: RelPath;
  readonly #units = new Map<string, Tally>();
  readonly #whole = new Set<string>();

  constructor(under: RelPath) {
    this.#under = under;
  }

  /** Whether the change is one inside of repositories, and told with them. */
  take(change: EntryChange): boolean {
    const sides = sidesOf(change);
    // A move out of one or into one is told by itself.
    if (!sides.every(({ entry }) => this.#isInside(entry))) return false;
    if (isOnlyTime(change)) return true;
    for (const { entry, how } of sides) {
      const { unit = "", path, type } = entry;
      if (unit === path && how !== "changed") this.#whole.add(unit);
      if (unit === path && (how !== "changed" || type !== "folder")) return false;
      if (!this.#whole.has(unit)) this.#tallyOf(unit).add(how, entry);
    }
    return true;
  }

  /** In the order of their first changes. */
  get changed(): readonly ChangedUnit[] {
    const units = [...this.#units].filter(([id]) => !this.#whole.has(id));
    return units.map(([, tally]) => tally.unit);
  }

  #tallyOf(unit: string): Tally {
    const tally = this.#units.get(unit) ?? new Tally(unitFolder(unit));
    this.#units.set(unit, tally);
    return tally;
  }

  /** In a repository that nobody looks into. */
  #isInside({ unit }: SnapshotEntry): boolean {
    if (unit === undefined) return false;
    const folder = unitFolder(unit);
    const isLookedInto =
      this.#under !== topPath && this.#under !== folder && isInside(this.#under, folder);
    return !isLookedInto;
  }
}

type How = "added" | "removed" | "changed";

type Side = { readonly entry: SnapshotEntry; readonly how: How };

function sidesOf(change: EntryChange): readonly Side[] {
  switch (change.change) {
    case "added":
      return [{ entry: change.after, how: "added" }];
    case "removed":
      return [{ entry: change.before, how: "removed" }];
    case "changed":
      return [{ entry: change.after, how: "changed" }];
    case "metadata":
      return [{ entry: change.after, how: "changed" }];
    case "moved":
      return [
        { entry: change.before, how: "removed" },
        { entry: change.after, how: "added" },
      ];
  }
}

/** A time alone is no change of a repository (N39). */
function isOnlyTime(change: EntryChange): boolean {
  return change.change === "metadata" && change.before.mode === change.after.mode;
}

/** What changed of one repository. */
class Tally {
  readonly #path: RelPath;
  readonly #vcs: "git" | "hg";
  readonly #parts = new Set<UnitPart>();
  readonly #objects = { added: 0, removed: 0, changed: 0 };

  constructor(path: RelPath) {
    this.#path = path;
    this.#vcs = baseName(path) === ".hg" ? "hg" : "git";
  }

  add(how: How, { path, type }: SnapshotEntry): void {
    const below = pathFrom(this.#path, parseRelPath(path));
    const part = this.#vcs === "git" ? gitPart(below) : hgPart(below);
    if (part === "objects") this.#objects[how] += type === "folder" ? 0 : 1;
    else this.#parts.add(part);
  }

  get unit(): ChangedUnit {
    const parts = [...this.#parts].toSorted();
    return { path: this.#path, vcs: this.#vcs, parts, objects: { ...this.#objects } };
  }
}

/** Names of `gitrepository-layout(5)` that users know by another word; a folder stands for all in it. */
const gitParts: Readonly<Record<string, UnitPart>> = {
  "packed-refs": "refs",
  "config.worktree": "config",
  logs: "reflog",
  modules: "submodules",
  "rebase-merge": "operation in progress",
  "rebase-apply": "operation in progress",
  sequencer: "operation in progress",
  MERGE_HEAD: "operation in progress",
  CHERRY_PICK_HEAD: "operation in progress",
  REVERT_HEAD: "operation in progress",
  BISECT_LOG: "operation in progress",
};

function gitPart(below: string): UnitPart {
  const [name = ""] = below.split("/", 1);
  if (name === "") return "permissions";
  return gitParts[name] ?? name;
}

/** What Mercurial keeps beside its history. */
const hgParts: Readonly<Record<string, UnitPart>> = {
  hgrc: "config",
  "store/phaseroots": "phases",
  "store/bookmarks": "bookmarks",
};

function hgPart(below: string): UnitPart {
  const [name = ""] = below.split("/", 1);
  if (name === "") return "permissions";
  return hgParts[below] ?? (name === "store" ? "objects" : (hgParts[name] ?? name));
}
