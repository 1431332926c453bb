import { pathKeyOf } from "../../core/path/path-key.ts";
import { joinPath, pathComponents, type RelPath } from "../../core/path/rel-path.ts";
import type { LeftPath } from "../../core/plan/sync-report.ts";
import {
  candidateBytesMax,
  halfMadeAheadMaxMs,
  halfMadeQuietMs,
  isGitConfig,
  mayBecomeHead,
} from "../../core/repo/half-made.ts";
import { bareRepository } from "../../core/repo/marker.ts";
import type { WorkTrees } from "../../core/repo/work-trees.ts";
import type { LocalStat } from "../../core/tree/local-stat.ts";
import { rootNode, type NodeId } from "../../core/tree/node.ts";
import type { IndexStore, LocalSide } from "../../ports.ts";
import type { Clock } from "../../std/time.ts";
import { isSnapError } from "../../std/error.ts";
import { heldRepository, withSubject } from "./held-repository.ts";

/** What it takes to look at the files of a folder whose names alone do not tell. */
export type FileLooker = {
  readonly local: LocalSide;
  readonly index: IndexStore;
  readonly clock: Clock;
  /** What goes on in repositories whose work trees are synced; absent where none are. */
  readonly workTrees?: WorkTrees;
};

/**
 * The hold of a folder that its names alone do not show to be a bare repository: what lost one of its signs (G11, `torn`), and
 * what is perhaps only being made (G23). The latter ends by itself once nothing in the folder has changed for a while.
 *
 * @param entries what of the folder belongs to the link
 */
export async function halfMadeRepository(
  looker: FileLooker,
  folder: RelPath,
  entries: readonly LocalStat[],
): Promise<LeftPath | undefined> {
  if (bareRepository(entries) === "suspect" && (await isTorn(looker, folder, entries))) {
    return heldRepository(folder, "is a repository");
  }
  const head = entries.find(({ name, kind }) => name === "HEAD" && kind === "file");
  if (head === undefined || isSynced(looker.index, folder, head)) return undefined;
  const now = looker.clock.now();
  const quietAt = newestMs(entries, now) + halfMadeQuietMs;
  if (quietAt <= now) return undefined;
  const text = await startOf(looker.local, joinPath(folder, head.name));
  if (text !== undefined && !mayBecomeHead(text)) return undefined;
  return { ...stillMade(folder), againAt: quietAt };
}

function stillMade(path: RelPath): LeftPath {
  return {
    path,
    kind: "hold",
    reason: withSubject(path, 'may be a repository that is being made: it holds a new "HEAD"'),
    hint: "If it is none, it is synced once it has been quiet for a minute.",
  };
}

async function isTorn(
  { local }: FileLooker,
  folder: RelPath,
  entries: readonly LocalStat[],
): Promise<boolean> {
  const kinds = new Map(entries.map(({ name, kind }) => [name, kind]));
  if (kinds.get("config") === "file") {
    const text = await startOf(local, joinPath(folder, "config"));
    // What cannot be read now may be one (G4).
    if (text === undefined || isGitConfig(text)) return true;
  }
  if (kinds.get("objects") !== "folder") return false;
  const packs = await local.list(joinPath(joinPath(folder, "objects"), "pack"));
  return packs.entries.some(({ name }) => name.startsWith("pack-"));
}

/** Undefined where it cannot be read now. */
async function startOf(local: LocalSide, path: RelPath): Promise<string | undefined> {
  try {
    await using file = await local.open(path);
    return new TextDecoder().decode(await file.read(0, candidateBytesMax));
  } catch (error) {
    if (isSnapError(error)) return undefined;
    throw error;
  }
}

/** Whether the file was agreed on before: then the folder has been an ordinary one for long. */
function isSynced(index: IndexStore, folder: RelPath, head: LocalStat): boolean {
  const known = head.fileId === "" ? [] : index.nodesOfFileId(head.fileId);
  if (known.some((node) => index.synced.get(node)?.name === head.name)) return true;
  const here = nodeAt(index, folder);
  if (here === undefined) return false;
  const rows = index.local.childrenByKey(here, pathKeyOf(head.name));
  return rows.some(({ node, name }) => name === head.name && index.synced.get(node) !== undefined);
}

function nodeAt({ local }: IndexStore, folder: RelPath): NodeId | undefined {
  let node: NodeId | undefined = rootNode;
  for (const name of pathComponents(folder)) {
    const above: NodeId | undefined = node;
    if (above === undefined) return undefined;
    node = local.childrenByKey(above, pathKeyOf(name)).find((row) => row.name === name)?.node;
  }
  return node;
}

/** Of mtime and ctime: a copy keeps the former. A date that somebody set for the future would never be quiet. */
function newestMs(entries: readonly LocalStat[], now: number): number {
  let newest = 0;
  for (const { newestNs } of entries) {
    const at = Math.ceil(Number(newestNs) / 1_000_000);
    if (at > newest && at - now <= halfMadeAheadMaxMs) newest = at;
  }
  return newest;
}
