import { everywhere, type Where } from "../../core/live/marks.ts";
import { isInside, pathComponents, type RelPath } from "../../core/path/rel-path.ts";
import type { LeftPath } from "../../core/plan/sync-report.ts";
import type { FolderMark } from "../../core/tree/leftovers.ts";
import type { Folder } from "./folder.ts";

/** Folders that have something to tell; above it each look is one at everything (S107). */
export const notedFoldersMax = 100_000;

/** What one folder leaves to tell besides rows, from when it was last read. */
export type FolderNote = {
  readonly folder: Folder;
  /** What is left aside in it and has no place in any tree. */
  readonly left: LeftPath[];
  /** Names in it that are taken by something which is in no tree. */
  readonly blocked: string[];
  /** Paths of links and special files in it. */
  readonly unsynced: RelPath[];
  /** Itself, where it is a folder without a row that stays so (S70). */
  readonly leftovers: FolderMark[];
  /** Itself, where each look asks what goes on in its repository (G25). */
  readonly workTrees: RelPath[];
};

/** Folders that are looked at again in each look, whatever is marked. */
export type Again = {
  readonly folders: ReadonlySet<RelPath>;
  readonly whole: ReadonlySet<RelPath>;
};

type Branch = { note: FolderNote | undefined; readonly below: Map<string, Branch> };

const nowhere: Again = { folders: new Set(), whole: new Set() };

/**
 * What the looks of one process at one workspace have found and still have to tell (S29), so that a look at a few folders tells
 * what a look at everything would. It lives from one look at everything to the next; a look that does not come to its end
 * leaves nothing to build on.
 */
export class LookMemory {
  #top: Branch = emptyBranch();
  #count = 0;
  #again: Again = nowhere;
  /** By which rules it was looked; undefined where the next look has to be at everything. */
  #rules: string | undefined;
  #wholeAt: number | undefined;

  /** When the last look at everything began, ms since 1970; undefined where the next one has to be at everything. */
  get wholeAt(): number | undefined {
    return this.#rules === undefined ? undefined : this.#wholeAt;
  }

  /**
   * A look begins.
   *
   * @param rules another text where anything else may be in scope (S95)
   * @returns where it looks: where it was told, and at what has to be looked at again; or at everything
   */
  begin(where: Where, rules: string): Where {
    const canBuild = this.#rules === rules && where.kind === "folders";
    this.#rules = undefined;
    if (!canBuild || this.#count > notedFoldersMax) {
      this.#top = emptyBranch();
      this.#count = 0;
      this.#again = nowhere;
      return everywhere;
    }
    const { folders, whole } = this.#again;
    return {
      kind: "folders",
      folders: new Set([...where.folders, ...folders]),
      whole: new Set([...where.whole, ...whole]),
    };
  }

  /** A look is at its end. */
  end(ended: { readonly rules: string; readonly again: Again; readonly wholeAt?: number }): void {
    this.#rules = ended.rules;
    this.#again = ended.again;
    this.#wholeAt = ended.wholeAt ?? this.#wholeAt;
  }

  /** A folder was read: what it told before is over, and what those told that are not in it any more. */
  read(path: RelPath, isIn: (name: string) => boolean): void {
    const branch = this.#branchAt(path);
    if (branch === undefined) return;
    if (branch.note !== undefined) this.#count -= 1;
    branch.note = undefined;
    for (const [name, below] of branch.below) {
      if (isIn(name)) continue;
      branch.below.delete(name);
      this.#count -= countIn(below);
    }
  }

  /** What a folder that was read now has to tell. */
  noteOf(folder: Folder): FolderNote {
    let branch = this.#top;
    for (const name of pathComponents(folder.path)) {
      const next = branch.below.get(name) ?? emptyBranch();
      branch.below.set(name, next);
      branch = next;
    }
    if (branch.note !== undefined) return branch.note;
    this.#count += 1;
    branch.note = { folder, left: [], blocked: [], unsynced: [], leftovers: [], workTrees: [] };
    return branch.note;
  }

  /** Whether anything at or below a path is told of, or looked at again. */
  tellsOf(path: RelPath): boolean {
    if (this.#branchAt(path) !== undefined) return true;
    const { folders, whole } = this.#again;
    return [...folders, ...whole].some((folder) => isInside(folder, path));
  }

  /** Of all folders, those above first. */
  *notes(): Generator<FolderNote> {
    const pending = [this.#top];
    for (let branch = pending.pop(); branch !== undefined; branch = pending.pop()) {
      if (branch.note !== undefined) yield branch.note;
      for (const below of [...branch.below.values()].toReversed()) pending.push(below);
    }
  }

  #branchAt(path: RelPath): Branch | undefined {
    let branch: Branch | undefined = this.#top;
    for (const name of pathComponents(path)) branch = branch?.below.get(name);
    return branch;
  }
}

function emptyBranch(): Branch {
  return { note: undefined, below: new Map() };
}

function countIn({ note, below }: Branch): number {
  let count = note === undefined ? 0 : 1;
  for (const branch of below.values()) count += countIn(branch);
  return count;
}
