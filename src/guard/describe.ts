import type { Head, LockFile, Measured, Operation, RepositoryFacts } from "../core/repo/finding.ts";
import { readHead } from "./gitdir.ts";
import { countReflog, parseLooseRef, parsePackedRefs, parseRemotes } from "./git-text.ts";
import {
  inside,
  isOutOfReach,
  kindAt,
  modifiedAt,
  readFolder,
  readStart,
  type Bytes,
} from "./read-only.ts";

/** Bounds of what is read of one repository; beyond them a number is not computed. */
const textBytesMax = 16 * 1024 * 1024;
const refsMax = 100_000;
const refDepthMax = 32;

/** Where a repository's own state is, and what it shares with its worktrees. */
export type GitPlaces = { readonly gitdir: Bytes; readonly common: Bytes };

/** What plain text tells about a Git repository (G30, G36). Reads; runs nothing, follows no configuration (G5). */
export function describeGit(places: GitPlaces, options: { reftable: boolean }): RepositoryFacts {
  const refs = options.reftable ? undefined : readRefs(places.common);
  const config = readStart(inside(places.common, "config"), textBytesMax) ?? "";
  const head = headOf(places.gitdir, refs);
  return {
    head,
    remotes: parseRemotes(config),
    lastFetch:
      modifiedAt(inside(places.gitdir, "FETCH_HEAD")) ??
      modifiedAt(inside(places.common, "FETCH_HEAD")),
    unpushed: measureUnpushed(places, head, refs),
    uncommitted: { precision: "notComputed", reason: "not-examined" },
    stashes: measureStashes(places.common, refs),
    operation: operationIn(places.gitdir),
    locks: locksIn(places),
  };
}

type Refs = ReadonlyMap<string, string>;

/** Every ref by its full name; undefined where they could not all be read. */
function readRefs(common: Bytes): Refs | undefined {
  const packedPath = inside(common, "packed-refs");
  const packed = readStart(packedPath, textBytesMax);
  if (packed === undefined && kindAt(packedPath) !== undefined) return undefined;
  if (packed !== undefined && packed.length >= textBytesMax) return undefined;
  const refs = parsePackedRefs(packed ?? "");
  return addLooseRefs(common, refs) ? refs : undefined;
}

/** Loose refs win over packed ones. False where one could not be read. */
function addLooseRefs(common: Bytes, refs: Map<string, string>): boolean {
  const waiting = ["refs"];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const entries = readIfPossible(inside(common, folder));
    if (entries === undefined) return false;
    for (const { name, kind } of entries) {
      const path = `${folder}/${name}`;
      if (kind === "folder") waiting.push(path);
      else if (!addLooseRef(common, refs, path)) return false;
      if (refs.size > refsMax || path.split("/").length > refDepthMax) return false;
    }
  }
  return true;
}

/** A symbolic ref (`refs/remotes/origin/HEAD`) only names another one. */
function addLooseRef(common: Bytes, refs: Map<string, string>, path: string): boolean {
  if (path.endsWith(".lock")) return true;
  const text = readStart(inside(common, path), 4096);
  if (text === undefined) return false;
  const oid = parseLooseRef(text);
  if (oid !== undefined) refs.set(path, oid);
  return oid !== undefined || text.startsWith("ref: ");
}

function readIfPossible(folder: Bytes): ReturnType<typeof readFolder> | undefined {
  try {
    return readFolder(folder);
  } catch (error) {
    if (isOutOfReach(error)) return undefined;
    throw error;
  }
}

function headOf(gitdir: Bytes, refs: Refs | undefined): Head {
  const head = readHead(gitdir);
  if (head === undefined) return { kind: "unreadable" };
  if (head.kind === "oid") return { kind: "detached", oid: head.oid };
  const branch = head.ref.replace(/^refs\/heads\//u, "");
  if (refs === undefined) return { kind: "branch", branch };
  const oid = refs.get(head.ref);
  return oid === undefined ? { kind: "unborn", branch } : { kind: "branch", branch, oid };
}

/**
 * Zero is proven where every local branch, and `HEAD`, stands at a commit that a remote-tracking branch stands at. Any other
 * number needs the objects, which are not read (G36, G37).
 */
function measureUnpushed(places: GitPlaces, head: Head, refs: Refs | undefined): Measured {
  if (refs === undefined) return notComputed("refs-not-read");
  if (head.kind === "unreadable") return notComputed("head-unreadable");
  const tracked = new Set(oidsBelow(refs, "refs/remotes/"));
  const tips = [...oidsBelow(refs, "refs/heads/"), ...(head.oid === undefined ? [] : [head.oid])];
  if (tips.length === 0) {
    const log = readStart(inside(places.gitdir, "logs/HEAD"), 4096) ?? "";
    return log === "" ? { precision: "exact", value: 0 } : notComputed("refs-lost");
  }
  if (tracked.size === 0) return notComputed("no-tracking-refs");
  const isPushed = tips.every((oid) => tracked.has(oid));
  return isPushed ? { precision: "exact", value: 0 } : notComputed("objects-not-read");
}

function oidsBelow(refs: Refs, prefix: string): string[] {
  return [...refs].filter(([name]) => name.startsWith(prefix)).map(([, oid]) => oid);
}

function notComputed(reason: string): Measured {
  return { precision: "notComputed", reason };
}

/** The stash is the reflog of one ref (git-stash(1)). */
function measureStashes(common: Bytes, refs: Refs | undefined): Measured {
  const path = inside(common, "logs/refs/stash");
  const log = readStart(path, textBytesMax);
  if (log !== undefined && log.length < textBytesMax) {
    const value = countReflog(log);
    if (value > 0) return { precision: "exact", value };
  } else if (kindAt(path) !== undefined) {
    return notComputed("reflog-not-read");
  }
  if (refs === undefined) return notComputed("refs-not-read");
  return refs.has("refs/stash") ? notComputed("no-reflog") : { precision: "exact", value: 0 };
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

function operationIn(gitdir: Bytes): Operation | undefined {
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

function locksIn({ gitdir, common }: GitPlaces): LockFile[] {
  const folders = gitdir.equals(common) ? [gitdir] : [gitdir, common];
  return folders.flatMap((folder) =>
    lockNames.flatMap((name) => {
      const modified = modifiedAt(inside(folder, name));
      return modified === undefined ? [] : [{ path: name, modified }];
    }),
  );
}
