import { joinPath, pathComponents, topPath, type RelPath } from "../path/rel-path.ts";
import { repositoryMarker, type EntryKind, type Vcs } from "./marker.ts";
import { markerDepth } from "./repo-path.ts";

/** How a repository is synced by override (G44). */
export type SyncedRepository = {
  /** The folder is a work tree with a gitdir in it, or it is the gitdir. */
  readonly form: "work-tree" | "gitdir";
  /** Its hooks and its configuration are synced, too (G45). */
  readonly isTrusted: boolean;
};

/** Which repositories are synced by override. */
export type Overrides = {
  /** Whether the repository whose work tree, or bare gitdir, is this folder is synced like files (G44). */
  overridden(path: RelPath): boolean;
  /** What is known of such a one; where it is absent, it is a work tree, and nothing of it is trusted. */
  repositoryAt?(path: RelPath): SyncedRepository | undefined;
};

/** Those of a larger thing alone. */
export function overridesOf(source: Overrides): Overrides {
  const overridden = (path: RelPath): boolean => source.overridden(path);
  const repositoryAt = source.repositoryAt?.bind(source);
  return { overridden, ...(repositoryAt !== undefined && { repositoryAt }) };
}

/** A path that is a gitdir which is synced by override, or lies below it. */
export type GitdirPlace = {
  /** The folder that the override names. */
  readonly repository: RelPath;
  readonly gitdir: RelPath;
  /** The way from the gitdir; empty for itself. */
  readonly inner: readonly string[];
  readonly vcs: Vcs;
  readonly isTrusted: boolean;
};

/** Undefined for whatever is no part of a repository's own files, and for repositories without an override. */
export function gitdirPlace(overrides: Overrides, path: RelPath): GitdirPlace | undefined {
  return besideWorkTree(overrides, path) ?? inBare(overrides, path);
}

function besideWorkTree(overrides: Overrides, path: RelPath): GitdirPlace | undefined {
  const depth = markerDepth(path, "folder");
  if (depth === undefined) return undefined;
  const names = pathComponents(path);
  const repository = pathTo(path, depth - 1);
  const marker = repositoryMarker(names[depth - 1] ?? "", "folder");
  if (marker === undefined || !overrides.overridden(repository)) return undefined;
  const known = overrides.repositoryAt?.(repository);
  return {
    repository,
    gitdir: pathTo(path, depth),
    inner: names.slice(depth),
    vcs: marker.vcs,
    isTrusted: known?.isTrusted === true,
  };
}

function inBare(overrides: Overrides, path: RelPath): GitdirPlace | undefined {
  if (overrides.repositoryAt === undefined) return undefined;
  const names = pathComponents(path);
  for (let depth = 0; depth <= names.length; depth += 1) {
    const gitdir = pathTo(path, depth);
    const known = overrides.repositoryAt(gitdir);
    if (known?.form !== "gitdir" || !overrides.overridden(gitdir)) continue;
    const inner = names.slice(depth);
    return { repository: gitdir, gitdir, inner, vcs: "git", isTrusted: known.isTrusted };
  }
  return undefined;
}

/** The first components of a path; it is not made anew, so that nothing of it is judged again. */
function pathTo(path: RelPath, depth: number): RelPath {
  let folder: RelPath = topPath;
  for (const [at, name] of pathComponents(path).entries()) {
    if (at >= depth) break;
    folder = joinPath(folder, name);
  }
  return folder;
}

const ownParts: ReadonlySet<string> = new Set(["objects", "logs", "packed-refs", "refs", "HEAD"]);

/** The way of an entry within the gitdir that it belongs to: a submodule in it has one of its own. */
export function wayInOwn(inner: GitdirPlace["inner"]): GitdirPlace["inner"] {
  const nested = inner[0] === "modules" ? inner.findIndex((name) => ownParts.has(name)) : 0;
  return nested > 0 ? inner.slice(nested) : inner;
}

/** Why a file of a repository stays where it is on each side (G45): it is of one device and one moment, or it is code. */
export type KeptBack = "volatile" | "code";

/** Names that only one device has, and only while Git works; `refs` and `logs` may have branches of such names. */
const volatileNames = /^(?:gc\.pid|FETCH_HEAD|fsmonitor--?.*|tmp_.*)$/iu;

/** Lists for servers that know no Git: each repack makes them anew, on each device otherwise, and nobody else reads them. */
const servedLists = /^(?:info\/refs|objects\/info\/packs)$/iu;

/** What of a gitdir is data without any doubt. Everything else may name a program, now or in a later version of Git (G14). */
const dataNames =
  /^(?:HEAD|ORIG_HEAD|packed-refs|refs|objects|logs|index|sharedindex\.[0-9a-f]+|info|description|shallow|reftable|COMMIT_EDITMSG|(?:MERGE|CHERRY_PICK|REVERT|BISECT|REBASE)_HEAD|MERGE_(?:MSG|MODE)|SQUASH_MSG|AUTO_MERGE)$/u;

/** They lead Git to the objects of any other folder. */
const alternates = /^objects\/info\/(?:http-)?alternates$/iu;

/**
 * Whether an entry below a gitdir is never synced, or only where the repository is trusted.
 *
 * @param kind of the entry itself
 */
export function keptBack(
  { inner, vcs, isTrusted }: GitdirPlace,
  kind: EntryKind,
): KeptBack | undefined {
  const [first] = inner;
  if (first === undefined) {
    // A file leads to the gitdir, which may be anywhere; of other systems nobody knows which of their files are code.
    return !isTrusted && (vcs !== "git" || kind === "file") ? "code" : undefined;
  }
  if (vcs !== "git") return isTrusted ? undefined : "code";
  if (isVolatile(inner, kind)) return "volatile";
  if (isTrusted) return undefined;
  return dataNames.test(first) && !alternates.test(inner.join("/")) ? undefined : "code";
}

function isVolatile(inner: readonly string[], kind: EntryKind): boolean {
  const last = inner.at(-1) ?? "";
  if (kind !== "folder" && /\.lock$/iu.test(last)) return true;
  if (servedLists.test(inner.join("/"))) return true;
  const isAmongRefs = inner.slice(0, -1).some((name) => name === "refs" || name === "logs");
  return !isAmongRefs && volatileNames.test(last);
}
