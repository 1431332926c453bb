import {
  bareRepository,
  isDisplacedGitName,
  repositoryMarker,
  repositoryParts,
  subversionServer,
  type EntryKind,
  type NamedEntry,
  type Vcs,
} from "../core/repo/marker.ts";
import {
  baseName,
  comparePaths,
  isInside,
  parentPath,
  parseRelPath,
  pathComponents,
  topPath,
  type RelPath,
} from "../core/path/rel-path.ts";

/** A file or folder of the linked folder, as the listing has it. */
export type RemoteName = { readonly path: RelPath; readonly kind: EntryKind };

/** A repository in a remote folder, by its names alone (G13). */
export type RemoteRepository = {
  /** The marker, or the bare repository itself. */
  readonly path: RelPath;
  readonly vcs: Vcs;
  readonly form: "dir" | "bare" | "displaced" | "server";
  /** Copies that an earlier sync made inside it: each may be a lost ref. */
  readonly conflictedCopies: number;
};

/** Names that make a folder a history, as they are made; the server knows them in any case. */
const partNames: ReadonlyMap<string, string> = new Map(
  repositoryParts.map((name) => [name.toLowerCase(), name]),
);

/**
 * Judge a listing by the rules for a disk (G13). Names are compared without case, as the server does. Nothing is downloaded: what
 * only the content of a file could tell is taken for a repository (G4). Memory follows the number of findings, of conflicted
 * copies and of folders with a name out of a gitdir, not the size of the listing.
 */
export async function judgeRemote(
  listing: Iterable<RemoteName> | AsyncIterable<RemoteName>,
): Promise<RemoteRepository[]> {
  const markers = new Map<RelPath, { vcs: Vcs; conflictedCopies: number }>();
  const suspects = new Map<RelPath, Suspect>();
  const copies: RelPath[] = [];
  for await (const { path, kind } of listing) {
    const found = firstMarker(path, kind);
    const isCopy = isConflictedCopy(baseName(path));
    if (found === undefined) {
      noteSuspect(suspects, { path, kind });
      if (isCopy) copies.push(path);
      continue;
    }
    const known = markers.get(found.path) ?? { vcs: found.vcs, conflictedCopies: 0 };
    if (isCopy) known.conflictedCopies += 1;
    markers.set(found.path, known);
  }
  const atMarkers = [...markers].map(([path, facts]) => ({ path, form: "dir" as const, ...facts }));
  const bare = [...suspects].flatMap(([folder, suspect]) => judgeFolder(folder, suspect, copies));
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

/** A folder with a name out of a gitdir. */
type Suspect = { readonly entries: Map<string, NamedEntry>; packs: boolean };

function noteSuspect(suspects: Map<RelPath, Suspect>, { path, kind }: RemoteName): void {
  const folder = parentPath(path);
  if (folder === undefined) return;
  const name = partNames.get(baseName(path).toLowerCase());
  if (name !== undefined) suspectAt(suspects, folder).entries.set(name, { name, kind });
  const pack = packFolder(path);
  if (pack !== undefined) suspectAt(suspects, pack).packs = true;
}

function suspectAt(suspects: Map<RelPath, Suspect>, folder: RelPath): Suspect {
  const suspect = suspects.get(folder) ?? { entries: new Map<string, NamedEntry>(), packs: false };
  suspects.set(folder, suspect);
  return suspect;
}

/** The folder whose `objects/pack` a pack lies in. */
function packFolder(path: RelPath): RelPath | undefined {
  const [, folder] = /^(?:(.*)\/)?objects\/pack\/pack-[^/]*$/isu.exec(path) ?? [];
  if (folder !== undefined) return parseRelPath(folder);
  return /^objects\/pack\/pack-[^/]*$/iu.test(path) ? topPath : undefined;
}

function judgeFolder(
  folder: RelPath,
  { entries, packs }: Suspect,
  copies: readonly RelPath[],
): RemoteRepository[] {
  const shape = bareRepository(entries.values());
  const conflictedCopies = copies.filter((copy) => isInside(copy, folder)).length;
  // The content of `config` would tell, and is not asked for.
  const isTorn = shape === "torn" || (shape === "suspect" && (packs || entries.has("config")));
  if (shape === "whole" || isTorn) {
    const form = isDisplacedGitName(baseName(folder)) ? "displaced" : "bare";
    return [{ path: folder, vcs: "git", form, conflictedCopies }];
  }
  if (!subversionServer(entries.values())) return [];
  return [{ path: folder, vcs: "svn", form: "server", conflictedCopies }];
}

function isConflictedCopy(name: string): boolean {
  return /conflicted copy|\.sync-conflict-|\(case conflict/iu.test(name);
}
