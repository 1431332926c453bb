/** Names that file syncs give to what they could not put together (G40, G41). Pure; the names are those of a vendor's client. */
import { isRefName } from "./ref-name.ts";

/** A name that looks like a copy of another. */
export type CopiedName = {
  /** The name without the label. */
  readonly original: string;
  /** People give such names too: it counts only beside its original, or where it can be no name of Git's own. */
  readonly ambiguous: boolean;
};

type CopyForm = { readonly label: RegExp; readonly ambiguous: boolean };

const forms: readonly CopyForm[] = [
  // Dropbox, Nextcloud, pCloud, Box, Seafile, snap itself: "(HOST's conflicted copy 2024-05-01)", "(Case Conflict)", "(SFConflict …)".
  { label: / \(.*conflict.*\)/iu, ambiguous: false },
  // Syncthing: ".sync-conflict-20240501-101112-ABCDEFG".
  { label: /\.sync-conflict-\d{8}-\d{6}(?:-[A-Z2-7]{7})?/u, ambiguous: false },
  // ownCloud: "_conflict-20240501-101112".
  { label: /_conflict-\d{8}-\d{6}/u, ambiguous: false },
  // Resilio.
  { label: /\.Conflict(?=\.|$)/u, ambiguous: true },
  // Google Drive: " (1)".
  { label: / \(\d{1,3}\)(?=\.[^.\s]*$|$)/u, ambiguous: true },
  // iCloud Drive: " 2".
  { label: / \d{1,3}(?=\.[^.\s]*$|$)/u, ambiguous: true },
  // OneDrive: the name that Windows or macOS gave to the computer.
  {
    label: /-(?:(?:DESKTOP|LAPTOP|WIN)-[A-Z0-9]{5,12}|[A-Z0-9]+-PC|[^/]*(?:MacBook|iMac)[^/.]*)/u,
    ambiguous: true,
  },
];

/** What a name is a copy of, by its label; undefined for a name without one. */
export function copiedName(name: string): CopiedName | undefined {
  for (const { label, ambiguous } of forms) {
    const original = name.replace(label, "");
    if (original !== name && original !== "") return { original, ambiguous };
  }
  return undefined;
}

/** Whether a name is that of a conflicted copy and of nothing else. */
export function isConflictedName(name: string): boolean {
  return copiedName(name)?.ambiguous === false;
}

const droppings: ReadonlySet<string> = new Set([
  "desktop.ini",
  "thumbs.db",
  "ehthumbs.db",
  ".ds_store",
  "icon\r",
  ".dropbox",
  ".dropbox.attr",
  ".dropbox.cache",
  ".directory",
  ".sync_exclude.lst",
  ".stfolder",
  ".stignore",
]);

/** Whether a name is that of a file which systems and file syncs leave in every folder (G40 `junk-file`). */
export function isDropping(name: string): boolean {
  const lowered = name.toLowerCase();
  return (
    droppings.has(lowered) ||
    /^(?:\._|\.~|~\$|\.syncthing\.|\.snap-tmp-|\.nfs[0-9a-f]|\.fuse_hidden)/u.test(lowered)
  );
}

/** Who made a ref with a label that people use as well: Git, a file sync, or nobody can tell. */
export type RefOrigin = "git" | "sync" | "unclear";

/** Refs that are not what their names say. */
export type ConflictedRefs = {
  /** Conflicted copies, never counted as branches (G42). */
  readonly copies: ReadonlySet<string>;
  /** May be copies, and count as what they are for Git (G41). */
  readonly unclear: ReadonlySet<string>;
};

/**
 * Refs that are conflicted copies: those with a vendor's label, those under a name that Git forbids, and those with an ambiguous
 * label beside the ref itself, with another object, that a sync made (G41).
 *
 * @param refs object ids by full name
 * @param originOf who made a ref with such a label beside the original of that name
 */
export function conflictedRefs(
  refs: ReadonlyMap<string, string>,
  originOf: (name: string, original: string) => RefOrigin,
): ConflictedRefs {
  const [copies, unclear] = [new Set<string>(), new Set<string>()];
  for (const [name, oid] of refs) {
    const copied = copiedName(name);
    if (!isRefName(name) || copied?.ambiguous === false) copies.add(name);
    if (copies.has(name) || copied === undefined) continue;
    const original = refs.get(copied.original);
    if (original === undefined || original === oid) continue;
    const origin = originOf(name, copied.original);
    if (origin === "sync") copies.add(name);
    if (origin === "unclear") unclear.add(name);
  }
  return { copies, unclear };
}
