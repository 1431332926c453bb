import { EndpointFailure, conflict, tag, wrapWrite } from "../wire/failure.ts";
import type { JsonObject } from "../wire/failure.ts";
import { writeTree } from "../wire/call.ts";
import type { Call } from "../wire/call.ts";
import { freePlace, numberMark } from "../tree/free-name.ts";
import { folderMetadata, metadata, nameOf, parseRev } from "../tree/node.ts";
import type { FolderNode, Node, Place } from "../tree/node.ts";
import { keyOf, lookUp, makeParents, placeFor, present, targetNames } from "../tree/place.ts";
import type { Tree } from "../tree/tree.ts";

/** `files/create_folder_v2`: not idempotent; missing parents are made (fact sheet 4.5). */
export async function createFolder(call: Call): Promise<JsonObject> {
  const path = call.argument.text("path");
  const autorename = call.argument.flag("autorename");
  const folder = await wrapWrite({ lookup: "path", write: "path" }, () =>
    writeTree(call, (tree) => makeFolder(tree, path, autorename)),
  );
  return { metadata: folderMetadata(folder, call.view) };
}

function makeFolder(tree: Tree, path: string, autorename: boolean): FolderNode {
  const place = placeFor(tree, targetNames(tree, path));
  const free = placeOrOther(tree, place, autorename);
  makeParents(tree, free);
  return tree.addFolder(free);
}

function placeOrOther(tree: Tree, place: Place, autorename: boolean): Place {
  const taken = tree.at(place.key);
  if (taken === undefined) return place;
  if (!autorename) throw conflict(taken.kind);
  return freePlace(tree, place, numberMark);
}

/** `files/delete_v2`: a whole subtree; answers what was there (V36). */
export async function deletePath(call: Call): Promise<JsonObject> {
  const path = call.argument.text("path");
  const node = await wrapWrite({ lookup: "path_lookup", write: "path_write" }, () =>
    writeTree(call, (tree) => {
      const found = present(lookUp(tree, path, "write"));
      checkParentRev(tree, found, call.argument.optionalText("parent_rev"));
      checkCount(call, tree, found);
      tree.remove(found);
      return found;
    }),
  );
  return { metadata: metadata(node, call.view) };
}

/** The caller's rev must be the current one; folders have none (Choice 22). */
function checkParentRev(tree: Tree, node: Node, parentRev: string | undefined): void {
  if (parentRev === undefined) return;
  if (node.kind === "folder") throw conflict("folder");
  if (parseRev(parentRev, tree.account.namespace) !== node.rev) throw conflict("file");
}

function checkCount(call: Call, tree: Tree, node: Node): void {
  const { operationNodesMax } = call.services.limits;
  if (tree.subtreeCount(node, operationNodesMax) > operationNodesMax) {
    throw new EndpointFailure(tag("too_many_files"));
  }
}

/** `files/move_v2`: never overwrites (V36). */
export async function movePath(call: Call): Promise<JsonObject> {
  const moved = await wrapWrite({ lookup: "from_lookup", write: "to" }, () =>
    writeTree(call, (tree) => moveNode(call, tree)),
  );
  return { metadata: metadata(moved, call.view) };
}

function moveNode(call: Call, tree: Tree): Node {
  const from = present(lookUp(tree, call.argument.text("from_path"), "write"));
  const names = targetNames(tree, call.argument.text("to_path"));
  checkNesting(from, keyOf(names));
  const place = placeFor(tree, names);
  checkCount(call, tree, from);
  const to = targetOfMove(tree, { from, place, autorename: call.argument.flag("autorename") });
  makeParents(tree, to);
  return tree.move(from, to);
}

function checkNesting(from: Node, toKey: string): void {
  if (from.kind === "folder" && toKey.startsWith(`${from.key}/`)) {
    throw new EndpointFailure(tag("cant_move_folder_into_itself"));
  }
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
