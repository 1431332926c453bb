import type { IgnoreRules } from "../../core/ignore.ts";
import { isOutsideName, nameProblem } from "../../core/path/names.ts";
import {
  joinPath,
  pathBytesMax,
  pathComponents,
  pathDepthMax,
  topPath,
  type RelPath,
} from "../../core/path/rel-path.ts";
import {
  bareRepository,
  repositoryMarker,
  subversionServer,
  type NamedEntry,
} from "../../core/repo/marker.ts";
import {
  gitdirPlace,
  keptBack,
  type KeptBack,
  type Overrides,
} from "../../core/repo/gitdir-path.ts";
import type { Exclusions } from "../../core/exclusions.ts";
import { rootNode, type Entry, type NodeId, type RemoteEntry } from "../../core/tree/node.ts";
import type { TreeView } from "../../core/tree/tree-view.ts";

/** What decides which paths belong to a link. */
export type ScopeRules = Overrides & {
  readonly rules: IgnoreRules;
  /** What is done with repositories: hold their folder, or leave their own files out (G43, G46). */
  readonly repos: "refuse" | "exclude";
  /** Folders that stay on the server (S93). */
  readonly exclusions: Exclusions;
  /** Work trees that are held, and why: nobody can tell what Git ignores there (G50). */
  readonly unclear?: ReadonlyMap<RelPath, string>;
};

/** How the entries of one folder stand to the link. */
export type FolderJudgement<T extends NamedEntry> = {
  readonly inside: readonly T[];
  /** Left out by a rule, by their name, or as files of a repository whose work tree alone is synced. */
  readonly outside: readonly T[];
  /** What shows that the folder is a repository and must be held (G20), as the end of a sentence. */
  readonly repository: string | undefined;
  /** The name that makes it the work tree of a repository whose own files are left out (G46). */
  readonly workTreeOf?: string;
};

/**
 * Judge a folder by its own entries, from the disk or from a tree (S90, S92, G10, G11). A marker that a rule covers is
 * no finding (G9).
 */
export function judgeFolder<T extends NamedEntry>(
  scope: ScopeRules,
  folder: RelPath,
  entries: readonly T[],
): FolderJudgement<T> {
  const isSynced = isOverridden(scope, folder);
  const [outside, visible] = partition(
    entries,
    (entry) =>
      isLeftOut(scope, folder, entry) ||
      (isSynced && keptBackIn(scope, folder, entry) !== undefined),
  );
  const marker = visible.find(isMarker);
  const gitdir = isGitdir(visible);
  if ((marker === undefined && !gitdir) || isSynced) {
    return { inside: visible, outside, repository: undefined };
  }
  // G46: what is nothing but a repository has no work tree that could go without it.
  if (marker === undefined || gitdir || scope.repos === "refuse") {
    const sign = marker === undefined ? "is a repository" : `holds a repository: "${marker.name}"`;
    return { inside: visible, outside, repository: sign };
  }
  const [ownFiles, inside] = partition(visible, isMarker);
  return {
    inside,
    outside: [...outside, ...ownFiles],
    repository: undefined,
    workTreeOf: marker.name,
  };
}

/** The override of a work tree goes for the gitdir in it, which would otherwise pass for a bare repository (G44). */
export function isOverridden(scope: ScopeRules, folder: RelPath): boolean {
  return scope.overridden(folder) || gitdirPlace(scope, folder) !== undefined;
}

/** What of a repository that is synced by override stays where it is (G45). */
function keptBackIn(scope: ScopeRules, folder: RelPath, entry: NamedEntry): KeptBack | undefined {
  const place = gitdirPlace(scope, joinPath(folder, entry.name));
  return place && keptBack(place, entry.kind);
}

/** Whether an entry of the server is taken into the link, in a folder that is: as `judgeFolder` says, which holds what it finds. */
export function isTaken(scope: ScopeRules, folder: RelPath, entry: NamedEntry): boolean {
  if (isLeftOut(scope, folder, entry)) return false;
  if (!isOverridden(scope, folder)) return !isMarker(entry);
  return keptBackIn(scope, folder, entry) === undefined;
}

/** Whether a name in a folder is left out by a rule, whatever stands beside it. */
export function isLeftOut(scope: ScopeRules, folder: RelPath, { name, kind }: NamedEntry): boolean {
  if (isOutsideName(name)) return true;
  const path = joinPath(folder, name);
  // Whatever has the name of an excluded folder: it could not be uploaded beside it.
  if (scope.exclusions.has(path)) return true;
  return scope.rules.ignores(path, kind === "folder" ? "folder" : "file");
}

/** Whether the name and kind of an entry mark a repository (G11). */
export function isMarker({ name, kind }: NamedEntry): boolean {
  return repositoryMarker(name, kind) !== undefined;
}

