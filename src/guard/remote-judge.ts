import {
  bareRepository,
  isDisplacedGitName,
  repositoryMarker,
  type EntryKind,
  type NamedEntry,
  type Vcs,
} from "../core/repo/marker.ts";
import { baseName, comparePaths, pathComponents, type RelPath } from "../core/path/rel-path.ts";
import { parseRelPath, parentPath } from "../core/path/rel-path.ts";

/** A file or folder of the linked folder, as the listing has it. */
export type RemoteName = { readonly path: RelPath; readonly kind: EntryKind };

/** A repository in the linked folder, by its names alone (G13). */
export type RemoteRepository = {
  /** The marker, or the bare repository itself. */
  readonly path: RelPath;
  readonly vcs: Vcs;
  readonly form: "dir" | "bare" | "displaced";
  /** Copies that an earlier sync made inside it: each may be a lost ref. */
  readonly conflictedCopies: number;
};

const bareNames: ReadonlySet<string> = new Set([
  "HEAD",
  "objects",
  "refs",
  "packed-refs",
  "reftable",
]);

/**
 * Judge a listing by the rules for a disk (G13). Names are compared without case, as the server does. Memory follows the number
 * of findings and of folders with a name out of a gitdir, not the size of the listing.
 */
export async function judgeRemote(
  listing: Iterable<RemoteName> | AsyncIterable<RemoteName>,
): Promise<RemoteRepository[]> {
  const markers = new Map<RelPath, { vcs: Vcs; conflictedCopies: number }>();
  const suspects = new Map<RelPath, Map<string, NamedEntry>>();
  for await (const { path, kind } of listing) {
    const found = firstMarker(path, kind);
    if (found === undefined) {
      noteSuspect(suspects, { path, kind });
      continue;
    }
    const known = markers.get(found.path) ?? { vcs: found.vcs, conflictedCopies: 0 };
    if (isConflictedCopy(baseName(path))) known.conflictedCopies += 1;
    markers.set(found.path, known);
  }
  const atMarkers = [...markers].map(([path, facts]) => ({ path, form: "dir" as const, ...facts }));
  const bare = [...suspects].flatMap(([folder, entries]) => judgeFolder(folder, entries));
  return [...atMarkers, ...bare].sort((a, b) => comparePaths(a.path, b.path));
}

function firstMarker(path: RelPath, kind: EntryKind): { path: RelPath; vcs: Vcs } | undefined {
  const names = pathComponents(path);
  for (const [index, name] of names.entries()) {
    const marker = repositoryMarker(name, index === names.length - 1 ? kind : "folder");
    if (marker === undefined) continue;
    return { path: parseRelPath(names.slice(0, index + 1).join("/")), vcs: marker.vcs };
  }
  return undefined;
}

function noteSuspect(
  suspects: Map<RelPath, Map<string, NamedEntry>>,
  { path, kind }: RemoteName,
): void {
  const name = canonicalName(baseName(path));
  const folder = parentPath(path);
  if (folder === undefined || !bareNames.has(name)) return;
  const entries = suspects.get(folder) ?? new Map<string, NamedEntry>();
  suspects.set(folder, entries.set(name, { name, kind }));
}

/** The server knows `HEAD` in any case. */
function canonicalName(name: string): string {
  const lowered = name.toLowerCase();
  return lowered === "head" ? "HEAD" : lowered;
}

function judgeFolder(
  folder: RelPath,
  entries: ReadonlyMap<string, NamedEntry>,
): RemoteRepository[] {
  const shape = bareRepository(entries.values());
  if (shape !== "whole" && shape !== "torn") return [];
  const form = isDisplacedGitName(baseName(folder)) ? "displaced" : "bare";
  return [{ path: folder, vcs: "git", form, conflictedCopies: 0 }];
}

function isConflictedCopy(name: string): boolean {
  return /conflicted copy|\.sync-conflict-|\(case conflict/iu.test(name);
}
