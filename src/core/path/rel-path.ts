import { SnapError } from "../../std/error.ts";

declare const relPath: unique symbol;

/** A path below the top of a workspace, linked folder or snapshot: `/` between names, never `.` or `..`; "" is the top. */
export type RelPath = string & { readonly [relPath]: true };

/** A component that is empty, `.` or `..`, or a NUL anywhere. */
const oddPart = /(?:^|\/)\.{0,2}(?:\/|$)|\0/;

/** The top itself. */
export const topPath: RelPath = parseRelPath("");

/** Longest path in UTF-8 bytes that is handled (X13). */
export const pathBytesMax = 4096;
/** Deepest nesting of folders that is handled (X13). */
export const pathDepthMax = 256;

/** @throws {SnapError} `path-invalid` when a component is empty, `.` or `..`, or holds NUL. */
export function parseRelPath(text: string): RelPath {
  if (isRelPath(text)) return text;
  throw new SnapError("path-invalid", `Not a path inside the workspace: "${text}"`, {
    path: text,
    hint: "Give the path relative to the workspace, with / between names.",
  });
}

/** Whether a text is a path below the top as it stands. Asked of every path of a tree: taking them apart would cost five times as much. */
export function isRelPath(text: string): text is RelPath {
  return text === "" || !oddPart.test(text);
}

/** The path of a child. The name has been checked at the door it came through (X1). */
export function joinPath(parent: RelPath, name: string): RelPath {
  if (parent === "") return parseRelPath(name);
  const path = `${parent}/${name}`;
  if (name === "" || !isRelPath(name)) return parseRelPath(path);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both parts are checked, and so is the whole
  return path as RelPath;
}

/** The path of names that were gathered on the way up: the last one is the topmost. */
export function pathOfNames(upward: readonly string[]): RelPath {
  return parseRelPath(upward.toReversed().join("/"));
}

/** The folder that holds a path; undefined for the top. */
export function parentPath(path: RelPath): RelPath | undefined {
  if (path === "") return undefined;
  return parseRelPath(path.slice(0, Math.max(0, path.lastIndexOf("/"))));
}

/** The last component; "" for the top. */
export function baseName(path: RelPath): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The rest of a path that is `folder` or lies below it, as seen from there. */
export function pathFrom(folder: RelPath, path: RelPath): RelPath {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the end of a checked path is one
  return (folder === topPath ? path : path.slice(folder.length + 1)) as RelPath;
}

/** The components, top first; none for the top. */
export function pathComponents(path: RelPath): readonly string[] {
  return path === "" ? [] : path.split("/");
}

/** Whether `path` is `folder` itself or lies below it. */
export function isInside(path: RelPath, folder: RelPath): boolean {
  return folder === "" || path === folder || path.startsWith(`${folder}/`);
}

/**
 * Path order of manifests and listings (N21): by UTF-8 bytes, `/` before every other byte, so that a folder
 * stands right before what it contains.
 */
export function comparePaths(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index += 1) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left === right) continue;
    if (left === slash || right === slash) return left === slash ? -1 : 1;
    return orderOfUnits(left, right) ?? compareNames(a, b);
  }
  return a.length - b.length;
}

/** The same, name by name. */
function compareNames(a: string, b: string): number {
  const left = a.split("/");
  const right = b.split("/");
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index += 1) {
    const order = compareBytes(left[index] ?? "", right[index] ?? "");
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

const slash = 0x2f;
const firstSurrogate = 0xd800;

/** Order of two names by their UTF-8 bytes, which is the order of their code points. */
export function compareBytes(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index += 1) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left === right) continue;
    return orderOfUnits(left, right) ?? Buffer.compare(Buffer.from(a), Buffer.from(b));
  }
  return a.length - b.length;
}

/** Order of two units of UTF-16; undefined from the surrogates on, where it is not that of the code points. */
function orderOfUnits(a: number, b: number): number | undefined {
  return a < firstSurrogate && b < firstSurrogate ? a - b : undefined;
}
