import type { BlockHash } from "../../core/tree/content-hash.ts";
import type { Json, JsonObject } from "../wire/failure.ts";
import { blob, integer, text } from "../store/rows.ts";
import type { Row } from "../store/rows.ts";
import { isoSeconds } from "../../std/time.ts";
import { shownPlace } from "./view.ts";
import type { View } from "./view.ts";

/** Where a node is in its namespace: `path_lower` and `path_display` of a full app; both "" for the root. */
export type Place = { readonly key: string; readonly display: string };

/** A live folder (V22). */
export type FolderNode = Place & { readonly kind: "folder"; readonly id: string };

/** One state of a file, live or kept (V23, V26). Times are whole seconds since 1970. */
export type FileNode = Place & {
  readonly kind: "file";
  readonly id: string;
  readonly rev: number;
  readonly size: number;
  readonly hash: string;
  readonly clientModified: number;
  readonly serverModified: number;
};

/** What can be at a path. */
export type Node = FolderNode | FileNode;

/** What is known of a path where something was. */
export type RemovedNode = Place & {
  readonly kind: "folder" | "file";
  readonly id: string;
  readonly ended: number;
};

/** Columns of a node, for `nodeOf`; the tables are `nodes n` and `revisions r`. */
export const nodeColumns = `n.key, n.display, n.id, n.kind, r.rev, r.size, r.hash,
  r.client_modified, r.server_modified`;

/** Nodes with their current revisions, for `nodeColumns`. */
export const nodeTables = "nodes n LEFT JOIN revisions r ON r.rev = n.rev";

/** A node from its row. */
export function nodeOf(row: Row): Node {
  return row["kind"] === "file" ? revisionOf(row) : folderOf(row);
}

function folderOf(row: Row): FolderNode {
  return { kind: "folder", id: text(row, "id"), ...placeOf(row) };
}

/** A state of a file from its row. */
export function revisionOf(row: Row): FileNode {
  return {
    kind: "file",
    id: text(row, "id"),
    ...placeOf(row),
    rev: integer(row, "rev"),
    size: integer(row, "size"),
    hash: text(row, "hash"),
    clientModified: integer(row, "client_modified"),
    serverModified: integer(row, "server_modified"),
  };
}

/** Path columns of any row. */
export function placeOf(row: Row): Place {
  return { key: text(row, "key"), display: text(row, "display") };
}

/** A block list from its column. */
export function blocksOf(row: Row): readonly BlockHash[] {
  const digests = Buffer.from(blob(row, "blocks")).toString("hex");
  return digests.match(/.{64}/g) ?? [];
}

/** A block list as its column. */
export function blocksColumn(blocks: readonly BlockHash[]): Uint8Array {
  return Buffer.from(blocks.join(""), "hex");
}

/** The key of the folder that holds a key; "" is the root, which is its own. */
export function parentKey(key: string): string {
  return key.slice(0, Math.max(0, key.lastIndexOf("/")));
}

/** The last component of a path. */
export function nameOf(display: string): string {
  return display.slice(display.lastIndexOf("/") + 1);
}

/**
 * The keys below a folder lie from `from` up to, not including, `to`: "0" follows "/" in the order of bytes, which
 * is SQLite's.
 */
export function keysBelow(key: string): { readonly from: string; readonly to: string } {
  return { from: `${key}/`, to: `${key}0` };
}

/** A condition on the column `key`, with its values. */
export type KeyCondition = { readonly sql: string; readonly values: readonly string[] };

/**
 * What together says that a node is at a key or below it. Two conditions for two statements: joined by OR they made
 * SQLite look at every node of the account, 20 ms for 50,000 of them.
 */
export function subtreeConditions(key: string): readonly KeyCondition[] {
  const { from, to } = keysBelow(key);
  return [
    { sql: "key = ?", values: [key] },
    { sql: "key >= ? AND key < ?", values: [from, to] },
  ];
}

/** A rev as text: 13 digits of the counter, 8 of the namespace (V23). */
export function revText(rev: number, namespace: number): string {
  return rev.toString(16).padStart(13, "0") + namespace.toString(16).padStart(8, "0");
}

/** The counter of a rev of this namespace; undefined for any other text. */
export function parseRev(rev: string, namespace: number): number | undefined {
  const counter = Number.parseInt(rev.slice(0, -8), 16);
  return Number.isSafeInteger(counter) && revText(counter, namespace) === rev ? counter : undefined;
}

/** `FileMetadata`, without tag (fact sheet 3.1). */
export function fileMetadata(file: FileNode, view: View): JsonObject {
  return {
    ...placeMembers(file, view),
    id: file.id,
    client_modified: isoSeconds(file.clientModified * 1000),
    server_modified: isoSeconds(file.serverModified * 1000),
    rev: revText(file.rev, view.namespace),
    size: file.size,
    // Always there: one SDK reads its absence as false (V4).
    is_downloadable: true,
    content_hash: file.hash,
  };
}

/** `FolderMetadata`, without tag. */
export function folderMetadata(folder: FolderNode, view: View): JsonObject {
  return { ...placeMembers(folder, view), id: folder.id };
}

/** `Metadata`, the base: with the tag of its subtype. */
export function metadata(node: Node, view: View): Json {
  return node.kind === "file"
    ? { ".tag": "file", ...fileMetadata(node, view) }
    : { ".tag": "folder", ...folderMetadata(node, view) };
}

/** `DeletedMetadata`, with its tag: no id, no rev, no kind. */
export function deletedMetadata(place: Place, view: View): Json {
  return { ".tag": "deleted", ...placeMembers(place, view) };
}

function placeMembers(place: Place, view: View): JsonObject {
  const { key, display } = shownPlace(place, view);
  return { name: nameOf(display), path_lower: key, path_display: display };
}
