import { copiedName } from "../core/repo/conflict-names.ts";
import { damage, hint, type Evidence } from "./evidence.ts";
import { listNames } from "./open-file.ts";
import { inside, kindAt, modifiedAt, readStart, type Bytes } from "./read-only.ts";

/** Folders of a gitdir that hold single files of Git's own. */
const folders = ["", "info", "hooks", "worktrees"] as const;

const worktreesMax = 1000;
const traceBytesMax = 1024 * 1024;
const tracesMax = 10_000;

/** So many copies are read: one file may have many names. */
const copiesReadMax = 64;

/** Files whose lines begin with the id of a commit. */
const traces = /^(?:packed-refs|(?:[A-Z]+_)?HEAD)$/u;

/** Conflicted copies of files beside objects, refs and logs (G40 tier 1). */
export function lookAtFiles(gitdir: Bytes): Evidence[] {
  const worktrees = listNames(inside(gitdir, "worktrees"))
    .slice(0, worktreesMax)
    .map((name) => `worktrees/${name}`);
  let read = 0;
  return [...folders, ...worktrees].flatMap((folder) => {
    const place = folder === "" ? gitdir : inside(gitdir, folder);
    // Hooks are often a link to a folder of the user's.
    if (folder !== "" && kindAt(place) !== "folder") return [];
    const names = listNames(place).toSorted();
    const there = new Set(names);
    return names.flatMap((name) => {
      const copied = copiedName(name);
      if (copied === undefined) return [];
      // People number their own hooks and notes, too.
      if (copied.ambiguous && (folder === "hooks" || !there.has(copied.original))) return [];
      const isRead = traces.test(copied.original) && read < copiesReadMax;
      if (isRead) read += 1;
      const path = folder === "" ? name : `${folder}/${name}`;
      return [copiedFile(path, copied.original, isRead ? oidsIn(inside(gitdir, path)) : [])];
    });
  });
}

function oidsIn(path: Bytes): string[] {
  const text = readStart(path, traceBytesMax) ?? "";
  const found = text.matchAll(/^(?:[0-9a-f]{64}|[0-9a-f]{40})\b/gmu);
  return [...found].map(([oid]) => oid).slice(0, tracesMax);
}

function copiedFile(path: string, original: string, oids: readonly string[]): Evidence {
  return damage(1, "conflict-copy-file", {
    path,
    detail: `A file sync kept a second version of "${original}" as "${path}": two devices wrote it at once, and Git sees only one of them. Compare the two, then remove the copy`,
    ...(oids.length === 0 ? {} : { oids }),
  });
}

/** A lock that is older than any command of Git runs. */
const lockStaleMs = 60 * 60 * 1000;

const locks = ["index.lock", "HEAD.lock", "config.lock", "packed-refs.lock", "shallow.lock"];

/** Where and when a look is taken; ms since 1970. */
export type Here = { readonly host: string; readonly now: number };

/** Locks that nobody on this device holds (G41). */
export function lookAtLocks(gitdir: Bytes, { host, now }: Here): Evidence[] {
  const stale = locks.filter((name) => {
    const modified = modifiedAt(inside(gitdir, name));
    return modified !== undefined && now - modified >= lockStaleMs;
  });
  const collector = /^\d+ (?<host>\S+)/u.exec(readStart(inside(gitdir, "gc.pid"), 4096) ?? "")
    ?.groups?.["host"];
  const isForeign = collector !== undefined && collector.toLowerCase() !== host.toLowerCase();
  return [
    ...stale.map((path) =>
      hint("foreign-lock", {
        path,
        detail: `"${path}" is more than an hour old: whoever made it is gone, or it came from another device. If no Git is at work on any of your devices, remove it`,
      }),
    ),
    ...(isForeign
      ? [
          hint("foreign-lock", {
            path: "gc.pid",
            detail: `"gc.pid" is of the computer "${collector}": a file sync brought it here. Git puts off its cleaning until it is removed`,
          }),
        ]
      : []),
  ];
}

/** Work trees that the repository knows and that are not on this device (G41). */
export function lookAtWorktrees(common: Bytes): Evidence[] {
  return listNames(inside(common, "worktrees"))
    .toSorted()
    .slice(0, worktreesMax)
    .flatMap((name) => {
      const folder = inside(common, `worktrees/${name}`);
      const written = readStart(inside(folder, "gitdir"), 4096)?.trim() ?? "";
      const isHere = written === "" || kindAt(worktreeFile(folder, written)) !== undefined;
      if (isHere || kindAt(inside(folder, "locked")) !== undefined) return [];
      return [
        hint("worktree-missing", {
          path: `worktrees/${name}`,
          detail: `The work tree at "${written}" is not on this device. If it is on no other, \`git worktree prune\` forgets it`,
        }),
      ];
    });
}

/** An absolute path, or one that starts at the folder of the worktree. */
function worktreeFile(folder: Bytes, written: string): Bytes {
  return written.startsWith("/") ? Buffer.from(written) : inside(folder, written);
}
