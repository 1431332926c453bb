import type { files } from "dropbox";
import { nameProblem } from "../core/path/names.ts";
import { keyFromServer, type PathKey } from "../core/path/path-key.ts";
import { isRelPath, pathBytesMax, pathDepthMax, type RelPath } from "../core/path/rel-path.ts";
import type { Kind } from "../core/tree/node.ts";
import type { RemoteChange, RemoteItem } from "../core/tree/remote-item.ts";
import { SnapError } from "../std/error.ts";
import { countIn, isShape, textIn, type Shape } from "./shape.ts";

/** The linked folder as the API names it: "" for the root of the account, else "/folder/sub". */
export type Top = string;

/** Documents of our own in the linked folder; no device takes them for files (S92, S116). */
const ownFolder = ".snap";

/** @throws {SnapError} `path-invalid` unless it is "" or a path below the root, without a slash at its end */
export function parseTop(text: string): Top {
  if (text === "" || (text.startsWith("/") && text !== "/" && isRelPath(text.slice(1))))
    return text;
  throw new SnapError("path-invalid", `Not a folder of an account: "${text}"`, {
    path: text,
    hint: 'Give it as "/folder/sub", or "/" for the whole account.',
  });
}

/** The only thing that a write replaces is the rev it names (S57). */
export function writeMode(replaces: string | undefined): files.WriteMode {
  return replaces === undefined ? { ".tag": "add" } : { ".tag": "update", update: replaces };
}

/** The whole path that the API wants. */
export function apiPath(top: Top, path: RelPath): string {
  return path === "" ? top : `${top}/${path}`;
}

/**
 * What a line of a listing says. Undefined for what is none of our business: the linked folder itself, which its own
 * recursive listing contains, and our own documents.
 */
export function changeOf(entry: unknown, top: Top): RemoteChange | undefined {
  if (!isShape(entry)) return refused("?", "it is not described");
  const removed = removalOf(entry, top);
  if (removed !== undefined) return isOwn(removed.keys) ? undefined : removed;
  const place = placeOf(entry, top);
  if ("change" in place) return place;
  if (isOwn(place.keys)) return undefined;
  const item = itemAt(entry, place);
  return "change" in item ? item : { change: "present", item };
}

/** The item that a call answers with. @throws {SnapError} `name-refused`, `remote-error` */
export function itemOf(entry: unknown, top: Top): RemoteItem {
  const change = changeOf(entry, top);
  if (change?.change === "present") return change.item;
  const [path, reason] =
    change?.change === "refused" ? [change.path, change.reason] : ["?", "it is no file or folder"];
  throw new SnapError("name-refused", `The server names something that is left there: ${reason}`, {
    path,
  });
}

type Refused = Extract<RemoteChange, { change: "refused" }>;
type Place = { readonly names: readonly string[]; readonly keys: readonly PathKey[] };

function refused(path: string, reason: string, place?: string): Refused {
  return { change: "refused", path, reason, ...(place !== undefined && { place }) };
}

/** The linked folder itself, and what is below our own folder. */
function isOwn(keys: readonly PathKey[]): boolean {
  return keys.length === 0 || keys[0] === ownFolder;
}

/** What is gone needs no name that a disk can hold: its keys are only compared. */
function removalOf(
  entry: Shape,
  top: Top,
): Extract<RemoteChange, { change: "removed" }> | undefined {
  if (textIn(entry, ".tag") !== "deleted") return undefined;
  const lower = textIn(entry, "path_lower") ?? textIn(entry, "path_display");
  const keys = lower === undefined ? undefined : below(lower, top);
  return keys && { change: "removed", keys: keys.map(keyFromServer) };
}

