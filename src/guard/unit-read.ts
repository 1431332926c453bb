import { lstatSync, type BigIntStats } from "node:fs";
import type { Owner } from "../core/tree/owner.ts";
import { OpenFile } from "./open-file.ts";
import { inside, isOutOfReach, type Bytes } from "./read-only.ts";

/** What tells one state of an entry from another. */
export type Stamp = {
  readonly mode: number;
  readonly owner: Owner;
  readonly size: number;
  readonly mtimeNs: bigint;
  /** The later of mtime and ctime, ns since 1970. */
  readonly newestNs: bigint;
  /** Changes with every change of the entry; inode included. */
  readonly mark: string;
};

const permissionBits = 0o7777n;

/** What the file system says of an entry, to the nanosecond; undefined where there is none. */
export function stampAt(path: Bytes): Stamp | undefined {
  try {
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return stats === undefined ? undefined : stampOf(stats);
  } catch (error) {
    if (isOutOfReach(error)) return undefined;
    throw error;
  }
}

function stampOf({ mode, uid, gid, size, mtimeNs, ctimeNs, ino }: BigIntStats): Stamp {
  return {
    mode: Number(mode & permissionBits),
    owner: `${uid}:${gid}`,
    size: Number(size),
    mtimeNs,
    newestNs: mtimeNs > ctimeNs ? mtimeNs : ctimeNs,
    mark: `${mode} ${size} ${mtimeNs} ${ctimeNs} ${ino}`,
  };
}

/** The path of a part of a unit. An empty one is the folder of the unit itself. */
export function placeOf(root: Bytes, path: Bytes): Bytes {
  return path.length === 0 ? root : inside(root, path);
}

/** The path of an entry in a folder of the unit. */
export function below(folder: Bytes, name: Bytes): Bytes {
  return folder.length === 0 ? name : inside(folder, name);
}

const pieceBytes = 1024 * 1024;

/**
 * Hand a file on, piece by piece, up to the size it had when it was looked at: one that grows without end has an end here.
 *
 * @returns `moved` where it is another one by now, shorter, or gone; `unreadable` where it stands there and cannot be opened
 */
export async function streamFile(
  path: Bytes,
  { size }: Stamp,
  take: (piece: Buffer) => Promise<void>,
): Promise<"whole" | "moved" | "unreadable"> {
  using file = OpenFile.open(path);
  if (file === undefined) return stampAt(path) === undefined ? "moved" : "unreadable";
  if (file.size < size) return "moved";
  for (let at = 0; at < size; at += pieceBytes) {
    const wanted = Math.min(pieceBytes, size - at);
    const piece = file.read(at, wanted);
    if (piece.length < wanted) return "moved";
    await take(piece);
  }
  return "whole";
}