/** A `suspect` shape is left to the guard, which may read files: `objects` and `refs` are ordinary names, too. */
function isGitdir(entries: readonly NamedEntry[]): boolean {
  const shape = bareRepository(entries);
  return shape === "whole" || shape === "torn" || subversionServer(entries);
}

/** Where an entry of a tree stands: in the link, or out of it, with the reason if the user should know. */
export type Standing<E extends Entry = Entry> = {
  readonly entry: E;
  readonly path: RelPath;
  readonly scope: RemoteEntry["scope"];
  /** Why it is refused; only at the top of what is refused. */
  readonly reason?: string;
};

/** A folder of a tree that is a repository, to be held with all below it (G20). */
export type RepositoryFound = {
  readonly node: NodeId;
  readonly path: RelPath;
  readonly sign: string;
};

/** A folder whose entries are judged. */
export type JudgedFolder = {
  readonly node: NodeId;
  readonly path: RelPath;
  readonly scope: RemoteEntry["scope"];
};

/** Judge every entry of a tree; what lies below an entry that is out of scope is so too. */
export function* standings<E extends Entry>(
  tree: TreeView<E>,
  scope: ScopeRules,
  onRepository: (found: RepositoryFound) => void = () => {},
): Generator<Standing<E>> {
  const pending: JudgedFolder[] = [{ node: rootNode, path: topPath, scope: "in" }];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    const children = [...tree.children(folder.node)];
    for (const standing of folderStandings(children, { folder, scope, onRepository })) {
      yield standing;
      const { entry, path } = standing;
      if (entry.kind === "folder") pending.push({ node: entry.node, path, scope: standing.scope });
    }
  }
}

/** A folder, the rules, and who is told that it is a repository. */
export type FolderContext = {
  readonly folder: JudgedFolder;
  readonly scope: ScopeRules;
  readonly onRepository: (found: RepositoryFound) => void;
};

/** Of a folder whose names alone do not tell: a repository only if files of certain content, or packs, are in it. */
export const suspectSign = "may be a repository: only the content of its files could tell";

/** Judge entries of one folder; all of them, unless the caller knows what the others cannot change. */
export function folderStandings<E extends Entry>(
  children: readonly E[],
  { folder, scope, onRepository }: FolderContext,
): readonly Standing<E>[] {
  const at = (entry: E): RelPath => joinPath(folder.path, entry.name);
  if (folder.scope !== "in") {
    return children.map((entry) => ({ entry, path: at(entry), scope: folder.scope }));
  }
  const { inside, outside, repository } = judgeFolder(scope, folder.path, children);
  const { node, path } = folder;
  if (repository !== undefined) onRepository({ node, path, sign: repository });
  else if (bareRepository(inside) === "suspect" && !isOverridden(scope, path)) {
    onRepository({ node, path, sign: suspectSign });
  }
  return [
    ...outside.map((entry): Standing<E> => {
      const path = at(entry);
      const isCode = !isLeftOut(scope, folder.path, entry) && isUntrusted(scope, folder, entry);
      return isCode
        ? { entry, path, scope: "refused", reason: codeOfRepository }
        : { entry, path, scope: "ignored" };
    }),
    ...inside.map((entry): Standing<E> => {
      const path = at(entry);
      // Who holds the folder tells of the marker, too: it is never downloaded (G14).
      if (repository !== undefined && isMarker(entry)) return { entry, path, scope: "refused" };
      const reason = refusal(path, entry.name);
      return reason === undefined
        ? { entry, path, scope: "in" }
        : { entry, path, scope: "refused", reason };
    }),
  ];
}

/** As the end of a sentence (G14, G45). */
const codeOfRepository =
  "may be code of a repository, which stays on the server: `snap guard override --trust` lets it down";

function isUntrusted(scope: ScopeRules, folder: JudgedFolder, entry: NamedEntry): boolean {
  const { path } = folder;
  return isOverridden(scope, path) && keptBackIn(scope, path, entry) === "code";
}

/** A path of so many characters is neither too deep nor too long: each has at most three bytes. */
const pathLengthSafe = Math.min(pathDepthMax, Math.floor(pathBytesMax / 3));

/** Why no disk of ours can hold a place (S14, X13), as the end of a sentence. */
export function refusal(path: RelPath, name: string): string | undefined {
  const problem = nameProblem(name);
  if (problem !== undefined) return `has a name that ${problem}`;
  if (path.length <= pathLengthSafe) return undefined;
  if (pathComponents(path).length > pathDepthMax)
    return `is more than ${pathDepthMax} folders deep`;
  const tooLong = Buffer.byteLength(path) > pathBytesMax;
  return tooLong ? `has a path of more than ${pathBytesMax} bytes` : undefined;
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): readonly [T[], T[]] {
  const yes: T[] = [];
  const no: T[] = [];
  for (const item of items) (test(item) ? yes : no).push(item);
  return [yes, no];
}
