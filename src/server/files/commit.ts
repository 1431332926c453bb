import { present } from "../../std/assert.ts";
import { contentHashOfBlocks } from "../../core/tree/content-hash.ts";
import type { Argument } from "../wire/argument.ts";
import type { BlockList } from "../store/block-writer.ts";
import { EndpointFailure, conflict, nested, noSpace } from "../wire/failure.ts";
import { conflictMark, freePlace, numberMark } from "../tree/free-name.ts";
import type { FileNode, Node, Place } from "../tree/node.ts";
import { parseRev } from "../tree/node.ts";
import { makeParents, placeFor, targetNames } from "../tree/place.ts";
import type { NewFile } from "../tree/history.ts";
import type { Tree } from "../tree/tree.ts";

/** What the caller wants to happen where a name is taken; `rev` is undefined where it is none of this namespace. */
export type WriteMode =
  | { readonly kind: "add" }
  | { readonly kind: "overwrite" }
  | { readonly kind: "update"; readonly rev: number | undefined };

/** `CommitInfo` of the definition, as far as it has an effect. */
export type CommitRequest = {
  readonly path: string;
  readonly mode: WriteMode;
  readonly autorename: boolean;
  readonly strict: boolean;
  /** Seconds since 1970; the time of the call if absent. */
  readonly clientModified: number | undefined;
};

/** Read `CommitInfo`, or `UploadArg`, which contains it. */
export function commitRequest(argument: Argument, namespace: number): CommitRequest {
  const [properties] = argument.list("property_groups");
  if (properties !== undefined) throw unknownTemplate(properties.text("template_id"));
  const time = argument.optionalText("client_modified");
  return {
    path: argument.text("path"),
    mode: writeMode(argument, namespace),
    autorename: argument.flag("autorename"),
    strict: argument.flag("strict_conflict"),
    clientModified: time === undefined ? undefined : Date.parse(time) / 1000,
  };
}

/** No app here has property templates, so none is ever found. */
function unknownTemplate(id: string): EndpointFailure {
  return new EndpointFailure(nested("properties_error", nested("template_not_found", id)));
}

function writeMode(argument: Argument, namespace: number): WriteMode {
  const { name, value = "" } = argument.choice("mode");
  if (name === "update") return { kind: "update", rev: parseRev(value, namespace) };
  return name === "overwrite" ? { kind: "overwrite" } : { kind: "add" };
}

/** What a commit does: write, leave the equal file that is there, or say what is in its way. */
export type CommitDecision = "write" | "keep" | "file" | "folder";

/** What a commit meets at its path. */
export type Meeting = {
  readonly node: Node | undefined;
  /** A file was removed from here, and retention still knows it. */
  readonly removedFile: boolean;
  /** The node is a file with exactly the new content. */
  readonly same: boolean;
};

/**
 * The conflict table of fact sheet 4.6 (V34).
 *
 * Equal content is no conflict and no write, whatever the mode says, unless the caller is strict. An overwrite
 * conflicts with folders only (Choice 19).
 */
export function decideCommit(
  { node, removedFile, same }: Meeting,
  mode: WriteMode,
  strict: boolean,
): CommitDecision {
  if (node === undefined) {
    return mode.kind === "update" && strict && removedFile ? "file" : "write";
  }
  if (node.kind === "folder") return "folder";
  const expected = mode.kind === "update" && mode.rev === node.rev;
  if (same && (!strict || expected)) return "keep";
  return mode.kind === "overwrite" || expected ? "write" : "file";
}

/**
 * Make content a file. Called inside a transaction.
 *
 * @throws {WriteFailure} `malformed_path`, `disallowed_name`, `conflict`, `insufficient_space`.
 */
export function commitFile(
  tree: Tree,
  request: CommitRequest,
  { content, quotaBytes }: { readonly content: BlockList; readonly quotaBytes: number },
): FileNode {
  const place = placeFor(tree, targetNames(tree, request.path));
  const file: NewFile = {
    content,
    hash: contentHashOfBlocks(content.blocks),
    clientModified: request.clientModified ?? tree.nowSeconds,
  };
  const write = { tree, place, file, quotaBytes };
  const meeting = meetingAt(tree, place.key, file);
  const decision = decideCommit(meeting, request.mode, request.strict);
  const existing = meeting.node?.kind === "file" ? meeting.node : undefined;
  switch (decision) {
    case "keep":
      return present(existing, "the file that is kept");
    case "write":
      return writeFile(write, existing);
    case "file":
    case "folder":
      if (!request.autorename) throw conflict(decision);
      return writeFile({ ...write, place: otherPlace(tree, place, request.mode) }, undefined);
  }
}

function meetingAt(tree: Tree, key: string, { content, hash }: NewFile): Meeting {
  const node = tree.at(key);
  return {
    node,
    removedFile: tree.removedAt(key)?.kind === "file",
    same: node?.kind === "file" && node.hash === hash && node.size === content.size,
  };
}

function otherPlace(tree: Tree, taken: Place, mode: WriteMode): Place {
  const mark = mode.kind === "update" ? conflictMark(tree.account.name) : numberMark;
  return freePlace(tree, taken, mark);
}

type FileWrite = {
  readonly tree: Tree;
  readonly place: Place;
  readonly file: NewFile;
  readonly quotaBytes: number;
};

function writeFile(write: FileWrite, existing: FileNode | undefined): FileNode {
  const { tree, place, file, quotaBytes } = write;
  const more = file.content.size - (existing?.size ?? 0);
  if (!hasRoom(tree, more, quotaBytes)) throw noSpace();
  makeParents(tree, place);
  return tree.putFile(place, file, existing);
}

/** Whether so many bytes more fit into the account (V37). */
export function hasRoom(tree: Tree, moreBytes: number, quotaBytes: number): boolean {
  return tree.used() + moreBytes <= quotaBytes;
}
