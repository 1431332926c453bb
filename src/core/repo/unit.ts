import type { Work } from "../../std/events.ts";
import type { MakeSpool } from "../../std/line-sorter.ts";
import { baseName, parseRelPath, topPath, type RelPath } from "../path/rel-path.ts";
import type { Owner } from "../tree/owner.ts";

/** A name as the disk has it. */
type Bytes = Buffer;

/** What every part of a repository is kept with (G52). */
type Kept = {
  /** Below the folder of the unit, in bytes, parts separated by `/`. */
  readonly path: Bytes;
  /** Permission bits. */
  readonly mode: number;
  /** ns since 1970. */
  readonly mtimeNs: bigint;
  readonly owner?: Owner;
};

/** A file of a unit; its content goes beside it. */
export type UnitFileEntry = Kept & {
  readonly kind: "file";
  /** Bytes of what is handed on. */
  readonly size: number;
};

/** A folder, empty ones included, or a symlink, which is never followed. */
export type UnitPlainEntry =
  | (Kept & { readonly kind: "folder" })
  | (Kept & { readonly kind: "symlink"; readonly target: Bytes });

/** Takes the content of one file. Exactly one of `done` and `drop` ends it. */
export interface UnitFileWriter {
  /** The piece is used again afterwards: what is kept has to be copied. */
  write(piece: Buffer): Promise<void>;
  done(): Promise<void>;
  /** The file changed while it was read: what came of it counts for nothing. */
  drop(): Promise<void>;
}

/** Takes a captured repository. Files come before the folders they are in; a path that comes again replaces what came first. */
export interface UnitSink {
  file(entry: UnitFileEntry): Promise<UnitFileWriter>;
  plain(entry: UnitPlainEntry): Promise<void>;
  /** What came under this path is no part of the repository any more. */
  remove(path: Bytes): Promise<void>;
}

/** How sure it is that what was captured is one repository, whole (G51). */
export type UnitWord = "verified" | "unverified" | "torn";

/** The word, and why it is no better one: for people, names escaped. */
export type UnitVerdict = { readonly word: UnitWord; readonly reasons: readonly string[] };

/** Paths are compared by this; no byte of them is lost. */
export function keyOf(path: Bytes): string {
  return path.toString("latin1");
}

/** A repository in a workspace that a snapshot takes as one unit (N43): its gitdir, itself where it is bare, or its `.hg`. */
export type UnitPlace = {
  readonly vcs: "git" | "hg";
  /** Folder of the unit, below the top of the workspace. */
  readonly path: RelPath;
};

/** How a snapshot names a workspace that is itself a repository (N43). */
export const topUnit = ".";

/** How a snapshot names the repository of a folder: by its path, the top by `topUnit`. */
export function unitIdOf(folder: RelPath): string {
  return folder === topPath ? topUnit : folder;
}

/** The folder of a repository. @throws {SnapError} `path-invalid` */
export function unitFolder(id: string): RelPath {
  return id === topUnit ? topPath : parseRelPath(id);
}

/** The repository whose folder is at a path. */
export function unitPlaceAt(path: RelPath): UnitPlace {
  return { vcs: baseName(path) === ".hg" ? "hg" : "git", path };
}

/** What a repository was like when it was captured (N24); what is not known is absent. */
export type UnitState = {
  /** Commit that is checked out. */
  readonly head?: string;
  readonly branch?: string;
  /** Files of the work tree differ from the commit. */
  readonly dirty?: boolean;
  readonly stashes?: number;
  /** A merge, rebase or the like is half done. */
  readonly operation?: string;
};

/** What the capture of a repository came to (N44, N45). Names are escaped. */
export type UnitReport = UnitVerdict & {
  readonly movedDuring: boolean;
  /** Pipes, sockets and devices. */
  readonly leftOut: readonly string[];
  readonly state: UnitState;
};

/** What the stats of a repository tell: nothing of it is opened (N5). */
export type UnitLook = {
  /**
   * A hash over all names, kinds, modes, sizes, both times and inodes. Where two are equal nothing was written in between, but for
   * what came in one tick of the clock of the disk.
   */
  readonly stamp: string;
  /** The youngest time of a file or link in it, ns since 1970: what was written so shortly before may not show (S24). */
  readonly newestNs: bigint;
  /** Pipes, sockets and devices. */
  readonly leftOut: readonly string[];
};

/** Under which stamp a unit was captured, and what came of it. */
export type KnownUnit = {
  readonly stamp: string;
  /** A hash over its entries in the snapshot, times excepted. */
  readonly content: string;
};

/** What a unit held from `startedAt` (ms since 1970) on, while it had these stats. */
export type CapturedUnit = KnownUnit & Pick<UnitLook, "newestNs"> & { readonly startedAt: number };

/** Tells of the repositories of one workspace whether they are what captures have read before (N5, N35). Only speed depends on it. */
export interface UnitKnowledge {
  known(path: RelPath): KnownUnit | undefined;
  /** Keep it, unless the stats were too young to prove it (S24). */
  note(path: RelPath, unit: CapturedUnit): void;
  /**
   * Look at the stats of all of one repository.
   *
   * @throws {SnapError} `too-large`, `interrupted`, `path-missing`
   */
  look(place: UnitPlace, work: Work): Promise<UnitLook>;
  /** What is told of one beside its content, as it is now. */
  describe(place: UnitPlace, work: Work): Promise<UnitState>;
}

/** Captures repositories of one workspace as units (N43). */
export interface RepositoryUnits {
  /**
   * Hand over everything of one repository, as it stood in one moment (N44). Nothing is written into it.
   *
   * @throws {SnapError} `too-large`, `interrupted`, `path-missing`, `refused`; whatever the sink throws
   */
  capture(place: UnitPlace, sink: UnitSink, work: Work): Promise<UnitReport>;
  /** Takes what is known of a unit until all of it is (N6). */
  readonly makeSpool: MakeSpool;
  /** Owners of what is in a unit are kept, too (N38). */
  readonly keepsOwners?: boolean;
  /** Absent where every unit is captured anew. */
  readonly knowledge?: UnitKnowledge;
}
