import { DiskFailure } from "./disk-error.ts";
import type { ByteText } from "./disk-names.ts";
import type { Inode } from "./inode.ts";
import type { Volume } from "./volume.ts";

const linksMax = 40;
const pathBytesMax = 4095;

/** Where a path leads: the folder, the name in it, and what has that name. The root itself has no name. */
export type Found = {
  readonly folder: Inode;
  readonly name: ByteText;
  readonly node: Inode | undefined;
  /** The path ended with a slash, so it can only be a folder. */
  readonly mustBeFolder: boolean;
};

/** What a walk needs beside the path. */
export type Walk = {
  readonly volume: Volume;
  readonly syscall: string;
  /** Inode behind an open handle, for paths below `/proc/self/fd`. */
  readonly handle: (fd: number) => Inode;
  /** Whether a link at the end is followed. */
  readonly follow: boolean;
};

/** Walk a path from the root, as a system does. @throws {DiskFailure} */
export function walkPath(walk: Walk, path: ByteText): Found {
  if (path.length > pathBytesMax) {
    throw new DiskFailure("ENAMETOOLONG", walk.syscall, path.slice(0, 80));
  }
  const start = startOf(walk, path);
  const rest = [...start.names];
  let found: Found = inside(start.folder);
  let links = 0;
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    if (name === "" || name === ".") {
      found = { ...found, mustBeFolder: name === "" && rest.length === 0 };
      continue;
    }
    if (found.name !== "") walk.volume.checkName(found.name, walk.syscall);
    found = step(walk, found, name);
    if (!leadsOn(walk, found, rest)) continue;
    links += 1;
    if (links > linksMax) throw new DiskFailure("ELOOP", walk.syscall, path);
    const target = found.node?.target ?? "";
    rest.unshift(...target.split("/"));
    found = inside(target.startsWith("/") ? walk.volume.root : found.folder);
  }
  return found;
}

/** An open folder, or the root, and the names from there on. */
function startOf(walk: Walk, path: ByteText): { folder: Inode; names: readonly ByteText[] } {
  const anchored = path.startsWith("/proc/") ? /^\/proc\/self\/fd\/(\d+)(?:\/|$)/.exec(path) : null;
  if (anchored === null) return { folder: walk.volume.root, names: path.split("/") };
  const names = path.slice(anchored[0].length).split("/");
  return { folder: walk.handle(Number(anchored[1])), names };
}

function inside(folder: Inode): Found {
  return { folder, name: "", node: folder, mustBeFolder: false };
}

/** Whether a link is followed: always on the way, at the end where that is wanted. */
function leadsOn(walk: Walk, { node }: Found, rest: readonly ByteText[]): boolean {
  return node?.kind === "symlink" && (walk.follow || rest.length > 0);
}

function step({ volume, syscall }: Walk, at: Found, name: ByteText): Found {
  const folder = at.node;
  if (folder === undefined) throw new DiskFailure("ENOENT", syscall, name);
  if (folder.kind !== "folder") throw new DiskFailure("ENOTDIR", syscall, name);
  mayEnter(volume, folder, syscall);
  if (name === "..") {
    const above = folder.parent ?? volume.root;
    return { folder: above, name: "", node: above, mustBeFolder: false };
  }
  return { folder, name, node: volume.lookup(folder, name), mustBeFolder: false };
}

function mayEnter(volume: Volume, folder: Inode, syscall: string): void {
  if ((folder.mode & 0o100) === 0 && !volume.settings.superuser)
    throw new DiskFailure("EACCES", syscall);
}

/** @throws {DiskFailure} EACCES unless the owner has all of these bits. */
export function mayUse(volume: Volume, node: Inode, use: { bits: number; syscall: string }): void {
  if (volume.settings.superuser || (node.mode & use.bits) === use.bits) return;
  throw new DiskFailure("EACCES", use.syscall);
}
