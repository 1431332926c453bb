import { basename, dirname, join } from "node:path";
import { bareRepository, repositoryMarker } from "../core/repo/marker.ts";
import type { Discovery } from "./classify.ts";
import { inside, isOutOfReach, kindAt, readFolder, type Bytes } from "./read-only.ts";

/** A repository that the workspace lies in. */
export type Surrounding = {
  readonly discovery: Discovery;
  readonly path: string;
  readonly marker: string;
};

/**
 * Walk up from a workspace to the root of the file system (G11 `parent`). The nearest work tree around it is a warning. A
 * workspace in the inside of a gitdir is refused: its files are the repository's.
 */
export function findSurroundings(top: string): Surrounding[] {
  const around = foldersAround(top);
  const gitdirs = [top, ...around].filter((folder) => isHistory(folder, top));
  const [nearest] = around.flatMap((folder) => workTreeAt(folder, top));
  return [
    ...gitdirs.map((path) => ({ path, marker: "", discovery: historyAround(path) })),
    ...(nearest === undefined ? [] : [nearest]),
  ];
}

/** The folders that hold a folder, nearest first. */
function foldersAround(folder: string): string[] {
  const parentFolder = dirname(folder);
  return parentFolder === folder ? [] : [parentFolder, ...foldersAround(parentFolder)];
}

/** A workspace inside the marker itself is in a gitdir, not in a work tree. */
function workTreeAt(folder: string, top: string): Surrounding[] {
  const path = Buffer.from(folder);
  return markers
    .filter((marker) => !`${top}/`.startsWith(`${join(folder, marker)}/`))
    .filter((marker) => kindAt(inside(path, marker)) !== undefined)
    .slice(0, 1)
    .map((marker) => ({ path: folder, marker, discovery: parentAt(path, marker) }));
}

/** Markers that a work tree has at its top, by their names as they are made. */
const markers = [
  ".git",
  ".hg",
  ".svn",
  ".bzr",
  "_darcs",
  ".pijul",
  ".sl",
  ".jj",
  ".fslckout",
  "_FOSSIL_",
];

function parent(severity: "refuse" | "warn"): Discovery {
  return { vcs: "git", form: "parent", state: "live", severity };
}

function parentAt(folder: Bytes, marker: string): Discovery {
  const gitdir = inside(folder, marker);
  const vcs = repositoryMarker(marker)?.vcs;
  if (marker !== ".git" || kindAt(gitdir) !== "folder") return { ...parent("warn"), vcs };
  return { ...parent("warn"), subject: { vcs: "git", gitdir, common: gitdir, folder } };
}

/** By its name; a gitdir of Git also by its entries. The top itself is judged by its entries when it is looked into. */
function isHistory(folder: string, top: string): boolean {
  const marker = repositoryMarker(basename(folder), "folder");
  const isOwnGitdir = folder === top && isGitdir(Buffer.from(folder));
  if (marker !== undefined && !marker.variant) return !isOwnGitdir;
  return folder !== top && isGitdir(Buffer.from(folder));
}

function historyAround(folder: string): Discovery {
  const vcs = repositoryMarker(basename(folder), "folder")?.vcs ?? "git";
  return { ...parent("refuse"), vcs };
}

function isGitdir(path: Bytes): boolean {
  try {
    const shape = bareRepository(readFolder(path));
    return shape === "whole" || shape === "torn";
  } catch (error) {
    // A folder that may be walked through but not read shows no sign of being a gitdir.
    if (isOutOfReach(error)) return false;
    throw error;
  }
}
