import { isConflictName } from "../path/names.ts";
import { pathKeyOf } from "../path/path-key.ts";
import { rootNode, type Entry, type NodeId } from "../tree/node.ts";
import type { TreeView } from "../tree/tree-view.ts";
import type { Draft } from "./draft.ts";
import type { TargetEntry } from "./merge-result.ts";
import { isClean, sightingOf } from "./sighting.ts";

/**
 * Finds the nodes outside a slice that are not clean and without which the slice cannot be merged as if at once (S45): folders
 * above what was placed, what stands or stood at its place on either side, copies that a conflict may find there, what
 * is in a folder that is joined with another, and what was deleted together with a folder that stays (S37).
 */
export class OutsideSearch {
  readonly met: Set<NodeId> = new Set();
  readonly #draft: Draft;
  readonly #slice: ReadonlySet<NodeId>;
  readonly #seen = new Set<NodeId>();
  readonly #climbed = new Set<NodeId>([rootNode]);
  readonly #searched = new Set<NodeId>();
  #wantedSeen = 0;

  constructor(draft: Draft, slice: ReadonlySet<NodeId>) {
    this.#draft = draft;
    this.#slice = slice;
  }

  /** Look at what has come into the target since the last time. Whether anything was met so far. */
  update(): boolean {
    const { wanted, searched, joined } = this.#draft;
    for (const entry of wanted.slice(this.#wantedSeen)) this.#visit(entry);
    this.#wantedSeen = wanted.length;
    for (const folder of joined) this.#visitChildren(folder, () => true);
    for (const folder of searched) this.#visitChildren(folder, isConflictName);
    return this.met.size > 0;
  }

  /** Look at what was in folders that stay although they were deleted; `synced` as it was before the merge. */
  visitBelow(synced: TreeView, revived: readonly NodeId[]): void {
    for (const folder of revived) {
      for (const { node } of synced.children(folder)) this.#look(node);
    }
  }

  #visit({ node, name, localName, key, parent }: TargetEntry): void {
    this.#look(node);
    this.#climb(parent);
    this.#visitPlace(parent, key);
    if (localName !== undefined && localName !== name) {
      this.#visitPlace(parent, pathKeyOf(localName));
    }
  }

  #visitChildren(folder: NodeId, isOne: (name: string) => boolean): void {
    if (this.#searched.has(folder)) return;
    this.#searched.add(folder);
    for (const tree of this.#trees) {
      for (const { node, name } of tree.children(folder)) if (isOne(name)) this.#look(node);
    }
  }

  /** A folder, and all folders above it. */
  #climb(folder: NodeId): void {
    for (let current = folder; !this.#climbed.has(current);) {
      this.#climbed.add(current);
      this.#look(current);
      current = this.#draft.target.get(current)?.parent ?? rootNode;
    }
  }

  #visitPlace(parent: NodeId, key: Entry["key"]): void {
    for (const tree of this.#trees) {
      for (const { node } of tree.childrenByKey(parent, key)) this.#look(node);
    }
  }

  #look(node: NodeId): void {
    if (this.#seen.has(node)) return;
    this.#seen.add(node);
    if (this.#slice.has(node)) return;
    if (!isClean(sightingOf(this.#draft.trees, node))) this.met.add(node);
  }

  get #trees(): readonly TreeView[] {
    const { target, trees } = this.#draft;
    return [target, trees.local, trees.remote];
  }
}
