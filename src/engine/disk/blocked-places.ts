import { pathKeyOf, sameName, type PathKey } from "../../core/path/path-key.ts";
import { pathComponents } from "../../core/path/rel-path.ts";
import { rootNode, type NodeId } from "../../core/tree/node.ts";
import type { IndexStore, LocalSide } from "../../ports.ts";
import type { Findings } from "./findings.ts";
import type { Settlement } from "./settle.ts";
import type { Folder } from "./folder.ts";
import type { Unread } from "./read-content.ts";
import { rowOfFolder } from "./start.ts";
import { isTroubleWithOne } from "../trouble.ts";

/** A name in a folder that is in the trees. */
export type Place = { readonly parent: NodeId; readonly key: PathKey };

/** What a look found at places that it leaves alone. */
export type Blocking = {
  readonly findings: Findings;
  readonly settlement: Settlement;
  readonly unread: readonly Unread[];
};

/** The places where nothing can be put, since they hold something that is in no tree, or nobody could read (S29). */
export async function blockedPlaces(
  deps: { readonly index: IndexStore; readonly local: LocalSide },
  { findings, settlement, unread }: Blocking,
): Promise<readonly Place[]> {
  const places: Place[] = unread.map(({ row: { parent, key } }) => ({ parent, key }));
  const skipped = [...settlement.skipped.keys()];
  const taken = skipped.map(({ folder, stat }) => ({ folder, name: stat.name }));
  for (const { folder, name } of [...blockedIn(findings), ...taken]) {
    const parent = nodeOf(deps.index, folder);
    if (parent === undefined) continue;
    const key = pathKeyOf(name);
    const wanted = deps.index.remote.childByKey(parent, key);
    const isShared =
      wanted !== undefined && !(await isOnePlace(deps.local, folder, [name, wanted.name]));
    if (!isShared) places.push({ parent, key });
  }
  return places;
}

function* blockedIn({ notes }: Findings): Generator<{ folder: Folder; name: string }> {
  for (const { folder, blocked } of notes.notes()) {
    for (const name of blocked) yield { folder, name };
  }
}

/** A folder that was read by an earlier look may have become another node since: its path tells (S36). */
function nodeOf(index: IndexStore, folder: Folder): NodeId | undefined {
  if (folder.node === undefined || index.local.get(folder.node) !== undefined) return folder.node;
  let node: NodeId | undefined = rootNode;
  for (const name of pathComponents(folder.path)) {
    node = node === undefined ? undefined : rowOfFolder(index, node, name)?.node;
  }
  return node ?? folder.node;
}

/** Where the disk tells cases apart, two names of one key can stand side by side: what has the one leaves room for the other. */
async function isOnePlace(
  local: LocalSide,
  folder: Folder,
  [name, wanted]: readonly [string, string],
): Promise<boolean> {
  if (sameName(name, wanted)) return true;
  try {
    const there = await local.stat(folder.pathOf(wanted));
    if (there === undefined) return false;
    const here = await local.stat(folder.pathOf(name));
    return here === undefined || here.fileId === there.fileId;
  } catch (error) {
    if (isTroubleWithOne(error)) return true;
    throw error;
  }
}
