import { isCaseConflictNameOf } from "../path/names.ts";
import { pathKeyOf, sameName, type PathKey } from "../path/path-key.ts";
import { rootNode, type Entry, type NodeId } from "../tree/node.ts";
import { descendants, MemoryTree } from "../tree/tree-view.ts";
import { sameContent } from "./content.ts";
import type { Rebind, SyncedLike, Trees } from "./merge-result.ts";

/**
 * Find the nodes that are only in local and, at the same place, only in remote, of one kind and with equal content:
 * they are one node, whether or not the synced tree knew either of them (S36). Parents come before their children.
 */
export function findRebinds(trees: Trees, held: ReadonlySet<NodeId>): readonly Rebind[] {
  const search = new RebindSearch(trees, held);
  // Folders first, top down: what they hold is at one place only once they are one node.
  for (const remote of descendants(trees.remote, rootNode)) search.visit(remote);
  return search.found;
}

class RebindSearch {
  readonly found: Rebind[] = [];
  readonly #trees: Trees;
  readonly #held: ReadonlySet<NodeId>;
  /** The local folder that is a remote one. */
  readonly #localOf = new Map<NodeId, NodeId>();
  readonly #used = new Set<NodeId>();
  readonly #names = new Map<NodeId, Map<PathKey, Entry[]>>();

  constructor(trees: Trees, held: ReadonlySet<NodeId>) {
    this.#trees = trees;
    this.#held = held;
  }

  visit(remote: Entry): void {
    if (this.#held.has(remote.node) || this.#trees.local.get(remote.node) !== undefined) return;
    const parent = this.#localOf.get(remote.parent) ?? remote.parent;
    const local = this.#atPlace(parent, remote) ?? this.#caseTwin(parent, remote);
    if (local === undefined) return;
    this.#used.add(local.node);
    this.#localOf.set(remote.node, local.node);
    this.found.push({ from: local.node, to: remote.node });
  }

  #atPlace(parent: NodeId, remote: Entry): Entry | undefined {
    const first = this.#trees.local.childByKey(parent, remote.key);
    if (first === undefined) return undefined;
    if (sameName(first.name, remote.name) && this.#isOneWith(first, remote)) return first;
    // A disk that tells cases apart may hold several names of one key; the exact one is the likelier (S42).
    const twins = this.#named(parent, remote.key).filter((local) => this.#isOneWith(local, remote));
    return twins.find((local) => sameName(local.name, remote.name)) ?? twins[0];
  }

  /** The local file that a `(case conflict)` name on the server stands for: known by its content (S42, S77). */
  #caseTwin(parent: NodeId, remote: Entry): Entry | undefined {
    const plain = remote.name.replace(/ \(case conflict(?: \d+)?\)/u, "");
    if (plain === remote.name || remote.kind !== "file") return undefined;
    const twins = this.#named(parent, pathKeyOf(plain));
    if (twins.length < 2) return undefined;
    return twins.find(
      (local) =>
        isCaseConflictNameOf(remote.name, local.name, "file") && this.#isOneWith(local, remote),
    );
  }

  /** All local children of one key; each folder is read once. */
  #named(parent: NodeId, key: PathKey): readonly Entry[] {
    const names =
      this.#names.get(parent) ??
      Map.groupBy(this.#trees.local.children(parent), (local) => local.key);
    this.#names.set(parent, names);
    return names.get(key) ?? [];
  }

  #isOneWith(local: Entry, remote: Entry): boolean {
    const isFree =
      !this.#held.has(local.node) &&
      !this.#used.has(local.node) &&
      this.#trees.remote.get(local.node) === undefined;
    return isFree && sameContent(local, remote);
  }
}

/** The trees once the revived nodes have lost their synced rows and rebound ones their old ids; as `S.forget` and `S.rebind`. */
export function rebase(
  trees: Trees,
  revived: readonly NodeId[],
  rebinds: readonly Rebind[],
): Trees {
  if (revived.length === 0 && rebinds.length === 0) return trees;
  const synced = new MemoryTree<SyncedLike>(trees.synced.all());
  for (const node of revived) synced.remove(node);
  if (rebinds.length === 0) return { ...trees, synced };
  const local = new MemoryTree<Entry>(trees.local.all());
  for (const rebind of rebinds) {
    rebindIn(local, rebind);
    rebindIn(synced, rebind);
  }
  return { ...trees, synced, local };
}

/** Give an entry and its children's parents the other id; dropped where the other id has an entry already. */
export function rebindIn<E extends Entry>(tree: MemoryTree<E>, { from, to }: Rebind): void {
  for (const child of tree.children(from)) tree.put({ ...child, parent: to });
  const entry = tree.get(from);
  tree.remove(from);
  if (entry !== undefined && tree.get(to) === undefined) tree.put({ ...entry, node: to });
}
