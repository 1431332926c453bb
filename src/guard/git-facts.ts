import type { Head, LockFile, Measured, Operation, WorkFacts } from "../core/repo/finding.ts";
import type { Known } from "./describe.ts";
import type { GitPlaces, Refs, RefsRead } from "./git-refs.ts";
import { countReflog } from "./git-text.ts";
import { readHead } from "./gitdir.ts";
import type { Remotes } from "./remotes.ts";
import { inside, kindAt, modifiedAt, readStart, type Bytes } from "./read-only.ts";

const textBytesMax = 16 * 1024 * 1024;

/** What `HEAD` says; the refs tell whether its branch has a commit. */
export function headOf(gitdir: Bytes, { refs, complete }: RefsRead): Head {
  const head = readHead(gitdir);
  if (head === undefined) return { kind: "unreadable" };
  if (head.kind === "oid") return { kind: "detached", oid: head.oid };
  const branch = head.ref.replace(/^refs\/heads\//u, "");
  const oid = refs.get(head.ref);
  if (oid === undefined) return complete ? { kind: "unborn", branch } : { kind: "branch", branch };
  return { kind: "branch", branch, oid };
}

/** Why there is no number. */
export function notComputed(reason: string): Measured & { readonly precision: "notComputed" } {
  return { precision: "notComputed", reason };
}

/** What refs alone prove about commits that were not pushed. */
export type RefsProof = "nothing" | "all-pushed" | "needs-objects" | Unknown;
type Unknown = { readonly reason: string };

/**
 * Without a branch there is nothing to push; where every local branch, and `HEAD` of every work tree, stands at a commit that a remote-tracking
 * branch stands at, all is pushed. Any other number needs the objects (G36, G37).
 */
export function proofOfRefs({ layout, head, read }: Known): RefsProof {
  const { refs } = read;
  if (!read.complete) return { reason: "refs-not-read" };
  if (head.kind === "unreadable") return { reason: "head-unreadable" };
  const tips = localTips(head, read);
  if (tips.length === 0) {
    const log = readStart(inside(layout.places.gitdir, "logs/HEAD"), 4096) ?? "";
    return log === "" ? "nothing" : { reason: "refs-lost" };
  }
  const tracked = new Set(trackedOids(layout.remotes, refs));
  return tips.every((oid) => tracked.has(oid)) ? "all-pushed" : "needs-objects";
}

function localTips(head: Head, { refs, detached }: RefsRead): string[] {
  const own = head.oid === undefined ? [] : [head.oid];
  return [...oidsBelow(refs, "refs/heads/"), ...own, ...detached];
}

/** Where remotes stood, as of the last fetch. */
export function trackedOids({ isTracking }: Remotes, refs: Refs): string[] {
  return [...refs].flatMap(([name, oid]) => (isTracking(name) ? [oid] : []));
}

/** Object ids of the refs whose names begin so. */
function oidsBelow(refs: Refs, prefix: string): string[] {
  return [...refs].filter(([name]) => name.startsWith(prefix)).map(([, oid]) => oid);
}

/** The stash is the reflog of one ref (git-stash(1)). */
export function measureStashes(common: Bytes, { refs, complete }: RefsRead): Measured {
  const path = inside(common, "logs/refs/stash");
  const log = readStart(path, textBytesMax);
  if (log !== undefined && log.length < textBytesMax) {
    const value = countReflog(log);
    if (value > 0) return { precision: "exact", value };
  } else if (kindAt(path) !== undefined) {
    return notComputed("reflog-not-read");
  }
  if (!complete) return notComputed("refs-not-read");
  return refs.has("refs/stash") ? notComputed("no-reflog") : { precision: "exact", value: 0 };
}

/** Nothing is known, and why. */
export function unknownWork(reason: string): WorkFacts {
  const unknown = notComputed(reason);
  return {
    staged: unknown,
    unstaged: unknown,
    conflicted: unknown,
    untracked: unknown,
    stashes: unknown,
    unpushed: { ...unknown, branches: [] },
  };
}

const operationSigns: readonly (readonly [string, Operation])[] = [
  ["rebase-merge", "rebase"],
  ["rebase-apply/applying", "am"],
  ["rebase-apply", "rebase"],
  ["MERGE_HEAD", "merge"],
  ["CHERRY_PICK_HEAD", "cherry-pick"],
  ["REVERT_HEAD", "revert"],
  ["BISECT_LOG", "bisect"],
];

/** What was begun and not ended, by the files that Git leaves meanwhile. */
export function operationIn(gitdir: Bytes): Operation | undefined {
  return operationSigns.find(([sign]) => kindAt(inside(gitdir, sign)) !== undefined)?.[1];
}

const lockNames = [
  "index.lock",
  "HEAD.lock",
  "config.lock",
  "packed-refs.lock",
  "shallow.lock",
  "gc.pid",
];

/** Lock files that are there, each with its age. */
export function locksIn({ gitdir, common }: GitPlaces): LockFile[] {
  const folders = gitdir.equals(common) ? [gitdir] : [gitdir, common];
  return folders.flatMap((folder) =>
    lockNames.flatMap((name) => {
      const modified = modifiedAt(inside(folder, name));
      return modified === undefined ? [] : [{ path: name, modified }];
    }),
  );
}
