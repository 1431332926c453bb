import type { Steps } from "../std/steps.ts";
import { isRefName } from "../core/repo/ref-name.ts";
import {
  inside,
  isOutOfReach,
  readFolder,
  readLink,
  type Bytes,
  type RawEntry,
} from "./read-only.ts";

/** Bounds of what is looked at; beyond them the refs are not known whole. */
const entriesMax = 200_000;
const depthMax = 32;

/** Files that are read in one step. */
const entriesInARow = 64;

/** So much of one is read: it holds an object id, or a name. */
export const refBytesMax = 4096;

/** Something that stands where refs are kept in files. */
export type LooseEntry = {
  readonly entry: RawEntry;
  readonly place: Bytes;
  /** Below the gitdir, as text: `refs/heads/main`. */
  readonly path: string;
};

/** What becomes of the walk: on into a folder, as a rule; past it; or no further at all. */
export type Onward = "past" | "stop" | undefined;

/** Go through all that stands below a folder of refs (G30, G40), which may be ten thousand. @returns whether that was everything */
export function* walkRefs(
  base: Bytes,
  top: string,
  visit: (found: LooseEntry) => Onward,
): Steps<boolean> {
  const waiting = [{ folder: inside(base, top), path: top }];
  let [entries, isWhole] = [0, true];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const listed = entriesOf(at.folder);
    if (listed === undefined) isWhole = false;
    for (const entry of listed ?? []) {
      const found = {
        entry,
        place: inside(at.folder, entry.bytes),
        path: `${at.path}/${entry.name}`,
      };
      const onward = visit(found);
      entries += 1;
      if (entries % entriesInARow === 0) yield;
      if (onward === "stop" || entries > entriesMax || found.path.split("/").length > depthMax) {
        return false;
      }
      if (entry.kind === "folder" && onward === undefined) {
        waiting.push({ folder: found.place, path: found.path });
      }
    }
  }
  return isWhole;
}

function entriesOf(folder: Bytes): RawEntry[] | undefined {
  try {
    return readFolder(folder);
  } catch (error) {
    if (isOutOfReach(error)) return undefined;
    throw error;
  }
}

/** The form that a symbolic ref had before 2005: a link with the name of another ref, as the text of today's form. */
export function linkedRef(place: Bytes): string | undefined {
  const target = readLink(place);
  return target !== undefined && isRefName(target) ? `ref: ${target}` : undefined;
}
