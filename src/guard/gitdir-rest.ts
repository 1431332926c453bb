import { gitdirRestMs, staleLockMs, type BusyWorkTree } from "../core/repo/work-trees.ts";
import { describeError } from "../std/error.ts";
import { inside, isOutOfReach, lookAt, modifiedAt, readFolder, type Bytes } from "./read-only.ts";

/** When a repository with a lock is looked at again, ms, and one that cannot be judged. */
const lockAgainMs = 10_000;
const unknownAgainMs = 60_000;

/** A time of a file that lies further ahead is no time to wait for, ms: somebody set a clock. */
const aheadMaxMs = 60_000;

/** What is looked at of one gitdir; one with more is never found at rest (G4). */
const entriesMax = 500_000;

/** What is found in a gitdir. */
export type GitdirState = {
  /** A lock, as a path below the gitdir. */
  readonly lock: { readonly name: string; readonly since: number } | undefined;
  /** The newest time of what is in it, ms since 1970. */
  readonly writtenAt: number;
};

/**
 * Locks and the newest time in a gitdir (G45). Objects are never changed, only made and removed: their folders tell of both.
 *
 * @throws {Error} those of Node where something cannot be read
 */
export function gitdirState(gitdir: Bytes, now: number): GitdirState | "too-large" {
  const pending: { folder: Bytes; name: string }[] = [{ folder: gitdir, name: "" }];
  let writtenAt = 0;
  let lock: GitdirState["lock"];
  let count = 0;
  const note = (path: Bytes): void => {
    const at = modifiedAt(path) ?? 0;
    if (at - now <= aheadMaxMs) writtenAt = Math.max(writtenAt, at);
  };
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { folder, name } = next;
    note(folder);
    const isObjects = /(?:^|\/)objects\/(?:[0-9a-f]{2}|pack)$/u.test(name);
    for (const entry of readFolder(folder)) {
      count += 1;
      if (count > entriesMax) return "too-large";
      const place = inside(folder, entry.bytes);
      const below = name === "" ? entry.name : `${name}/${entry.name}`;
      if (entry.kind === "folder") pending.push({ folder: place, name: below });
      else if (!isObjects) note(place);
      if (!isLock(entry.name, name)) continue;
      // A lock may go away while it is looked at.
      const since = lookAt(place)?.mtimeMs;
      if (since !== undefined) lock ??= { name: below, since };
    }
  }
  return { lock, writtenAt };
}

/** Git's own, and the two of Mercurial. A repack in progress has a `gc.pid`, and what it makes is not there yet. */
function isLock(name: string, folder: string): boolean {
  if (name.endsWith(".lock") || (folder === "" && name === "gc.pid")) return true;
  return (folder === "" && name === "wlock") || (folder === "store" && name === "lock");
}

/** What is asked of a gitdir. */
export type RestQuery = {
  readonly now: number;
  /** Whatever was written after it counts; absent where only locks do. */
  readonly since: number | undefined;
};

/** What was found: why it may not be synced now, or when it was last written to, ms since 1970. */
export type Rest =
  | { readonly busy: BusyWorkTree }
  | { readonly busy: undefined; readonly writtenAt: number };

/** Why a gitdir may not be synced now, if anything speaks against it. Only reads (G3). */
export function restOfGitdir(gitdir: Bytes, { now, since }: RestQuery): Rest {
  const againAt = now + unknownAgainMs;
  try {
    const state = gitdirState(gitdir, now);
    if (state === "too-large") {
      const reason = "holds a repository with too many files to tell whether it rests";
      return { busy: { reason, againAt } };
    }
    const { lock, writtenAt } = state;
    if (lock !== undefined) return { busy: lockedBy(gitdir, lock, now) };
    if (since === undefined || writtenAt <= since) return { busy: undefined, writtenAt };
    const restedAt = Math.max(writtenAt + gitdirRestMs, now);
    const reason = "holds a repository that has just been written to";
    return { busy: { reason, againAt: restedAt } };
  } catch (error) {
    if (!isOutOfReach(error)) throw error;
    const reason = `holds a repository that cannot be read: ${describeError(error)}`;
    return { busy: { reason, againAt } };
  }
}

function lockedBy(
  gitdir: Bytes,
  { name, since }: NonNullable<GitdirState["lock"]>,
  now: number,
): BusyWorkTree {
  const againAt = now + lockAgainMs;
  const place = inside(gitdir, name).toString();
  const reason = `holds a repository that is being changed: "${name}" is there`;
  if (now - since < staleLockMs) return { reason, againAt };
  const minutes = Math.floor((now - since) / 60_000);
  return {
    reason: `${reason} since ${minutes} minutes`,
    hint: `If nothing is at work in it any more, remove "${place}".`,
    againAt,
  };
}
