import { join } from "node:path";
import { comparePaths, type RelPath } from "../core/path/rel-path.ts";
import type { WorkTreeHead } from "../core/repo/head-beacon.ts";
import { dangerName } from "../core/repo/marker.ts";
import {
  headRestMs,
  staleLockMs,
  type BusyWorkTree,
  type WorkTrees,
} from "../core/repo/work-trees.ts";
import { describeError } from "../std/error.ts";
import type { Clock } from "../std/time.ts";
import { brokenByMove } from "./fixed-work-tree.ts";
import { operationIn } from "./git-facts.ts";
import { readGitFile } from "./gitdir.ts";
import { headFacts } from "./head-facts.ts";
import { openSyncedGitdirs } from "./synced-gitdirs.ts";
import { UnmergedIndexes } from "./unmerged.ts";
import { inside, isOutOfReach, kindAt, modifiedAt, readFolder, type Bytes } from "./read-only.ts";

/** When a repository is looked at again that nobody may tell of, ms: one with a lock, and one with something to finish. */
const lockAgainMs = 10_000;
const operationAgainMs = 60_000;

/** A time of a file that lies further ahead is no time to wait for, ms: somebody set a clock. */
const aheadMaxMs = 60_000;

/** Locks that Git holds while it changes the work tree, or what it is checked out from. */
const gitLocks: readonly string[] = ["index.lock", "HEAD.lock"];

/** Files whose change means that another commit or branch is checked out. */
const gitHeads: readonly string[] = ["HEAD", "reftable/tables.list"];

/** The same of Mercurial. */
const hgLocks: readonly string[] = ["wlock"];
const hgOperations: readonly (readonly [sign: string, what: string])[] = [
  ["merge/state2", "merge"],
  ["rebasestate", "rebase"],
  ["histedit-state", "histedit"],
  ["graftstate", "graft"],
  ["updatestate", "update"],
];

/** What goes on in the repositories of one workspace (G25): from the names in a gitdir and the times of a few files. */
export function openWorkTrees({
  top,
  clock,
}: {
  readonly top: string;
  readonly clock: Clock;
}): WorkTrees {
  const asked = new Map<RelPath, string>();
  const indexes = new UnmergedIndexes();
  return {
    ...openSyncedGitdirs({ top, clock }),
    busy: (folder, marker) => {
      asked.set(folder, marker);
      return Promise.resolve(busyAt({ folder: join(top, folder), marker, indexes }, clock.now()));
    },
    fixed: (folder, moving) => {
      const marker = asked.get(folder) ?? ".git";
      const broken = brokenByMove(Buffer.from(join(top, folder)), marker, join(top, moving));
      return Promise.resolve(dangerName(marker) === ".git" ? broken : undefined);
    },
    heads: () => {
      const places = [...asked].toSorted(([a], [b]) => comparePaths(a, b));
      return places.flatMap(([folder, marker]) => {
        const workTree = Buffer.from(join(top, folder));
        if (kindAt(inside(workTree, marker)) === undefined) return [];
        return [{ folder, head: headFacts(workTree, marker) }];
      });
    },
  };
}

/** What is checked out in a work tree of Git; undefined where it is none, or nobody can tell. */
export function headOf(folder: string): WorkTreeHead | undefined {
  return headFacts(Buffer.from(folder), ".git");
}

type Place = {
  readonly folder: string;
  readonly marker: string;
  readonly indexes: UnmergedIndexes;
};

function busyAt({ folder, marker, indexes }: Place, now: number): BusyWorkTree | undefined {
  const workTree = Buffer.from(folder);
  const danger = dangerName(marker);
  const signs = signsOf.get(danger);
  if (signs === undefined) return undefined;
  const state = stateFolder(workTree, marker);
  if (state === undefined) return undefined;
  try {
    // A folder that cannot be listed hides its locks.
    readFolder(state);
  } catch (error) {
    if (!isOutOfReach(error)) throw error;
    const reason = `holds a repository that cannot be read: ${describeError(error)}`;
    return { reason, againAt: now + operationAgainMs };
  }
  return (
    lockIn(state, signs.locks, now) ??
    unfinishedIn(state, signs, now) ??
    conflictsIn(state, indexes, now) ??
    restOf(state, now)
  );
}

type Signs = {
  readonly locks: readonly string[];
  /** What the user has to finish, files in conflict as a rule. */
  readonly operation: (state: Bytes) => string | undefined;
  /** How what was begun is ended. */
  readonly command: string;
};

const signsOf: ReadonlyMap<string, Signs> = new Map<string, Signs>([
  [".git", { locks: gitLocks, operation: gitOperation, command: "git" }],
  [".hg", { locks: hgLocks, operation: hgOperation, command: "hg" }],
]);

/** A bisection leaves nothing in conflict. */
function gitOperation(state: Bytes): string | undefined {
  const operation = operationIn(state);
  return operation === "bisect" ? undefined : operation;
}

function hgOperation(state: Bytes): string | undefined {
  return hgOperations.find(([sign]) => kindAt(inside(state, sign)) !== undefined)?.[1];
}

/** Where a repository keeps the state of one work tree; undefined where nothing is there that could be at work. */
function stateFolder(workTree: Bytes, marker: string): Bytes | undefined {
  const place = inside(workTree, marker);
  return kindAt(place) === "file" ? readGitFile(workTree, marker).gitdir : place;
}

function lockIn(state: Bytes, locks: readonly string[], now: number): BusyWorkTree | undefined {
  for (const name of locks) {
    const since = modifiedAt(inside(state, name));
    if (since === undefined) continue;
    const againAt = now + lockAgainMs;
    if (now - since < staleLockMs) {
      return { reason: `is being changed by its repository: "${name}" is there`, againAt };
    }
    const minutes = Math.floor((now - since) / 60_000);
    return {
      reason: `holds a repository whose lock "${name}" is ${minutes} minutes old`,
      hint: `If nothing is at work in it any more, remove "${join(state.toString(), name)}".`,
      againAt,
    };
  }
  return undefined;
}

function unfinishedIn(
  state: Bytes,
  { operation, command }: Signs,
  now: number,
): BusyWorkTree | undefined {
  const what = operation(state);
  if (what === undefined) return undefined;
  return {
    reason: `holds a repository with an unfinished ${what}`,
    hint: `Finish it, or give it up: \`${command} status\` tells how.`,
    againAt: now + operationAgainMs,
  };
}

/** Conflicts that no operation tells of, as a stash leaves them that was put back (`git stash pop`, `git checkout -m`). */
function conflictsIn(
  state: Bytes,
  indexes: UnmergedIndexes,
  now: number,
): BusyWorkTree | undefined {
  const unmerged = indexes.count(inside(state, "index"));
  if (unmerged === 0) return undefined;
  const files = unmerged === 1 ? "a file" : `${unmerged} files`;
  return {
    reason: `holds a repository with ${files} in conflict`,
    hint: "Resolve what `git status` names, then `git add` it.",
    againAt: now + operationAgainMs,
  };
}

function restOf(state: Bytes, now: number): BusyWorkTree | undefined {
  for (const name of gitHeads) {
    const changed = modifiedAt(inside(state, name));
    if (changed === undefined || changed - now > aheadMaxMs) continue;
    const restedAt = changed + headRestMs;
    if (restedAt > now)
      return { reason: "has just changed its branch or commit", againAt: restedAt };
  }
  return undefined;
}
