import { isCaseConflictNameOf } from "../path/names.ts";
import { pathKeyOf, sameName } from "../path/path-key.ts";
import { topFirst } from "../tree/depth.ts";
import type { Entry, NodeId } from "../tree/node.ts";
import type { EditableTree } from "../tree/tree-view.ts";
import { sameContent } from "./content.ts";
import type { Held } from "./held.ts";
import type { Rebind, Trees } from "./merge-result.ts";
import { ReboundTree } from "./rebound-tree.ts";

/**
 * Find the nodes that are only in local and, at the same place, only in remote, of one kind and with equal content:
 * they are one node, whether or not the synced tree knew either of them (S36). Parents come before their children.
 *
 * @param slice nodes whose remote entries are looked at.
 */
export function findRebinds(
  trees: Trees,
  slice: readonly NodeId[],
  isHeld: Held["isHeld"],
): readonly Rebind[] {
  const search = new RebindSearch(trees, isHeld);
  const strangers = slice.filter(
    (node) => trees.local.get(node) === undefined && trees.remote.get(node) !== undefined,
  );
  // Folders first, top down: what they hold is at one place only once they are one node.
  for (const node of topFirst(trees.remote, strangers)) search.visit(node);
  return search.found;
}

class RebindSearch {
  readonly found: Rebind[] = [];
  readonly #trees: Trees;
  readonly #isHeld: Held["isHeld"];
  /** The local folder that is a remote one. */
  readonly #localOf = new Map<NodeId, NodeId>();
  readonly #used = new Set<NodeId>();

  constructor(trees: Trees, isHeld: Held["isHeld"]) {
    this.#trees = trees;
    this.#isHeld = isHeld;
  }

  /** @param node one that only the remote tree has. */
  visit(node: NodeId): void {
    const remote = this.#trees.remote.get(node);
    if (remote === undefined || this.#isHeld(node)) return;
    const parent = this.#localOf.get(remote.parent) ?? remote.parent;
    const local = this.#atPlace(parent, remote) ?? this.#caseTwin(parent, remote);
    if (local === undefined) return;
    this.#used.add(local.node);
    this.#localOf.set(remote.node, local.node);
    this.found.push({ from: local.node, to: remote.node });
  }

  /** A disk that tells cases apart may hold several names of one key; the exact one is the likelier (S42). */
  #atPlace(parent: NodeId, remote: Entry): Entry | undefined {
    const twins = this.#trees.local
      .childrenByKey(parent, remote.key)
      .filter((local) => this.#isOneWith(local, remote));
    return twins.find((local) => sameName(local.name, remote.name)) ?? twins[0];
  }

  /** The local file that a `(case conflict)` name on the server stands for: known by its content (S42, S77). */
  #caseTwin(parent: NodeId, remote: Entry): Entry | undefined {
    const plain = remote.name.replace(/ \(case conflict(?: \d+)?\)/u, "");
    if (plain === remote.name || remote.kind !== "file") return undefined;
    const twins = this.#trees.local.childrenByKey(parent, pathKeyOf(plain));
    if (twins.length < 2) return undefined;
    return twins.find(
      (local) =>
        isCaseConflictNameOf(remote.name, local.name, "file") && this.#isOneWith(local, remote),
    );
  }

  #isOneWith(local: Entry, remote: Entry): boolean {
    const isFree =
      !this.#used.has(local.node) &&
      !this.#isHeld(local.node) &&
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
  const synced = new ReboundTree(trees.synced, { rebinds, without: revived });
  const local = rebinds.length === 0 ? trees.local : new ReboundTree(trees.local, { rebinds });
  return { ...trees, synced, local };
}

/** Give an entry and its children's parents the other id; dropped where the other id has an entry already. */
export function rebindIn<E extends Entry>(tree: EditableTree<E>, { from, to }: Rebind): void {
  for (const child of tree.children(from)) tree.put({ ...child, parent: to });
  const entry = tree.get(from);
  tree.remove(from);
  if (entry !== undefined && tree.get(to) === undefined) tree.put({ ...entry, node: to });
}
