import { pathKeyOf } from "../../core/path/path-key.ts";
import { LookupFailure, WriteFailure, conflict, tag } from "../wire/failure.ts";
import { nameUnitsMax, pathNamesMax } from "../limits.ts";
import { nameOf, parentKey, parseRev } from "./node.ts";
import type { FileNode, Node, Place } from "./node.ts";
import type { Tree } from "./tree.ts";

/** The names of a path of the namespace, top first; none for its root. */
export type Names = readonly string[];

/** Whether a path is looked at or named for a write: that takes no slash at the end and none doubled (Choice 6). */
export type PathUse = "read" | "write";

/**
 * Names that the service never takes, in lower case (fact sheet 3.5).
 */
const disallowedNames: ReadonlySet<string> = new Set([
  "desktop.ini",
  "thumbs.db",
  ".ds_store",
  "icon\r",
  ".dropbox",
  ".dropbox.attr",
  ".dropbox.cache",
]);

/**
 * The names of a path as Dropbox keeps them, in NFC (V24); undefined where the path is malformed.
 *
 * `text` starts with "/" or is empty.
 */
export function parseNames(text: string, use: PathUse): Names | undefined {
  const trimmed = use === "read" ? text.replace(/^\/+/, "/").replace(/\/$/, "") : text;
  if (trimmed === "") return [];
  const names = trimmed.slice(1).split("/");
  if (names.length > pathNamesMax) return undefined;
  return names.every(isName) ? names.map((name) => name.normalize("NFC")) : undefined;
}

function isName(name: string): boolean {
  const nothing = name === "" || name === "." || name === "..";
  // NUL, DEL and backslash are refused; halves of surrogate pairs are no Unicode text at all.
  const refused = name.includes("\0") || name.includes("\u007f") || name.includes("\\");
  return (
    !nothing && !refused && name.isWellFormed() && name.normalize("NFC").length <= nameUnitsMax
  );
}

/** Why nothing new may have a name that is well formed; undefined where it may (fact sheet 3.5). */
export function newNameTrouble(name: string): "malformed_path" | "disallowed_name" | undefined {
  if (name.endsWith(" ")) return "malformed_path";
  return disallowedNames.has(name.toLowerCase()) ? "disallowed_name" : undefined;
}

/** `path_lower` of names. */
export function keyOf(names: Names): string {
  return names.map((name) => `/${pathKeyOf(name)}`).join("");
}

/** The key of the path, and what is there; for reading, deleting, moving from. */
export type Lookup = {
  readonly key: string;
  readonly names: Names;
  readonly node: Node | undefined;
};

/**
 * Look a path, `id:` or `ns:` argument up.
 *
 * @throws {LookupFailure} `malformed_path`; `not_found` for an id or namespace that is not there.
 */
export function lookUp(tree: Tree, argument: string, use: PathUse): Lookup {
  if (argument.startsWith("id:")) return lookUpId(tree, argument, use);
  const { base, below } = insideNamespace(tree, argument);
  const shown = parseNames(below, use);
  if (shown === undefined) throw new LookupFailure("malformed_path");
  const names = [...base, ...shown];
  const key = keyOf(names);
  // The root has no node, not even where it is a folder of the account.
  return { key, names, node: key === tree.view.topKey ? undefined : tree.at(key) };
}

/** `id:…`, or a path relative to the folder of an id. */
function lookUpId(tree: Tree, argument: string, use: PathUse): Lookup {
  const slash = argument.indexOf("/");
  const node = tree.byId(slash < 0 ? argument : argument.slice(0, slash));
  if (node === undefined) throw new LookupFailure("not_found");
  const base = node.display.slice(1).split("/");
  if (slash < 0) return { key: node.key, names: base, node };
  const below = parseNames(argument.slice(slash), use);
  if (below === undefined) throw new LookupFailure("malformed_path");
  const names = [...base, ...below];
  const key = keyOf(names);
  return { key, names, node: tree.at(key) };
}

/** A namespace in front is one that the view reaches; any other is not there for the app. */
function insideNamespace(
  { view }: Tree,
  argument: string,
): { readonly base: Names; readonly below: string } {
  const parts = /^ns:([0-9]+)/.exec(argument);
  if (parts === null) return { base: view.topNames, below: argument };
  const space = view.spaces.find(({ id }) => String(id) === parts[1]);
  if (space === undefined) throw new LookupFailure("not_found");
  return { base: space.names, below: argument.slice(parts[0].length) };
}

/** @throws {LookupFailure} `not_found` where nothing is; those of `lookUp`. */
export function present(lookup: Lookup): Node {
  if (lookup.node === undefined) throw new LookupFailure("not_found");
  return lookup.node;
}

/**
 * A state of a file by `rev:…`, path or `id:` (V43).
 *
 * @throws {LookupFailure} `not_file` for a folder, and those of `lookUp`.
 */
export function lookUpFile(tree: Tree, argument: string): FileNode {
  if (argument.startsWith("rev:")) return lookUpRev(tree, argument.slice("rev:".length));
  const lookup = lookUp(tree, argument, "read");
  if (lookup.key === tree.view.topKey) throw new LookupFailure("not_file");
  const node = present(lookup);
  if (node.kind !== "file") throw new LookupFailure("not_file");
  return node;
}

/** @throws {LookupFailure} `not_found` where no state with this rev is kept. */
export function lookUpRev(tree: Tree, rev: string): FileNode {
  const counter = parseRev(rev, tree.account.namespace);
  const file = counter === undefined ? undefined : tree.revision(counter);
  if (file === undefined) throw new LookupFailure("not_found");
  return file;
}

/**
 * The names of a path that is to be written.
 *
 * @throws {WriteFailure} `malformed_path` also for an unknown id (Choice 20), `disallowed_name`.
 */
export function targetNames(tree: Tree, argument: string): Names {
  const names = writtenNames(tree, argument);
  if (names.length === tree.view.topNames.length) throw malformed();
  checkNewName(names.at(-1) ?? "");
  return names;
}

function writtenNames(tree: Tree, argument: string): Names {
  try {
    return lookUp(tree, argument, "write").names;
  } catch (error) {
    if (error instanceof LookupFailure) throw malformed();
    throw error;
  }
}

function checkNewName(name: string): void {
  const trouble = newNameTrouble(name);
  if (trouble !== undefined) throw new WriteFailure(tag(trouble));
}

function malformed(): WriteFailure {
  return new WriteFailure(tag("malformed_path"));
}

/**
 * The place for names, in a parent that is there or can be made; names of folders that are there stay as stored.
 *
 * @throws {WriteFailure} `conflict/file_ancestor` when a file is where a parent must be; `malformed_path` and
 * `disallowed_name` for a parent that would have to be made.
 */
export function placeFor(tree: Tree, names: Names): Place {
  let place: Place = { key: "", display: "" };
  for (const [depth, name] of names.entries()) {
    place = { key: `${place.key}/${pathKeyOf(name)}`, display: `${place.display}/${name}` };
    if (depth === names.length - 1) break;
    const node = tree.at(place.key);
    if (node?.kind === "file") throw conflict("file_ancestor");
    if (node === undefined) checkNewName(name);
    else place = { key: node.key, display: node.display };
  }
  return place;
}

/** Make the folders that a place lacks, top first, each a line of its own (V25). */
export function makeParents(tree: Tree, place: Place): void {
  const key = parentKey(place.key);
  if (key === "" || tree.at(key) !== undefined) return;
  const display = place.display.slice(0, place.display.length - nameOf(place.display).length - 1);
  makeParents(tree, { key, display });
  tree.addFolder({ key, display });
}
