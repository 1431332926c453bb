import {
  BadCall,
  EndpointFailure,
  LookupFailure,
  conflict,
  tag,
  wrapWrite,
} from "../wire/failure.ts";
import type { Json, JsonObject, Wrappers } from "../wire/failure.ts";
import { writeTree } from "../wire/call.ts";
import type { Call } from "../wire/call.ts";
import type { Argument } from "../wire/argument.ts";
import { freePlace, numberMark } from "../tree/free-name.ts";
import { folderMetadata, metadata, parseRev } from "../tree/node.ts";
import type { FolderNode, Node, Place } from "../tree/node.ts";
import { lookUp, makeParents, placeFor, present, targetNames } from "../tree/place.ts";
import type { Names } from "../tree/place.ts";
import type { Tree } from "../tree/tree.ts";

/** Where lookup and write errors stand in `CreateFolderError`. */
export const folderErrors: Wrappers = { lookup: "path", write: "path" };

/** `files/create_folder_v2`: not idempotent; missing parents are made (fact sheet 4.5). */
export async function createFolder(call: Call): Promise<JsonObject> {
  const path = call.argument.text("path");
  const autorename = call.argument.flag("autorename");
  const folder = await wrapWrite(folderErrors, () =>
    writeTree(call, (tree) => makeFolder(tree, targetNames(tree, path), autorename)),
  );
  return { metadata: folderMetadata(folder, call.view) };
}

/** Make a folder with the parents that it lacks; inside a transaction. @throws {WriteFailure} `conflict`. */
export function makeFolder(tree: Tree, names: Names, autorename: boolean): FolderNode {
  const place = placeOrOther(tree, placeFor(tree, names), autorename);
  makeParents(tree, place);
  return tree.addFolder(place);
}

/** The place itself if nothing is there, else a free one beside it. @throws {WriteFailure} `conflict`. */
export function placeOrOther(tree: Tree, place: Place, autorename: boolean): Place {
  const taken = tree.at(place.key);
  if (taken === undefined) return place;
  if (!autorename) throw conflict(taken.kind);
  return freePlace(tree, place, numberMark);
}

/** Where lookup and write errors stand in `DeleteError`. */
export const deleteErrors: Wrappers = { lookup: "path_lookup", write: "path_write" };

/** `files/delete_v2`: a whole subtree; answers what was there (V36). */
export async function deletePath(call: Call): Promise<JsonObject> {
  const node = await wrapWrite(deleteErrors, () =>
    writeTree(call, (tree) => deleteNode(call, tree, call.argument)),
  );
  return { metadata: metadata(node, call.view) };
}

/**
 * Remove what a `DeleteArg` names; inside a transaction.
 *
 * @throws {LookupFailure}, {WriteFailure} `conflict` for another rev, {EndpointFailure} `too_many_files`.
 */
export function deleteNode(call: Call, tree: Tree, entry: Argument): Node {
  const found = present(lookUp(tree, entry.text("path"), "write"));
  checkParentRev(tree, found, entry.optionalText("parent_rev"));
  checkCount(call, tree, found);
  tree.remove(found);
  return found;
}

/** The caller's rev must be the current one; folders have none (Choice 22). */
function checkParentRev(tree: Tree, node: Node, parentRev: string | undefined): void {
  if (parentRev === undefined) return;
  if (node.kind === "folder") throw conflict("folder");
  if (parseRev(parentRev, tree.account.namespace) !== node.rev) throw conflict("file");
}

/** @throws {EndpointFailure} `too_many_files` for more nodes than one operation may touch. */
export function checkCount(call: Call, tree: Tree, node: Node): void {
  const { operationNodesMax } = call.services.limits;
  if (tree.subtreeCount(node, operationNodesMax) > operationNodesMax) {
    throw new EndpointFailure(tag("too_many_files"));
  }
}

/** `files/permanently_delete`: for apps of a business only, with all that was kept of it. */
export async function deleteForever(call: Call): Promise<Json> {
  if (!call.services.limits.business) {
    throw new BadCall("Your API app is not allowed to call this function.");
  }
  await wrapWrite(deleteErrors, () => writeTree(call, (tree) => forget(call, tree)));
  return null;
}

/** What is removed already is forgotten as well. */
function forget(call: Call, tree: Tree): void {
  const { key, node } = lookUp(tree, call.argument.text("path"), "write");
  const isRoot = key === tree.view.topKey;
  if (isRoot || (node === undefined && tree.removedAt(key) === undefined)) {
    throw new LookupFailure("not_found");
  }
  if (node !== undefined) deleteNode(call, tree, call.argument);
  tree.forget(key);
}
