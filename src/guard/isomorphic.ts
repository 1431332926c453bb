import type { BranchAhead, Head, Measured } from "../core/repo/finding.ts";
import { isUtf8 } from "node:buffer";
import { describeError } from "../std/error.ts";
import type { Clock } from "../std/time.ts";
import { turn } from "../std/turn.ts";
import { branchesToLookAt } from "./branches.ts";
import { CommitWalk, OutOfTime, type ReadCommit } from "./commit-walk.ts";
import { notComputed } from "./git-facts.ts";
import type { GitLayout } from "./git-layout.ts";
import type { RefsRead } from "./git-refs.ts";
import { ObjectStore } from "./git-objects.ts";
import { parseLooseRef } from "./git-text.ts";
import {
  exact,
  identityOf,
  unknownHistory,
  unknownStatus,
  type HistoryNumbers,
  type NumbersEngine,
  type StatusNumbers,
} from "./numbers.ts";
import { objectReader, type ObjectReader } from "./object-reader.ts";
import { readOnlyFs } from "./read-only-fs.ts";
import { inside, readStart, type Bytes } from "./read-only.ts";
import { Unproven } from "./unproven.ts";
import { compareFiles, type Comparison } from "./work-status.ts";

/** What is asked about. */
type Question = { readonly layout: GitLayout; readonly head: Head; readonly read: RefsRead };

/** How long. */
type Bounds = { readonly clock: Clock; readonly deadline: number };

type Library = typeof import("isomorphic-git");

/**
 * Numbers that are counted in this process (G31). Refs, index, files and objects are read by ourselves, within bounds of ours; the
 * library isomorphic-git, loaded when it is first needed, applies rules to ignore files, through a file system that cannot write
 * (G32).
 */
export async function isomorphicNumbers(
  question: Question,
  bounds: Bounds,
): Promise<NumbersEngine & Disposable> {
  const library = await import("isomorphic-git");
  const { places, storage } = question.layout;
  const hashBytes = storage.objects === "sha256" ? 32 : 20;
  const store = new ObjectStore(inside(places.common, "objects"), hashBytes);
  const objects = objectReader(store);
  return {
    name: "isomorphic-git",
    version: library.version(),
    history: () => history(objects.readCommit, question, bounds),
    status: () => status({ ...objects, isIgnored: ignoring(library, question) }, question, bounds),
    [Symbol.dispose]: () => store[Symbol.dispose](),
  };
}

type Objects = ObjectReader & Pick<Comparison, "isIgnored">;

/** The library takes paths as text, and sees the files and the rules of the repository only. */
function ignoring(
  library: Library,
  { layout: { places, worktree } }: Question,
): Comparison["isIgnored"] {
  if (worktree === undefined || ![places.common, worktree].every((folder) => isUtf8(folder))) {
    return () => Promise.reject(new Unproven("path-not-text"));
  }
  const fs = readOnlyFs([worktree, inside(places.common, "info")]);
  const at = { fs, dir: worktree.toString(), gitdir: places.common.toString() };
  return (filepath) => library.isIgnored({ ...at, filepath });
}

async function history(
  readCommit: ReadCommit,
  question: Question,
  bounds: Bounds,
): Promise<HistoryNumbers> {
  const walk = new CommitWalk({ readCommit, shallow: shallowIn(question.layout), ...bounds, turn });
  try {
    return await countHistory(walk, question);
  } catch (error) {
    return unknownHistory(reasonOf(error));
  }
}

/** What cannot be read is no proof of damage, nor is an error of the library (G32). */
function reasonOf(error: unknown): string {
  if (error instanceof OutOfTime) return "budget";
  if (error instanceof Unproven) return error.reason;
  return describeError(error) === "" ? "unknown" : "isomorphic-git-failed";
}

function shallowIn({ places, shallow }: GitLayout): ReadonlySet<string> {
  const text = shallow ? (readStart(inside(places.common, "shallow"), shallowBytesMax) ?? "") : "";
  return new Set(text.split("\n").flatMap((line) => parseLooseRef(line) ?? []));
}

const shallowBytesMax = 16 * 1024 * 1024;

async function countHistory(walk: CommitWalk, question: Question): Promise<HistoryNumbers> {
  const refs = [...question.read.refs];
  const oids = (keep: (name: string) => boolean): string[] =>
    refs.flatMap(([name, oid]) => (keep(name) ? [oid] : []));
  const own = question.head.oid === undefined ? [] : [question.head.oid];
  const { detached } = question.read;
  const { isTracking } = question.layout.remotes;
  const tips = [...oids((name) => name.startsWith("refs/heads/")), ...own, ...detached];
  const pushed = await walk.reachable(oids(isTracking));
  const unpushed = await countUpTo(walk, tips, pushed);
  const listed = await branchesAhead(walk, question, pushed);
  const all = [...tips, ...oids((name) => /^refs\/(?:remotes|tags)\//u.test(name))];
  const roots = question.layout.shallow ? [] : await walk.roots(all);
  return {
    unpushed,
    branches: listed.branches,
    repoId: identityOf(roots),
    degraded: listed.whole ? [] : ["branches"],
  };
}

/** What was counted when the time was over is there in any case. */
async function countUpTo(
  walk: CommitWalk,
  tips: readonly string[],
  pushed: ReadonlySet<string>,
): Promise<Measured> {
  const found = new Set<string>();
  try {
    await walk.reachable(tips, { not: pushed, found });
    return exact(found.size);
  } catch (error) {
    if (!(error instanceof OutOfTime)) throw error;
    return found.size === 0
      ? notComputed("budget")
      : { precision: "lowerBound", value: found.size };
  }
}

async function branchesAhead(
  walk: CommitWalk,
  { layout, read: { refs } }: Question,
  pushed: ReadonlySet<string>,
): Promise<{ readonly branches: readonly BranchAhead[]; readonly whole: boolean }> {
  const { looked, whole } = branchesToLookAt(layout, refs);
  const branches: BranchAhead[] = [];
  for (const { ref, oid, upstream } of looked) {
    const base =
      upstream === undefined ? pushed : await walk.reachable([refs.get(upstream) ?? oid]);
    const others = [...refs].flatMap(([name, tip]) =>
      name.startsWith("refs/heads/") && name !== ref ? [tip] : [],
    );
    const shared = new Set([...pushed, ...(await walk.reachable(others, { not: pushed }))]);
    const ahead = (await walk.reachable([oid], { not: base })).size;
    const unique = (await walk.reachable([oid], { not: shared })).size;
    if (ahead > 0) branches.push({ name: ref.slice("refs/heads/".length), ahead, unique });
  }
  return { branches, whole };
}

async function status(
  objects: Objects,
  { layout, head }: Question,
  { clock, deadline }: Bounds,
): Promise<StatusNumbers> {
  const { worktree, places } = layout;
  if (worktree === undefined) return unknownStatus("no-worktree");
  const check = (): void => {
    if (clock.now() >= deadline) throw new OutOfTime();
  };
  try {
    const tree = head.oid === undefined ? undefined : (await objects.readCommit(head.oid)).tree;
    const index: Bytes = inside(places.gitdir, "index");
    const { readTree, isIgnored } = objects;
    const { ignores } = layout;
    const how = { readTree, isIgnored, ignores, check, turn };
    return await compareFiles({ worktree, index, tree, ...how });
  } catch (error) {
    return unknownStatus(reasonOf(error));
  }
}
