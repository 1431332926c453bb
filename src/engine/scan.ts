import { joinPath, pathDepthMax, topPath, type RelPath } from "../core/path/rel-path.ts";
import type { LeftPath } from "../core/plan/sync-report.ts";
import type { FolderListing, LocalStat } from "../core/tree/local-stat.ts";
import type { Kind } from "../core/tree/node.ts";
import type { LocalSide } from "../ports.ts";
import { throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { Clock } from "../std/time.ts";
import { judgeFolder, refusal, type ScopeRules } from "./standing.ts";

/** Position of a folder in `Scan.seen`; the top has none. */
export const topPosition = -1;

/** A file or folder that stands on the disk and belongs to the link. */
export type Seen = {
  readonly path: RelPath;
  readonly parent: number;
  readonly kind: Kind;
  readonly stat: LocalStat;
};

/** Something on the disk that is in no tree and takes a place: a link, a special file, what a rule leaves out. */
export type Foreign = {
  readonly parent: number;
  readonly name: string;
  readonly path: RelPath;
  readonly why: "ignored" | "unsynced";
};

/** One look at the whole workspace (S22, S23). */
export type Scan = {
  /** Before the first folder was read, ms since 1970. */
  readonly startedAt: number;
  /** Parents before children, siblings in byte order of their names. */
  readonly seen: readonly Seen[];
  readonly foreign: readonly Foreign[];
  /** By position: folders that were not looked into, so that everything below is unknown or held (S29, G20). */
  readonly closed: ReadonlyMap<number, LeftPath>;
  /** Positions of folders with names that no text can hold: what vanished there may be one of them (S14). */
  readonly clouded: ReadonlySet<number>;
  /** What is left aside and has no place in any tree. */
  readonly left: readonly LeftPath[];
};

type Growing = {
  readonly seen: Seen[];
  readonly foreign: Foreign[];
  readonly closed: Map<number, LeftPath>;
  readonly clouded: Set<number>;
  readonly left: LeftPath[];
};

type Look = { readonly local: LocalSide; readonly clock: Clock; readonly scope: ScopeRules };

/** Look at every folder that belongs to the link; trouble with one is noted and the others go on (P9). */
export async function scanWorkspace(look: Look, work: Work): Promise<Scan> {
  const startedAt = look.clock.now();
  const growing: Growing = {
    seen: [],
    foreign: [],
    closed: new Map(),
    clouded: new Set(),
    left: [],
  };
  const pending: number[] = [topPosition];
  for (let position = pending.pop(); position !== undefined; position = pending.pop()) {
    throwIfAborted(work.signal);
    const first = growing.seen.length;
    await scanFolder(look, { growing, position });
    for (let child = growing.seen.length - 1; child >= first; child -= 1) {
      if (growing.seen[child]?.kind === "folder") pending.push(child);
    }
    work.onProgress?.({
      step: "scan",
      done: growing.seen.length,
      total: undefined,
      bytes: 0,
      bytesTotal: undefined,
    });
  }
  return { startedAt, ...growing };
}

type FolderAt = { readonly growing: Growing; readonly position: number };

async function scanFolder({ local, scope }: Look, { growing, position }: FolderAt): Promise<void> {
  const path = growing.seen[position]?.path ?? topPath;
  if (path.split("/").length >= pathDepthMax) {
    growing.closed.set(position, tooDeep(path));
    return;
  }
  const listing = await local.list(path);
  const { inside, outside, repository } = judgeFolder(scope, path, listing.entries);
  const shut = closure(listing, repository);
  if (shut !== undefined) {
    growing.closed.set(position, shut);
    return;
  }
  noteUnsyncable(listing, { growing, position });
  for (const stat of outside) noteForeign(growing, { position, path, stat, why: "ignored" });
  for (const stat of inside) note(growing, { position, path, stat });
}

function closure(listing: FolderListing, repository: string | undefined): LeftPath | undefined {
  const { path, trouble } = listing;
  if (trouble !== undefined) {
    const { message, hint } = trouble;
    return { path, kind: "unknown", reason: message, ...(hint !== undefined && { hint }) };
  }
  return repository === undefined ? undefined : heldRepository(path, repository);
}

/** The report of a repository that appeared after linking (G20). */
export function heldRepository(path: RelPath, sign: string): LeftPath {
  const name = path === "" ? "the workspace itself" : "this folder";
  return {
    path,
    kind: "hold",
    reason: `${name} ${sign}`,
    hint: "See snap guard: leave it out with a line in .mignore, or record an override.",
  };
}

function tooDeep(path: RelPath): LeftPath {
  return { path, kind: "unknown", reason: `is more than ${pathDepthMax} folders deep` };
}

function noteUnsyncable(listing: FolderListing, { growing, position }: FolderAt): void {
  if (listing.unsyncable.length > 0) growing.clouded.add(position);
  for (const name of listing.unsyncable) {
    growing.left.push({
      path: listing.path === "" ? name : `${listing.path}/${name}`,
      kind: "unknown",
      reason: "has a name that is not valid UTF-8",
      hint: "Rename it.",
    });
  }
}

type Found = { readonly position: number; readonly path: RelPath; readonly stat: LocalStat };

function note(growing: Growing, found: Found): void {
  const { stat, position } = found;
  const path = joinPath(found.path, stat.name);
  const problem = refusal(path, stat.name);
  if (problem !== undefined) {
    const hint = "Rename it.";
    growing.left.push({ path, kind: "refused", reason: problem, hint });
  } else if (stat.kind === "folder" || stat.kind === "file") {
    growing.seen.push({ path, parent: position, kind: stat.kind, stat });
  } else {
    noteForeign(growing, { ...found, why: "unsynced" });
  }
}

function noteForeign(growing: Growing, found: Found & { readonly why: Foreign["why"] }): void {
  const { position, stat, why } = found;
  const path = joinPath(found.path, stat.name);
  growing.foreign.push({ parent: position, name: stat.name, path, why });
}
