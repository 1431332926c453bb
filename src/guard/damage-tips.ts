import type { Extent } from "../core/repo/finding.ts";
import type { Steps } from "../std/steps.ts";
import { damage, wholly, type Evidence, type Examined } from "./evidence.ts";
import type { Watch } from "./damage-objects.ts";
import type { GitObject } from "./git-pack-read.ts";
import type { ObjectStore } from "./git-objects.ts";

/** A commit or tag that a repository starts from, and what names it. */
export type Tip = { readonly oid: string; readonly name: string };

/** So many tips are looked at. */
const tipsMax = 20_000;

/** Tips that are looked at in one step: of each two objects are read, or more. */
const tipsInARow = 16;

/** Commits, tags and trees are small; a larger one is looked at by Git only. */
const objectBytesMax = 32 * 1024 * 1024;

/** A tag of a tag of a tag… */
const tagDepthMax = 16;

/** The object of every tip, and its root tree (G40 tier 2). */
export function* lookAtTips(
  tips: Iterable<Tip>,
  store: ObjectStore,
  watch: Watch,
): Steps<Examined> {
  const evidence: Evidence[] = [];
  const seen = new Set<string>();
  let extent: Extent = wholly;
  for (const tip of tips) {
    if (seen.has(tip.oid)) continue;
    if (seen.size >= tipsMax) return part(evidence, "too-many-refs");
    if (watch.now() > watch.deadline) return part(evidence, "budget");
    seen.add(tip.oid);
    if (seen.size % tipsInARow === 0) yield;
    const found = lookAtTip(tip, store);
    if (found === "unknown") extent = { checked: "part", reason: "objects-not-read" };
    else if (found !== undefined) evidence.push(found);
  }
  return { evidence, extent };
}

function part(evidence: readonly Evidence[], reason: string): Examined {
  return { evidence, extent: { checked: "part", reason } };
}

/** `unknown`: it could not be told. */
type TipSeen = Evidence | "unknown" | undefined;

function lookAtTip(tip: Tip, store: ObjectStore): TipSeen {
  let oid = tip.oid;
  for (let depth = 0; depth < tagDepthMax; depth += 1) {
    const object = store.read(oid, objectBytesMax);
    if (object === "missing") return missing(tip, oid);
    if (object === "corrupt") return corrupt(tip, oid);
    if (typeof object === "string") return "unknown";
    const next = linkOf(object);
    if (object.type === "commit") return treeProblem(tip, next, store);
    if (object.type !== "tag") return undefined;
    if (next === undefined) return corrupt(tip, oid);
    oid = next;
  }
  return "unknown";
}

/** The object that a tag, or the tree that a commit begins with. */
function linkOf({ type, content }: GitObject): string | undefined {
  const word = type === "tag" ? "object" : "tree";
  const line = content.toString("latin1", 0, word.length + 1 + 64);
  return new RegExp(`^${word} ([0-9a-f]{64}|[0-9a-f]{40})`, "u").exec(line)?.[1];
}

function treeProblem(tip: Tip, tree: string | undefined, store: ObjectStore): TipSeen {
  if (tree === undefined) return corrupt(tip, tip.oid);
  const object = store.read(tree, objectBytesMax);
  if (object === "corrupt") return corrupt(tip, tree);
  if (object !== "missing") return typeof object === "string" ? "unknown" : undefined;
  return damage(2, "tip-tree-missing", {
    path: tip.name,
    detail: `The commit of "${tip.name}" is there, the list of its files (${tree}) is not. ${getBack}`,
  });
}

const getBack =
  "Look for it in a clone, on a remote (`git fetch`), on another device, or among Dropbox's deleted files; until then commit nothing";

function missing({ name, oid }: Tip, gone: string): Evidence {
  const what = gone === oid ? `its commit ${gone}` : `the object ${gone} of its tag`;
  return damage(2, "tip-missing", {
    path: name,
    detail: `"${name}" is there, ${what} is not: the ref arrived, the object did not. ${getBack}`,
  });
}

function corrupt({ name }: Tip, oid: string): Evidence {
  return damage(2, "object-corrupt", {
    path: name,
    detail: `The object ${oid}, which "${name}" starts with, cannot be unpacked. ${getBack}`,
  });
}
