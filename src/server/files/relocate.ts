import { EndpointFailure, conflict, tag, wrapWrite } from "../wire/failure.ts";
import type { JsonObject, Wrappers } from "../wire/failure.ts";
import { writeTree } from "../wire/call.ts";
import type { Call } from "../wire/call.ts";
import { metadata, nameOf } from "../tree/node.ts";
import type { Node, Place } from "../tree/node.ts";
import { keyOf, lookUp, makeParents, placeFor, present, targetNames } from "../tree/place.ts";
import type { Names } from "../tree/place.ts";
import type { Tree } from "../tree/tree.ts";
import { hasRoom } from "./commit.ts";
import { placeOrOther } from "./writes.ts";

/** One move or copy, as it is asked for; `to` is the whole new path. */
export type Relocation = {
  readonly from: string;
  readonly to: string;
  readonly autorename: boolean;
};

/** What a relocation works with: made anew for each run of a transaction. */
export type Relocator = {
  readonly tree: Tree;
  readonly quotaBytes: number;
  readonly budget: NodeBudget;
};

/** Does a relocation inside a transaction; everything that refuses it comes before the first write. */
export type Relocate = (relocator: Relocator, relocation: Relocation) => Node;

/** All relocations of one call together touch no more nodes than one operation may: they hold up every other call. */
class NodeBudget {
  #left: number;

  constructor(nodesMax: number) {
    this.#left = nodesMax;
  }

  /** @throws {EndpointFailure} `too_many_files`; then nothing is spent. */
  spend(tree: Tree, node: Node): void {
    const count = tree.subtreeCount(node, this.#left);
    if (count > this.#left) throw new EndpointFailure(tag("too_many_files"));
    this.#left -= count;
  }
}

/** For all relocations of a call. */
export function relocatorOf({ services }: Call, tree: Tree): Relocator {
  const { operationNodesMax, quotaBytes } = services.limits;
  return { tree, quotaBytes, budget: new NodeBudget(operationNodesMax) };
}

/** Where lookup and write errors stand in `RelocationError`. */
export const relocationErrors: Wrappers = { lookup: "from_lookup", write: "to" };

/** `files/move_v2` (V36). */
export function movePath(call: Call): Promise<JsonObject> {
  return relocatePath(call, moveNode);
}

/** `files/copy_v2` (V36). */
export function copyPath(call: Call): Promise<JsonObject> {
  return relocatePath(call, copyNode);
}

async function relocatePath(call: Call, relocate: Relocate): Promise<JsonObject> {
  const { argument } = call;
  const relocation = {
    from: argument.text("from_path"),
    to: argument.text("to_path"),
    autorename: argument.flag("autorename"),
  };
  const node = await wrapWrite(relocationErrors, () =>
    writeTree(call, (tree) => relocate(relocatorOf(call, tree), relocation)),
  );
  return { metadata: metadata(node, call.view) };
}

/**
 * Move a node with everything in it; never over another.
 *
 * @throws {LookupFailure} for `from`, {WriteFailure} for `to`, {EndpointFailure} `cant_move_folder_into_itself`,
 * `too_many_files`.
 */
export const moveNode: Relocate = ({ tree, budget }, relocation) => {
  const { from, names } = ends(tree, relocation);
  if (isInside(names, from)) throw new EndpointFailure(tag("cant_move_folder_into_itself"));
  const place = placeFor(tree, names);
  const to = targetOfMove(tree, { from, place, autorename: relocation.autorename });
  budget.spend(tree, from);
  makeParents(tree, to);
  return tree.move(from, to);
};

/**
 * Copy a node with everything in it; never over another.
 *
 * @throws As `moveNode`, with `duplicated_or_nested_paths` for a folder into itself, and `insufficient_quota`.
 */
export const copyNode: Relocate = ({ tree, quotaBytes, budget }, relocation) => {
  const { from, names } = ends(tree, relocation);
  if (isInside(names, from)) throw new EndpointFailure(tag("duplicated_or_nested_paths"));
  const place = placeFor(tree, names);
  const to = placeOrOther(tree, place, relocation.autorename);
  budget.spend(tree, from);
  if (!hasRoom(tree, tree.subtreeBytes(from), quotaBytes)) {
    throw new EndpointFailure(tag("insufficient_quota"));
  }
  makeParents(tree, to);
  return tree.copy(from, to);
};

function ends(
  tree: Tree,
  { from, to }: Relocation,
): { readonly from: Node; readonly names: Names } {
  return { from: present(lookUp(tree, from, "write")), names: targetNames(tree, to) };
}

function isInside(names: Names, from: Node): boolean {
  return from.kind === "folder" && keyOf(names).startsWith(`${from.key}/`);
}

/** Its own place in other letters is free for a node; exactly its own is taken, and no other is looked for (Choice 11). */
function targetOfMove(
  tree: Tree,
  request: { readonly from: Node; readonly place: Place; readonly autorename: boolean },
): Place {
  const { from, place, autorename } = request;
  if (place.key !== from.key) return placeOrOther(tree, place, autorename);
  if (nameOf(place.display) === nameOf(from.display)) throw conflict(from.kind);
  return place;
}
