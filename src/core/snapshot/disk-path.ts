import { rawText } from "../path/raw-path.ts";
import { parseRelPath, type RelPath } from "../path/rel-path.ts";
import type { SnapshotEntry } from "./entry.ts";

/** A path as a disk takes it: text, or its bytes where they are no text. */
export type DiskPath = string | Uint8Array;

const slash = 0x2f;

/** A name in a folder; undefined is the top. */
export function nameOnDisk(folder: DiskPath | undefined, name: DiskPath): DiskPath {
  if (folder === undefined) return name;
  if (typeof folder === "string" && typeof name === "string") return `${folder}/${name}`;
  return Buffer.concat([bytesOf(folder), Buffer.from([slash]), bytesOf(name)]);
}

/**
 * The path that an entry has on a disk, in the folder that it lies in. Undefined where the bytes of its path (`pb`) are not those
 * of the folder and one name more: whoever wrote that means another place.
 */
export function pathOnDisk(
  folder: DiskPath | undefined,
  { path, pathBytes }: Pick<SnapshotEntry, "path" | "pathBytes">,
): DiskPath | undefined {
  if (pathBytes === undefined) return nameOnDisk(folder, path.slice(path.lastIndexOf("/") + 1));
  const bytes = Buffer.from(pathBytes, "base64");
  const end = bytes.lastIndexOf(slash);
  const parent = bytes.subarray(0, Math.max(0, end));
  const name = bytes.subarray(end + 1);
  if (!parent.equals(bytesOf(folder ?? "")) || !isName(name)) return undefined;
  return nameOnDisk(folder, name);
}

/** The path by which the local side knows what an entry was made of: a raw one where its bytes are no UTF-8. */
export function rawPathOf({ path, pathBytes }: Pick<SnapshotEntry, "path" | "pathBytes">): RelPath {
  return parseRelPath(pathBytes === undefined ? path : rawText(Buffer.from(pathBytes, "base64")));
}

/** The target of a link as the local side gives it. */
export function rawTargetOf({
  linkTarget,
  linkBytes,
}: Pick<SnapshotEntry, "linkTarget" | "linkBytes">): string | undefined {
  return linkBytes === undefined ? linkTarget : rawText(Buffer.from(linkBytes, "base64"));
}

/** Also none of the program's own (X6). */
function isName(name: Buffer): boolean {
  const text = name.toString("latin1");
  if (text === "" || text === "." || text === ".." || text.includes("\0")) return false;
  const key = text.toLowerCase();
  return key !== ".snap" && !key.startsWith(".snap-tmp-");
}

function bytesOf(path: DiskPath): Buffer {
  return Buffer.from(path);
}
