import { pathOf } from "../../core/tree/tree-view.ts";
import { asideSuspect, putSuspect, type Suspect } from "../../core/plan/suspects.ts";
import {
  rootNode,
  type ContentHash,
  type LocalEntry,
  type NodeId,
  type RemoteEntry,
} from "../../core/tree/node.ts";
import type { IndexStore } from "../../ports.ts";
import type { EngineDeps } from "../engine-deps.ts";

/** Dirty nodes that are read at once. */
const pageNodes = 1_000;

/** What the whole of the dirty nodes would replace or put aside, as far as their rows tell. */
export type Census = { readonly change: readonly Suspect[]; readonly conflict: readonly Suspect[] };

/**
 * Count what all dirty nodes would bring about, before any of them is merged (S79): one slice does not tell how many files
 * of the others have new content. It keeps what may be held, nothing else; the cost follows the number of changes.
 */
export function takeCensus({ index, tokens }: EngineDeps, frozen: ReadonlySet<NodeId>): Census {
  const counterparts = new Counterparts(index);
  const change: Suspect[] = [];
  const conflict: Suspect[] = [];
  for (const node of dirtyNodes(index)) {
    const local = index.local.get(node);
    const fate = local && fateOf(index, counterparts, local);
    if (local === undefined || fate === undefined) continue;
    const path = pathOf(index.local, node);
    if (path === undefined || isFrozen(index, node, frozen)) continue;
    if (fate === "conflict") conflict.push(asideSuspect({ node, from: path, before: local }));
    else if (tokens.wanted(node) !== fate.to) change.push(putSuspect(node, path, fate));
  }
  return { change, conflict };
}

/** The content that is replaced on the server, and the one that replaces it. */
type Replacement = { readonly from: ContentHash | undefined; readonly to: ContentHash };

/** What a merge would do with an entry of the disk, as far as a guard looks at it. */
function fateOf(
  { synced, remote }: IndexStore,
  counterparts: Counterparts,
  local: LocalEntry,
): Replacement | "conflict" | undefined {
  // What was missed, or not read yet, is left alone.
  if (local.absentAt !== undefined || local.hash === undefined) return undefined;
  const there = inScope(remote.get(local.node));
  if (there === undefined) return counterparts.collides(local) ? "conflict" : undefined;
  if (local.kind !== "file" || there.kind !== "file") return undefined;
  const agreed = synced.get(local.node)?.hash;
  if (local.hash === there.hash || local.hash === agreed) return undefined;
  return there.hash === agreed ? { from: there.hash, to: local.hash } : "conflict";
}

function* dirtyNodes(index: IndexStore): Generator<NodeId> {
  for (let page = index.dirty(0, pageNodes); page.length > 0;) {
    yield* page;
    page = index.dirty(page.at(-1) ?? 0, pageNodes);
  }
}

/** Finds what the server has at the place of something that only the disk has (S36, S42). */
class Counterparts {
  readonly #index: IndexStore;
  /** The folder of the server that a folder of the disk will be one with; a folder is asked for by all that is in it. */
  readonly #folders = new Map<NodeId, NodeId | undefined>([[rootNode, rootNode]]);

  constructor(index: IndexStore) {
    this.#index = index;
  }

  /** Whether something else than this will have its name: then it has to step aside. */
  collides(local: LocalEntry): boolean {
    if (this.#index.synced.get(local.node) !== undefined) return false;
    const there = this.#at(local);
    if (there === undefined || this.#isLeaving(there)) return false;
    if (there.kind !== local.kind) return true;
    return local.kind === "file" && there.hash !== local.hash;
  }

  #at({ parent, key }: LocalEntry): RemoteEntry | undefined {
    const folder = this.#folder(parent);
    if (folder === undefined) return undefined;
    return inScope(this.#index.remote.childByKey(folder, key));
  }

  /** Gone from the disk, and the same as both sides had it: it will go there, too (S37). */
  #isLeaving({ node, hash }: RemoteEntry): boolean {
    const agreed = this.#index.synced.get(node);
    return agreed !== undefined && agreed.hash === hash && !this.#index.local.get(node);
  }

  #folder(node: NodeId): NodeId | undefined {
    if (this.#folders.has(node)) return this.#folders.get(node);
    const { local, remote } = this.#index;
    const here = local.get(node);
    const there = inScope(remote.get(node)) ?? (here && this.#at(here));
    const folder = there?.kind === "folder" ? there.node : undefined;
    this.#folders.set(node, folder);
    return folder;
  }
}

function inScope(entry: RemoteEntry | undefined): RemoteEntry | undefined {
  return entry?.scope === "in" ? entry : undefined;
}

/** What is frozen is not planned, so it is not counted either; so is what lies below it in any tree (S29). */
function isFrozen(index: IndexStore, node: NodeId, frozen: ReadonlySet<NodeId>): boolean {
  if (frozen.size === 0) return false;
  return [index.synced, index.local, index.remote].some((tree) => {
    for (let current: NodeId | undefined = node; current !== undefined;) {
      if (frozen.has(current)) return true;
      current = current === rootNode ? undefined : tree.get(current)?.parent;
    }
    return false;
  });
}
