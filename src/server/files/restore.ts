import { writeTree } from "../wire/call.ts";
import type { Call } from "../wire/call.ts";
import { EndpointFailure, conflict, noSpace, tag, wrapWrite } from "../wire/failure.ts";
import type { JsonObject } from "../wire/failure.ts";
import { fileMetadata, parseRev } from "../tree/node.ts";
import type { FileNode, RemovedNode } from "../tree/node.ts";
import { lookUp, makeParents, placeFor, targetNames } from "../tree/place.ts";
import type { Tree } from "../tree/tree.ts";
import { hasRoom } from "./commit.ts";

/**
 * `files/restore`: a new revision with the content and the client's time of an old one, over what is there (V46).
 *
 * A path that cannot be looked up is `path_lookup`, one that cannot be written `path_write`.
 */
export async function restore(call: Call): Promise<JsonObject> {
  const file = await wrapWrite({ lookup: "path_lookup", write: "path_write" }, () =>
    writeTree(call, (tree) => restoreFile(call, tree)),
  );
  return fileMetadata(file, call.view);
}

function restoreFile(call: Call, tree: Tree): FileNode {
  const path = call.argument.text("path");
  const { key, node } = lookUp(tree, path, "write");
  const names = targetNames(tree, path);
  const source = sourceOf(tree, call.argument.text("rev"));
  if (node?.kind === "folder") throw conflict("folder");
  const removed = removedFile(tree, key);
  // A file that comes back has the name that it had, and so have the folders that come back with it.
  const place = placeFor(tree, removed?.display.slice(1).split("/") ?? names);
  const more = source.size - (node?.size ?? 0);
  if (!hasRoom(tree, more, call.services.limits.quotaBytes)) throw noSpace();
  makeParents(tree, place);
  return tree.restoreFile(source, place, {
    existing: node,
    id: idOf(tree, { removed, source, key }),
  });
}

/** @throws {EndpointFailure} `invalid_revision` for one that is not kept, or that the app cannot see. */
function sourceOf(tree: Tree, rev: string): FileNode {
  const counter = parseRev(rev, tree.account.namespace);
  const source = counter === undefined ? undefined : tree.revision(counter);
  if (source === undefined) throw new EndpointFailure(tag("invalid_revision"));
  return source;
}

function removedFile(tree: Tree, key: string): RemovedNode | undefined {
  const removed = tree.removedAt(key);
  return removed?.kind === "file" ? removed : undefined;
}

/**
 * The id that comes back: that of the file removed from here last, else that of the revision where it was written here
 * (Choice 25). Neither, if it lives on elsewhere.
 */
function idOf(
  tree: Tree,
  past: {
    readonly removed: RemovedNode | undefined;
    readonly source: FileNode;
    readonly key: string;
  },
): string | undefined {
  const { removed, source, key } = past;
  const own = source.key === key ? source.id : undefined;
  return [removed?.id, own].find((id) => id !== undefined && !tree.hasId(id));
}
