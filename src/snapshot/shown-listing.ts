import { joinPath, compareBytes, type RelPath } from "../core/path/rel-path.ts";
import { isRaw, rawBytes } from "../core/path/raw-path.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { FolderListing, LocalStat } from "../core/tree/local-stat.ts";
import { ShownNames } from "./shown-names.ts";

/** Where something stands: its path in the snapshot, and the one that the local side knows it by, which is raw where the two differ. */
export type ShownPlace = { readonly path: RelPath; readonly raw: RelPath };

/** What stands in a folder, by names as a snapshot shows them. */
export type ShownListing = {
  /** In byte order of these names. */
  readonly entries: readonly LocalStat[];
  readonly placeOf: (stat: LocalStat) => ShownPlace;
};

/** Give names to show to what a folder holds; `path` is that of the folder in the snapshot. */
export function shownListing(path: RelPath, listing: FolderListing): ShownListing {
  const { entries, odd } = listing;
  const inFolder = (name: string, rawName: string): ShownPlace => {
    const place = joinPath(path, name);
    const isPlain = path === listing.path && name === rawName;
    return { path: place, raw: isPlain ? place : joinPath(listing.path, rawName) };
  };
  if (odd.length === 0) return { entries, placeOf: ({ name }) => inFolder(name, name) };
  const rawNames = new Map(shownNames(listing));
  const renamed = [...rawNames].map(([name, stat]) => ({ ...stat, name }));
  return {
    entries: [...entries, ...renamed].toSorted((a, b) => compareBytes(a.name, b.name)),
    placeOf: ({ name }) => inFolder(name, rawNames.get(name)?.name ?? name),
  };
}

function* shownNames({ entries, odd }: FolderListing): Generator<readonly [string, LocalStat]> {
  const names = new ShownNames();
  for (const { name } of [...entries, ...odd]) names.note(bytesAsCharacters(name));
  for (const stat of odd) yield [names.textOf(bytesAsCharacters(stat.name)).text, stat];
}

/** How an entry says where it stands. */
export function pathFacts({ path, raw }: ShownPlace): Pick<SnapshotEntry, "path" | "pathBytes"> {
  return raw === path ? { path } : { path, pathBytes: rawBytes(raw).toString("base64") };
}

/** How an entry says where a link points. */
export function linkFacts(target: string): Pick<SnapshotEntry, "linkTarget" | "linkBytes"> {
  if (!isRaw(target)) return { linkTarget: target };
  const linkBytes = rawBytes(target).toString("base64");
  return { linkTarget: new ShownNames().textOf(bytesAsCharacters(target)).text, linkBytes };
}

function bytesAsCharacters(text: string): string {
  return rawBytes(text).toString("latin1");
}
