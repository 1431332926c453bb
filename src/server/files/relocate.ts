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
import { checkCount, placeOrOther } from "./writes.ts";

/** One move or copy, as it is asked for; `to` is the whole new path. */
export type Relocation = {
  readonly from: string;
  readonly to: string;
  readonly autorename: boolean;
};

/** Does a relocation inside a transaction; everything that refuses it comes before the first write. */
export type Relocate = (call: Call, tree: Tree, relocation: Relocation) => Node;

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
    writeTree(call, (tree) => relocate(call, tree, relocation)),
  );
  return { metadata: metadata(node, call.view) };
}

/**
 * Move a node with everything in it; never over another.
 *
 * @throws {LookupFailure} for `from`, {WriteFailure} for `to`, {EndpointFailure} `cant_move_folder_into_itself`,
 * `too_many_files`.
 */
export const moveNode: Relocate = (call, tree, relocation) => {
  const { from, names } = ends(tree, relocation);
  if (isInside(names, from)) throw new EndpointFailure(tag("cant_move_folder_into_itself"));
  const place = placeFor(tree, names);
  checkCount(call, tree, from);
  const to = targetOfMove(tree, { from, place, autorename: relocation.autorename });
  makeParents(tree, to);
  return tree.move(from, to);
};

/**
 * Copy a node with everything in it; never over another.
 *
 * @throws As `moveNode`, with `duplicated_or_nested_paths` for a folder into itself, and `insufficient_quota`.
 */
export const copyNode: Relocate = (call, tree, relocation) => {
  const { from, names } = ends(tree, relocation);
  if (isInside(names, from)) throw new EndpointFailure(tag("duplicated_or_nested_paths"));
  const place = placeFor(tree, names);
  checkCount(call, tree, from);
  const to = placeOrOther(tree, place, relocation.autorename);
  if (!hasRoom(tree, tree.subtreeBytes(from), call.services.limits.quotaBytes)) {
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
