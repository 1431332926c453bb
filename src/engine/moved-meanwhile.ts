import { joinPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import type { LeftPath } from "../core/plan/sync-report.ts";
import type { FileId, NodeId } from "../core/tree/node.ts";
import type { LocalSide } from "../ports.ts";
import type { Work } from "../std/events.ts";
import { forEachLimited } from "../std/limiter.ts";
import type { Seen } from "./scan.ts";
import { judgeFolder } from "./standing.ts";
import { isTroubleWithOne } from "./trouble.ts";
import type { Missed } from "./vanished.ts";

/** Folders looked at again at once. */
const statsParallelMax = 32;

/**
 * Find, by file id, what vanished and now stands in a folder that changed after it was read. A scan misses what moves
 * from a folder it has yet to read into one that it has read already; that is no removal.
 */
export async function movedMeanwhile(
  local: LocalSide,
  missed: Missed,
  work: Work,
): Promise<readonly (readonly [NodeId, LeftPath])[]> {
  const wanted = wantedIds(missed);
  if (wanted.size === 0) return [];
  const { seen, closed } = missed.scan;
  const open = seen.filter(({ kind }, position) => kind === "folder" && !closed.has(position));
  const changed: RelPath[] = [topPath];
  const options = { parallel: statsParallelMax, signal: work.signal };
  await forEachLimited(open, options, async (folder) => {
    if (await hasChanged(local, folder)) changed.push(folder.path);
  });
  return search(local, { missed, wanted, changed });
}

/** File ids of what vanished. One that the scan did meet is a hard link, or was paired with another node. */
function wantedIds({ vanished, rows, scan }: Missed): ReadonlyMap<FileId, NodeId> {
  const met = new Set(scan.seen.map(({ stat }) => stat.fileId));
  const ids = [...vanished.nodes].map((node) => [rows.get(node)?.fileId ?? "", node] as const);
  return new Map(ids.filter(([fileId]) => fileId !== "" && !met.has(fileId)));
}

/** The stat was taken before the folder was read, so it shows every change since (S18). */
async function hasChanged(local: LocalSide, { path, stat }: Seen): Promise<boolean> {
  try {
    return (await local.stat(path))?.stamp !== stat.stamp;
  } catch (error) {
    if (isTroubleWithOne(error)) return true;
    throw error;
  }
}

type Search = {
  readonly missed: Missed;
  readonly wanted: ReadonlyMap<FileId, NodeId>;
  readonly changed: readonly RelPath[];
};

/** Folders that are new since the scan are looked into, too. */
async function search(
  local: LocalSide,
  { missed, wanted, changed }: Search,
): Promise<readonly (readonly [NodeId, LeftPath])[]> {
  const { scan, scope } = missed;
  const known = new Set(scan.seen.map(({ path }) => path));
  const found: (readonly [NodeId, LeftPath])[] = [];
  const pending = [...changed];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    const listing = await local.list(folder);
    const { inside, repository } = judgeFolder(scope, folder, listing.entries);
    if (repository !== undefined) continue;
    for (const { name, kind, fileId } of inside) {
      const path = joinPath(folder, name);
      const node = wanted.get(fileId);
      if (node !== undefined) {
        found.push([node, { path, kind: "unknown", reason: "was moved while it was looked for" }]);
      }
      if (kind === "folder" && !known.has(path)) pending.push(path);
    }
  }
  return found;
}
