import type { Extent } from "../core/repo/finding.ts";
import type { Tip } from "./damage-tips.ts";
import type { Steps } from "../std/steps.ts";
import { wholly } from "./evidence.ts";
import { inside, isOutOfReach, readFolder, readWhole, textOf, type Bytes } from "./read-only.ts";

const logBytesMax = 64 * 1024 * 1024;
const tipsMax = 20_000;
const filesMax = 100_000;

/** Files that are read in one step. */
const logsInARow = 64;

const line = /^(?<from>[0-9a-f]{64}|[0-9a-f]{40}) (?<to>[0-9a-f]{64}|[0-9a-f]{40}) /u;

/** Every object that a reflog of a repository names, those of its worktrees included. */
export function* logTips(
  gitdir: Bytes,
  hashBytes: 20 | 32,
): Steps<{ readonly tips: readonly Tip[]; readonly extent: Extent }> {
  const names = new Map<string, string>();
  let extent: Extent = wholly;
  for (const [at, file] of (yield* logFiles(gitdir)).entries()) {
    if (at % logsInARow === 0) yield;
    const content = readWhole(file, logBytesMax);
    if (content === undefined) {
      extent = { checked: "part", reason: "reflog-not-read" };
      continue;
    }
    const name = textOf(file.subarray(gitdir.length + 1));
    for (const oid of oidsIn(content.bytes, hashBytes)) names.set(oid, name);
    if (names.size > tipsMax) {
      extent = { checked: "part", reason: "too-many-reflog-entries" };
      break;
    }
  }
  const tips = Array.from(names, ([oid, name]) => ({ oid, name }));
  return { tips: tips.slice(0, tipsMax), extent };
}

/** Before and after each step; where a ref began or ended there is none. */
function oidsIn(log: Buffer, hashBytes: 20 | 32): string[] {
  return log
    .toString("latin1")
    .split("\n")
    .flatMap((text) => {
      const { from = "", to = "" } = line.exec(text)?.groups ?? {};
      return [from, to].filter((oid) => oid.length === 2 * hashBytes && !/^0+$/u.test(oid));
    });
}

function* logFiles(gitdir: Bytes): Steps<readonly Bytes[]> {
  const worktrees = foldersIn(inside(gitdir, "worktrees")).map((one) => inside(one, "logs"));
  const waiting = [inside(gitdir, "logs"), ...worktrees];
  const files: Bytes[] = [];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    yield;
    for (const { bytes, kind } of entriesOf(folder)) {
      if (kind === "folder") waiting.push(inside(folder, bytes));
      if (kind === "file" && files.length < filesMax) files.push(inside(folder, bytes));
    }
  }
  return files;
}

function foldersIn(folder: Bytes): Bytes[] {
  return entriesOf(folder).flatMap(({ bytes, kind }) =>
    kind === "folder" ? [inside(folder, bytes)] : [],
  );
}

function entriesOf(folder: Bytes): ReturnType<typeof readFolder> {
  try {
    return readFolder(folder);
  } catch (error) {
    if (isOutOfReach(error)) return [];
    throw error;
  }
}
