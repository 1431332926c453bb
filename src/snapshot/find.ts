import { isHash } from "../core/snapshot/checked-json.ts";
import type { NotedRoot } from "../core/snapshot/note.ts";
import { findRoot } from "../core/snapshot/root-reference.ts";
import type { Reference } from "../core/snapshot/root-reference.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import { SnapError, isSnapError } from "../std/error.ts";
import { timeInName } from "./file-times.ts";
import type { FoundRoot } from "./root-files.ts";

/**
 * The snapshot that a reference names among those that are asked for, or the truth about why it cannot be told: a
 * damaged root may be the one that is meant (N8). Only the digits of an id leave no doubt.
 *
 * @throws {SnapError} `snapshot-not-found`, `snapshot-ambiguous`; `damaged`
 */
export function findSound(
  reference: Reference,
  roots: { readonly asked: readonly NotedRoot[]; readonly all: readonly FoundRoot[] },
): NotedRoot {
  const damaged = roots.all.filter(isDamaged);
  const found = findUnless(reference, roots.asked, damaged);
  if (isNamedById(reference, found)) return found;
  const hidden = damaged.find(({ name }) => isLater(name, found) && isReached(reference, name));
  if (hidden === undefined) return found;
  throw damagedRoot(hidden, {
    message: `A snapshot later than ${found.time} is damaged`,
    hint: `Run \`snap verify\`, or name a snapshot by its id; the newest whole one that fits is ${found.id.slice(0, 16)}.`,
  });
}

type UnreadRoot = Extract<FoundRoot, { readonly trouble: SnapError }>;

function isDamaged(found: FoundRoot): found is UnreadRoot {
  return found.root === undefined;
}

function isNamedById(reference: Reference, found: SnapshotRoot): boolean {
  return reference.by === "name" && found.label !== reference.name;
}

function findUnless(
  reference: Reference,
  asked: readonly NotedRoot[],
  damaged: readonly UnreadRoot[],
): NotedRoot {
  try {
    return findRoot(reference, asked);
  } catch (error) {
    const meant = damaged.findLast(({ name }) => hasDigits(reference, name));
    const [hidden] = damaged.filter(({ name }) => isReached(reference, name)).slice(-1);
    const unread = meant ?? hidden;
    if (!isSnapError(error, "snapshot-not-found") || unread === undefined) throw error;
    if (reference.by === "name" && isHash(reference.name) && meant === undefined) throw error;
    throw damagedRoot(unread, {
      message:
        meant === undefined ? `${error.message}, but one is damaged` : "The snapshot is damaged",
      hint: "It may be the one that is meant. `snap verify` tells what is wrong, `snap list` shows the whole ones.",
    });
  }
}

function damagedRoot(
  { name, trouble }: UnreadRoot,
  { message, hint }: { readonly message: string; readonly hint: string },
): SnapError {
  const path = `roots/${name}`;
  return new SnapError("damaged", `${message}: "${path}"`, { hint, path, cause: trouble });
}

/** Whether a reference gives digits of the id that the name of a root's file has. */
function hasDigits(reference: Reference, fileName: string): boolean {
  if (reference.by !== "name") return false;
  const digits = fileName.slice(fileName.indexOf("-") + 1, -".json".length);
  return reference.name.length >= 4 && digits.startsWith(reference.name.slice(0, 16).toLowerCase());
}

/** Whether a root of this file name is not too late for the reference. */
function isReached(reference: Reference, fileName: string): boolean {
  if (reference.by !== "time") return true;
  return timeInName(fileName) <= reference.timeMs;
}

function isLater(fileName: string, root: SnapshotRoot): boolean {
  return fileName.slice(0, fileName.indexOf("-")) > root.time.replaceAll(/[-:]/g, "");
}