/** Where an entry is below the linked folder, with every component checked (X1, X13). */
function placeOf(entry: Shape, top: Top): Place | Refused {
  const lower = textIn(entry, "path_lower");
  const display = textIn(entry, "path_display") ?? lower;
  if (lower === undefined || display === undefined) {
    return refused(textIn(entry, "name") ?? "?", "it has no path");
  }
  const keys = below(lower, top);
  const parents = below(display, top);
  if (keys === undefined || parents?.length !== keys.length) {
    return refused(display, "it is not in the linked folder");
  }
  // Only the last component of `path_display` is sure to be in the right case, and `name` is the same (S35).
  const name = textIn(entry, "name") ?? parents.at(-1) ?? "";
  const names = keys.length === 0 ? [] : [...parents.slice(0, -1), name];
  const problem = problemOf(names, keys);
  if (problem !== undefined) return refused(names.join("/"), problem, keys.join("/"));
  return { names, keys: keys.map(keyFromServer) };
}

/**
 * The components of a whole path below the top; undefined where it is not there. Both sides are folded in the same,
 * modern way, so that differences between Unicode tables do not matter.
 */
function below(path: string, top: Top): readonly string[] | undefined {
  const components = path.split("/");
  const base = top.split("/");
  const isBelow = base.every((name, depth) => {
    const component = components[depth];
    return component !== undefined && sameFolded(name, component);
  });
  return isBelow ? components.slice(base.length) : undefined;
}

function sameFolded(name: string, lower: string): boolean {
  // Nearly every name ends here; the rest costs an array for each.
  if (name === lower || name.toLowerCase() === lower) return true;
  return folded(name) === folded(lower);
}

function folded(name: string): string {
  return Array.from(name.normalize("NFC"), (character) => character.toLowerCase()).join("");
}

function problemOf(names: readonly string[], keys: readonly string[]): string | undefined {
  if (names.length > pathDepthMax) return "it lies too deep";
  if (Buffer.byteLength(names.join("/")) > pathBytesMax) return "its path is too long";
  for (const name of [...names, ...keys]) {
    const problem = nameProblem(name);
    if (problem !== undefined) return `its name ${problem}`;
  }
  // A key that is not the key of its name would let two items fall onto one place on a disk.
  const differ = names.some((name, depth) => !sameFolded(name, keys[depth] ?? ""));
  return differ ? "its name and its path differ" : undefined;
}

function itemAt(entry: Shape, { names, keys }: Place): RemoteItem | Refused {
  const path = names.join("/");
  const place = keys.join("/");
  const remoteId = textIn(entry, "id");
  const name = names.at(-1);
  if (!isRelPath(path) || name === undefined || remoteId === undefined || remoteId === "") {
    return refused(path, "it has no id", place);
  }
  const shared = { path, keys, name, remoteId };
  const kind = kindOf(entry);
  if (kind === undefined) return refused(path, "it is neither file nor folder", place);
  if (kind === "folder") {
    return { kind, ...shared, rev: "", hash: "", size: 0, modified: 0 };
  }
  return fileAt(entry, shared);
}

/** Answers that can only be one of the two have no tag (fact sheet 1.4); a folder never has a rev. */
function kindOf(entry: Shape): Kind | undefined {
  const tag = textIn(entry, ".tag");
  if (tag === "file" || tag === "folder") return tag;
  if (tag !== undefined) return undefined;
  return entry["rev"] === undefined ? "folder" : "file";
}

function fileAt(
  entry: Shape,
  shared: Pick<RemoteItem, "path" | "keys" | "name" | "remoteId">,
): RemoteItem | Refused {
  const rev = textIn(entry, "rev");
  const hash = textIn(entry, "content_hash");
  const size = countIn(entry, "size");
  const refuse = (reason: string): Refused => refused(shared.path, reason, shared.keys.join("/"));
  if (entry["is_downloadable"] === false) {
    return refuse("it is a document that only exists online");
  }
  if (isShape(entry["symlink_info"])) return refuse("it is a symbolic link");
  if (rev === undefined || !/^[0-9a-f]{9,100}$/u.test(rev)) {
    return refuse("it has no revision");
  }
  if (hash === undefined || !/^[0-9a-f]{64}$/u.test(hash) || size === undefined) {
    return refuse("it has no content hash");
  }
  return { kind: "file", ...shared, rev, hash, size, modified: timeOf(entry) };
}

/** 0 where the server names none that can be read; it never decides anything (S35). */
function timeOf(entry: Shape): number {
  const time = Date.parse(textIn(entry, "client_modified") ?? "");
  return Number.isNaN(time) ? 0 : time;
}
