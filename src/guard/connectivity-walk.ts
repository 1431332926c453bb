import { turn } from "../std/turn.ts";
import type { Extent } from "../core/repo/finding.ts";
import { wholly } from "./evidence.ts";
import type { Watch } from "./damage-objects.ts";
import type { GitObject, ObjectType } from "./git-pack-read.ts";
import type { ObjectStore } from "./git-objects.ts";
import { parseCommit, parseTag, parseTree } from "./object-text.ts";

/** An object that is reachable and not as it should be. */
export type LostObject = {
  readonly oid: string;
  readonly type: ObjectType;
  readonly problem: "missing" | "corrupt";
  /** What leads to it, for people: a name of a file, the object before it. */
  readonly from?: string;
};

/** What a walk saw. */
export type Walked = {
  readonly lost: readonly LostObject[];
  readonly extent: Extent;
  /** Every object that was met. */
  readonly reached: ReadonlySet<string>;
};

/** What a walk starts from, and where it ends. */
export type Walk = {
  readonly store: ObjectStore;
  readonly tips: Iterable<string>;
  /** More to start from. */
  readonly steps?: readonly Step[];
  /** Commits of a shallow clone whose parents are not here on purpose (G41). */
  readonly boundaries: ReadonlySet<string>;
  /** `commits` leaves the files of the commits out. */
  readonly what: "commits" | "everything";
  readonly watch: Watch;
};

const objectsMax = 500_000;
const objectBytesMax = 32 * 1024 * 1024;
const objectsInARow = 256;

/** An object to be looked at. */
export type Step = {
  readonly oid: string;
  /** undefined where whatever it is will do. */
  readonly type: ObjectType | undefined;
  /** What leads to it, for people. */
  readonly from: string;
};

/**
 * Follow commits to their parents and files, reading with our own code (G40 tier 3 without Git). Of a file's content only its
 * existence is looked at. Bounded: what was not reached in time is told by `extent`.
 */
export async function walkObjects(walk: Walk): Promise<Walked> {
  const lost: LostObject[] = [];
  const reached = new Set<string>();
  const waiting: Step[] = [
    ...(walk.steps ?? []),
    ...Array.from(walk.tips, (oid) => ({ oid, type: undefined, from: "a ref" })),
  ];
  let extent: Extent = wholly;
  for (let step = waiting.pop(); step !== undefined; step = waiting.pop()) {
    if (reached.has(step.oid)) continue;
    reached.add(step.oid);
    if (reached.size % objectsInARow === 0) await turn();
    if (walk.watch.now() > walk.watch.deadline || reached.size > objectsMax) {
      return { lost, reached, extent: { checked: "part", reason: "budget" } };
    }
    const next = follow(step, walk);
    if (next === "unknown") extent = { checked: "part", reason: "objects-not-read" };
    else if ("problem" in next) lost.push(next);
    else waiting.push(...next.filter(({ oid }) => !reached.has(oid)));
  }
  return { lost, reached, extent };
}

type Followed = readonly Step[] | LostObject | "unknown";

function follow({ oid, type, from }: Step, { store, boundaries, what }: Walk): Followed {
  if (type === "blob") {
    const found = store.find(oid);
    if (found === "unknown") return found;
    return found === "there" ? [] : { oid, type, problem: "missing", from };
  }
  const object = store.read(oid, objectBytesMax);
  if (object === "unknown" || object === "too-large") return "unknown";
  if (object === "missing" || object === "corrupt") {
    return { oid, type: type ?? "commit", problem: object, from };
  }
  const steps = stepsFrom({ oid, type }, object, boundaries.has(oid));
  if (steps === undefined) return { oid, type: type ?? object.type, problem: "corrupt", from };
  return what === "everything" ? steps : steps.filter((step) => step.type === "commit");
}

/** What an object leads to; undefined where it says nothing that one of its type would. */
function stepsFrom(
  { oid, type: asked }: Pick<Step, "oid" | "type">,
  { type, content }: GitObject,
  isBoundary: boolean,
): Step[] | undefined {
  // A tree where a commit should be is no more of use than none.
  if (asked !== undefined && type !== asked) return undefined;
  if (type === "blob") return [];
  if (type === "tree") return treeSteps(content, oid.length / 2);
  if (type === "commit") return commitSteps(oid, content, isBoundary);
  const link = parseTag(content);
  return link && [{ ...link, from: `tag ${oid}` }];
}

function commitSteps(oid: string, content: Buffer, isBoundary: boolean): Step[] | undefined {
  const links = parseCommit(content);
  if (links === undefined) return undefined;
  const from = `commit ${oid}`;
  const parents = isBoundary ? [] : links.parents;
  return [
    { oid: links.tree, type: "tree", from },
    ...parents.map((parent) => ({ oid: parent, type: "commit" as const, from })),
  ];
}

/** A submodule's commit belongs to another repository. */
function treeSteps(content: Buffer, hashBytes: number): Step[] | undefined {
  return parseTree(content, hashBytes)?.flatMap(({ oid, type, path }) =>
    type === "commit" ? [] : [{ oid, type, from: `"${path}"` }],
  );
}
