import type { LocalEntry, NodeId, SyncedEntry } from "../../core/tree/node.ts";
import { compareBytes, parentPath, topPath, type RelPath } from "../../core/path/rel-path.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import { allOf, localNameOf, PlacesIn } from "./known-nodes.ts";
import type { Loose } from "./findings.ts";
import { Folder } from "./folder.ts";
import { isStillThere, type Whereabouts } from "./whereabouts.ts";
import { statOfRow } from "./write.ts";
import { pairEntries, sameState, type Sighting } from "./pairing.ts";

/**
 * Pair the loose files (S19, 1 to 4 and 6). A row that took a node by its place alone takes part again where a loose file may
 * be that node by a better right; what it loses, it stays at its place as another node.
 */
export async function pairLoose(deps: Whereabouts): Promise<void> {
  const { findings } = deps;
  const files = findings.loose.filter(({ stat }) => stat.kind === "file");
  if (files.length === 0) return;
  const circle = new Circle(deps, files);
  await circle.close();
  const members = circle.members.toSorted((a, b) => compareBytes(pathOfLoose(a), pathOfLoose(b)));
  const nodes = pairEntries({
    seen: members.map(sightingOf),
    withFileId: (fileId) => syncedFiles(deps, fileId),
    isFree: (node) => !circle.held.has(node),
  });
  for (const [position, loose] of members.entries()) {
    const before = loose.node;
    loose.node = nodes[position];
    if (loose.node !== undefined) findings.missed.delete(loose.node);
    const isDisplaced = before !== undefined && before !== loose.node;
    if (isDisplaced) findings.loose.push(loose);
  }
}

/** Everything that one pairing has to see at once. */
class Circle {
  /** The loose files, and behind them the rows that take part again. */
  readonly members: Loose[];
  /** Nodes that are not to be had: what holds them is surely them. */
  readonly held = new Set<NodeId>();
  readonly #deps: Whereabouts;
  readonly #known = new Set<NodeId>();

  constructor(deps: Whereabouts, files: readonly Loose[]) {
    this.#deps = deps;
    this.members = [...files];
  }

  async close(): Promise<void> {
    for (const loose of this.members) {
      for (const node of this.#candidatesOf(loose)) {
        if (this.#known.has(node)) continue;
        this.#known.add(node);
        await this.#admit(node, loose);
      }
    }
  }

  #candidatesOf({ stat, candidates }: Loose): readonly NodeId[] {
    const byId = syncedFiles(this.#deps, stat.fileId).map(({ node }) => node);
    return [...byId, ...allOf(candidates)];
  }

  async #admit(node: NodeId, { folder, stat }: Loose): Promise<void> {
    const { index } = this.#deps;
    if (!(await isStillThere(this.#deps, node, folder.pathOf(stat.name)))) return;
    const row = index.local.get(node);
    const synced = index.synced.get(node);
    if (row === undefined) return;
    if (synced === undefined || isFirm(row, synced)) this.held.add(node);
    else this.members.push(this.#again(row));
  }

  /** A row as a loose end: it stands at its place, and is perhaps another node. */
  #again(row: LocalEntry): Loose {
    const { index } = this.#deps;
    const path = pathOf(index.local, row.node) ?? topPath;
    const facts = { path: parentPath(path) ?? topPath, node: row.parent, hasRow: true };
    const folder = new Folder({ ...facts, above: undefined, stat: undefined });
    const stat = statOfRow(row);
    const onDisk = new Set<string>();
    for (const { node, name } of index.local.children(row.parent)) {
      if (!this.#deps.findings.missed.has(node)) onDisk.add(name.normalize("NFC"));
    }
    const places = new PlacesIn(index, {
      folder: row.parent,
      unmatched: [stat],
      rows: [],
      isOnDisk: (name) => onDisk.has(name),
    });
    return { folder, stat, candidates: places.of(stat), own: undefined, node: row.node };
  }
}

/** Nothing else has a better right: it is the inode that was agreed on, unchanged or at the agreed place. */
function isFirm(row: LocalEntry, synced: SyncedEntry): boolean {
  if (row.fileId !== synced.fileId) return false;
  const isInPlace = row.parent === synced.parent && row.name === localNameOf(synced);
  return isInPlace || (row.fileId !== "" && sameState(statOfRow(row), synced));
}

function syncedFiles({ index }: Whereabouts, fileId: string): readonly SyncedEntry[] {
  if (fileId === "") return [];
  return index.nodesOfFileId(fileId).flatMap((node) => {
    const entry = index.synced.get(node);
    return entry?.kind === "file" ? [entry] : [];
  });
}

function sightingOf(loose: Loose): Sighting {
  const { fileId, size, modifiedNs } = loose.stat;
  return { ...loose.candidates, path: pathOfLoose(loose), fileId, size, modifiedNs };
}

function pathOfLoose({ folder, stat }: Loose): RelPath {
  return folder.pathOf(stat.name);
}
