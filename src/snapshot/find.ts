import { findRoot } from "../core/snapshot/root-reference.ts";
import type { Reference } from "../core/snapshot/root-reference.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import { SnapError, isSnapError } from "../std/error.ts";
import type { FoundRoot } from "./root-files.ts";

/**
 * The snapshot that a reference names among those that are asked for, or the truth about why it cannot be told: a
 * damaged root may be the one that is meant (N8).
 *
 * @throws {SnapError} `snapshot-not-found`, `snapshot-ambiguous`; `damaged`
 */
export function findSound(
  reference: Reference,
  roots: { readonly asked: readonly SnapshotRoot[]; readonly all: readonly FoundRoot[] },
): SnapshotRoot {
  const damaged = roots.all.filter(({ root }) => root === undefined);
  const found = findUnless(reference, roots.asked, damaged);
  const hidden = damaged.find(({ name }) => isLater(name, found) && isReached(reference, name));
  if (hidden === undefined || reference.by === "name") return found;
  throw new SnapError(
    "damaged",
    `A snapshot later than ${found.time} is damaged: "roots/${hidden.name}"`,
    {
      hint: `Run \`snap verify\`, or name a snapshot by its id; the newest whole one is ${found.id.slice(0, 16)}.`,
      path: `roots/${hidden.name}`,
    },
  );
}

function findUnless(
  reference: Reference,
  asked: readonly SnapshotRoot[],
  damaged: readonly FoundRoot[],
): SnapshotRoot {
  try {
    return findRoot(reference, asked);
  } catch (error) {
    const meant = damaged.find(({ name }) => mayBeMeant(reference, name));
    if (isSnapError(error, "snapshot-not-found") && meant?.trouble !== undefined)
      throw meant.trouble;
    throw error;
  }
}

function mayBeMeant(reference: Reference, fileName: string): boolean {
  if (reference.by !== "name") return isReached(reference, fileName);
  const digits = fileName.slice(fileName.indexOf("-") + 1, -".json".length);
  return reference.name.length >= 4 && digits.startsWith(reference.name.slice(0, 16).toLowerCase());
}

/** Whether a root of this file name is not too late for the reference. */
function isReached(reference: Reference, fileName: string): boolean {
  if (reference.by !== "time") return true;
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(fileName) ?? [];
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts.map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second) <= reference.timeMs;
}

function isLater(fileName: string, root: SnapshotRoot): boolean {
  return fileName.slice(0, fileName.indexOf("-")) > root.time.replaceAll(/[-:]/g, "");
}
