import type { Adjacent } from "../core/repo/finding.ts";
import { inside, kindAt, type Bytes } from "./read-only.ts";

/**
 * What git-annex, Git LFS and DVC keep with a repository of Git (G12).
 *
 * @param folder holds the files; undefined where there are none
 */
export function adjacentTo(common: Bytes, folder: Bytes | undefined): Adjacent[] {
  const has = (place: Bytes, name: string): boolean => kindAt(inside(place, name)) === "folder";
  return [
    ...(has(common, "annex") ? (["annex"] as const) : []),
    ...(has(common, "lfs") ? (["lfs"] as const) : []),
    ...(folder !== undefined && has(folder, ".dvc") ? (["dvc"] as const) : []),
  ];
}
