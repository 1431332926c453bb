import { joinPath, pathDepthMax, type RelPath } from "../../core/path/rel-path.ts";
import type { LeftPath } from "../../core/plan/sync-report.ts";
import type { FolderListing, LocalStat } from "../../core/tree/local-stat.ts";
import {
  isMarker,
  isOverridden,
  judgeFolder,
  refusal,
  type ScopeRules,
} from "../scope/standing.ts";
import { halfMadeRepository, type FileLooker } from "./half-made.ts";
import { heldRepository, withSubject } from "./held-repository.ts";

/** What it takes to look into a folder. */
export type Looker = FileLooker & { readonly scope: ScopeRules };

/** One folder as the link sees it (S22, S23). */
export type FolderLook = {
  /** Why it was not looked into: everything below is unknown or held (S29, G20). The rest is empty then. */
  readonly shut: LeftPath | undefined;
  /** Files and folders that belong to the link, in byte order of their names. */
  readonly inside: readonly LocalStat[];
  /** Left out by a rule. */
  readonly ignored: readonly LocalStat[];
  /** Links and special files: in no tree, and their place is taken. */
  readonly unsynced: readonly LocalStat[];
  /** It holds names that no text can hold: what vanished here may be one of them (S14). */
  readonly isClouded: boolean;
  /** What is left aside and has no place in any tree. */
  readonly left: readonly LeftPath[];
  /** It is the work tree of a repository whose history is left out: what goes on there is asked by each look (G25). */
  readonly isWorkTree: boolean;
};

/** Look into one folder; trouble with it is part of the answer, so that the others go on (P9). */
export async function lookInto(looker: Looker, path: RelPath): Promise<FolderLook> {
  const { local, scope } = looker;
  if (path.split("/").length >= pathDepthMax) return shutFolder(tooDeep(path));
  const listing = await local.list(path);
  const judged = judgeFolder(scope, path, listing.entries);
  const { inside, outside, repository, workTreeOf } = judged;
  const shut =
    closure(listing, repository) ??
    (await halfMade(looker, path, inside)) ??
    unclearWorkTree(looker, path) ??
    (await busyWorkTree(looker, path, workTreeOf)) ??
    (await busyRepository(looker, path, inside));
  const isWorkTree = workTreeOf !== undefined || scope.overridden(path);
  if (shut !== undefined) return { ...shutFolder(shut), isWorkTree };
  const left = listing.unsyncable.map((name) => unsyncable(path, name));
  const accepted: LocalStat[] = [];
  const unsynced: LocalStat[] = [];
  for (const stat of inside) {
    const problem = refusal(joinPath(path, stat.name), stat.name);
    if (problem !== undefined) left.push(refused(joinPath(path, stat.name), problem));
    else (stat.kind === "folder" || stat.kind === "file" ? accepted : unsynced).push(stat);
  }
  const isClouded = listing.unsyncable.length > 0;
  return {
    shut: undefined,
    inside: accepted,
    ignored: outside,
    unsynced,
    isClouded,
    left,
    isWorkTree,
  };
}

function shutFolder(shut: LeftPath): FolderLook {
  const nothing = { inside: [], ignored: [], unsynced: [], left: [] };
  return { shut, ...nothing, isClouded: false, isWorkTree: false };
}

function closure(listing: FolderListing, repository: string | undefined): LeftPath | undefined {
  const { path, trouble } = listing;
  if (trouble !== undefined) {
    const { message, hint } = trouble;
    return { path, kind: "unknown", reason: message, ...(hint !== undefined && { hint }) };
  }
  return repository === undefined ? undefined : heldRepository(path, repository);
}

async function halfMade(
  looker: Looker,
  path: RelPath,
  inside: readonly LocalStat[],
): Promise<LeftPath | undefined> {
  if (isOverridden(looker.scope, path)) return undefined;
  return await halfMadeRepository(looker, path, inside);
}

/** G50: what Git ignores is left out, and nobody can tell what that is. */
function unclearWorkTree({ scope }: Looker, path: RelPath): LeftPath | undefined {
  const why = scope.unclear?.get(path);
  if (why === undefined) return undefined;
  const hint =
    "It goes on by itself once that can be read; `snap config set gitignore sync` with --workspace syncs what Git ignores as well.";
  return { path, kind: "hold", reason: withSubject(path, why), hint };
}

/** G25: while something goes on in its repository, a work tree is no state of anything. */
async function busyWorkTree(
  { workTrees }: Looker,
  path: RelPath,
  marker: string | undefined,
): Promise<LeftPath | undefined> {
  if (marker === undefined) return undefined;
  const busy = await workTrees?.busy(path, marker);
  return busy && { ...busy, path, kind: "hold", reason: withSubject(path, busy.reason) };
}

/** G45: while something goes on in a repository that is synced itself, nothing of it moves. */
async function busyRepository(
  { workTrees, scope }: Looker,
  path: RelPath,
  inside: readonly LocalStat[],
): Promise<LeftPath | undefined> {
  if (workTrees === undefined || !scope.overridden(path)) return undefined;
  const isGitdir = scope.repositoryAt?.(path)?.form === "gitdir";
  const markers = inside.filter((stat) => stat.kind === "folder" && isMarker(stat));
  const gitdirs = isGitdir ? [path] : markers.map(({ name }) => joinPath(path, name));
  for (const gitdir of gitdirs) {
    const busy = await workTrees.resting(gitdir);
    if (busy !== undefined) {
      return { ...busy, path, kind: "hold", reason: withSubject(path, busy.reason) };
    }
  }
  return undefined;
}

function tooDeep(path: RelPath): LeftPath {
  return { path, kind: "unknown", reason: `is more than ${pathDepthMax} folders deep` };
}

function unsyncable(folder: RelPath, name: string): LeftPath {
  return {
    path: folder === "" ? name : `${folder}/${name}`,
    kind: "unknown",
    reason: "has a name that is not valid UTF-8",
    hint: "Rename it.",
  };
}

function refused(path: RelPath, reason: string): LeftPath {
  return { path, kind: "refused", reason, hint: "Rename it." };
}
