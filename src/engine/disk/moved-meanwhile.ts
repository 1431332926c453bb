import { joinPath, topPath, type RelPath } from "../../core/path/rel-path.ts";
import type { LeftPath } from "../../core/plan/sync-report.ts";
import type { LocalStat } from "../../core/tree/local-stat.ts";
import { rootNode, type LocalEntry, type NodeId, type Stamp } from "../../core/tree/node.ts";
import type { IndexStore, LocalSide } from "../../ports.ts";
import { forEachLimited } from "../../std/limiter.ts";
import type { EngineDeps } from "../engine-deps.ts";
import type { Findings } from "./findings.ts";
import { vanishedTop } from "./whereabouts.ts";
import type { LookWork } from "./looking.ts";
import { lookInto, type Looker } from "./scan.ts";
import { Ways } from "./start.ts";
import { isTroubleWithOne } from "../trouble.ts";

/** Folders looked at again at once (S107). */
const statsParallelMax = 32;

/** Rows of folders that are read in one step. */
const pageRows = 512;

/** Paths of folders that are remembered while those below are looked for. */
const pathsMax = 4_096;

/** A second look, and what it works with. */
export type SecondLook = {
  readonly deps: EngineDeps;
  readonly looker: Looker;
  readonly findings: Findings;
};

/** A node that turned up, with what to tell. */
type Found = readonly [NodeId, LeftPath];

/**
 * Find, by file id, what vanished and now stands in a folder that changed after it was read. A walk misses what moves
 * from a folder it has yet to read into one that it has read already; that is no removal.
 */
export async function movedMeanwhile(
  second: SecondLook,
  work: LookWork,
): Promise<readonly Found[]> {
  const { deps, findings } = second;
  if (!hasIdentity(deps.index, findings)) return [];
  const changed: At[] = [{ path: topPath, node: rootNode }];
  const options = { parallel: statsParallelMax, signal: work.signal };
  await forEachLimited(openFolders(deps.index, findings), options, async (folder) => {
    if (await hasChanged(deps.local, folder)) changed.push(folder);
  });
  changed.push(...(await markedMeanwhile(second, work)));
  return await search(second, changed);
}

function hasIdentity({ local }: IndexStore, { missed }: Findings): boolean {
  for (const node of missed.keys()) {
    const row = local.get(node);
    if (row !== undefined && (row.kind === "folder" || row.fileId !== "")) return true;
  }
  return false;
}

/** What was marked since is where something may have been moved to; a look at everything has been there. */
async function markedMeanwhile(
  { deps, looker, findings }: SecondLook,
  { looking }: LookWork,
): Promise<readonly At[]> {
  const where = findings.isWhole ? undefined : looking?.meanwhile();
  if (where?.kind !== "folders") return [];
  const ways = new Ways(deps.index, looker);
  const found = new Map<RelPath, At>();
  for (const path of [...where.folders, ...where.whole]) {
    const reached = await ways.to(path);
    if (reached !== undefined) found.set(reached.folder.path, reached.folder);
  }
  return [...found.values()];
}

/** A folder that was read; one that is new since has no node. */
type At = { readonly path: RelPath; readonly node: NodeId | undefined };

type OpenFolder = At & { readonly stamp: Stamp };

/** Every folder below the top that was read, where it stands now. */
function* openFolders(index: IndexStore, findings: Findings): Generator<OpenFolder> {
  const paths = new FolderPaths(index, findings);
  const closed = new Set([...findings.closed.keys()].map(({ node }) => node));
  for (const node of visitedFolders(index, findings)) {
    const row = index.local.get(node);
    if (row === undefined || closed.has(node)) continue;
    const path = paths.of(row);
    if (path === undefined) continue;
    yield { path, node, stamp: findings.stamps.get(node) ?? row.stamp };
  }
}

/** In node order. After a look at few folders the rows of all are not gone through. */
function* visitedFolders(index: IndexStore, { visited, isWhole }: Findings): Generator<NodeId> {
  if (!isWhole) {
    yield* [...visited].toSorted((a, b) => a - b).filter((node) => node !== rootNode);
    return;
  }
  for (let page = index.localFolders(rootNode, pageRows); page.length > 0;) {
    yield* page.filter((node) => visited.has(node));
    page = index.localFolders(page.at(-1) ?? rootNode, pageRows);
  }
}

/** Paths of folders as they stand on the disk: rows of folders that were moved are not written yet. */
class FolderPaths {
  readonly #index: IndexStore;
  readonly #moved = new Map<NodeId, RelPath>();
  readonly #known = new Map<NodeId, RelPath>();

  constructor(index: IndexStore, { loose }: Findings) {
    this.#index = index;
    for (const { own } of loose) {
      if (own?.node !== undefined) this.#moved.set(own.node, own.path);
    }
  }

  of({ node, parent, name }: LocalEntry): RelPath | undefined {
    const known = this.#moved.get(node) ?? this.#known.get(node);
    if (known !== undefined) return known;
    const above = parent === rootNode ? topPath : this.#above(parent);
    if (above === undefined) return undefined;
    const path = joinPath(above, name);
    if (this.#known.size >= pathsMax) this.#known.clear();
    this.#known.set(node, path);
    return path;
  }

  #above(node: NodeId): RelPath | undefined {
    const row = this.#index.local.get(node);
    return row === undefined ? undefined : this.of(row);
  }
}

/** The stat was taken before the folder was read, so it shows every change since (S18). */
async function hasChanged(local: LocalSide, { path, stamp }: OpenFolder): Promise<boolean> {
  try {
    return (await local.stat(path))?.stamp !== stamp;
  } catch (error) {
    if (isTroubleWithOne(error)) return true;
    throw error;
  }
}

/** Folders that are new since the walk are looked into, too. */
async function search(second: SecondLook, changed: readonly At[]): Promise<readonly Found[]> {
  const { deps, looker, findings } = second;
  const met = new Set(findings.loose.map(({ stat }) => stat.fileId));
  const found: Found[] = [];
  const pending = [...changed];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    const { inside } = await lookInto(looker, folder.path);
    const rows = rowsIn(deps.index, folder);
    for (const stat of inside) {
      const path = joinPath(folder.path, stat.name);
      const row = rows.get(stat.name);
      const isMet = met.has(stat.fileId) || row?.fileId === stat.fileId;
      const node = isMet ? undefined : vanishedWithId(second, stat);
      if (node !== undefined) {
        found.push([node, { path, kind: "unknown", reason: "was moved while it was looked for" }]);
      }
      if (stat.kind === "folder" && !isMet) pending.push({ path, node: undefined });
    }
  }
  return found;
}

function rowsIn({ local }: IndexStore, { node }: At): ReadonlyMap<string, LocalEntry> {
  if (node === undefined) return new Map();
  return new Map(Array.from(local.children(node), (row) => [row.name, row]));
}

function vanishedWithId({ deps, findings }: SecondLook, stat: LocalStat): NodeId | undefined {
  const node = deps.index.nodeOfFileId(stat.fileId);
  if (node === undefined || deps.index.synced.get(node)?.kind !== stat.kind) return undefined;
  return vanishedTop(deps.index, findings, node) === undefined ? undefined : node;
}
