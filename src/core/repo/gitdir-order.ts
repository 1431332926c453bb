import type { RelPath } from "../path/rel-path.ts";
import { gitdirPlace, wayInOwn, type Overrides } from "./gitdir-path.ts";
import type { Vcs } from "./marker.ts";

/** What is written first is needed by what comes later: whoever stops in between has no ref without its commit (G45). */
const steps = {
  objects: 0,
  packs: 1,
  packIndexes: 2,
  state: 3,
  logs: 4,
  packedRefs: 5,
  refs: 6,
  heads: 7,
} as const;

/** One more than the last step of what is written; removals go backwards from there. */
const removalsFrom = 8;

/** Where a path of a synced repository stands in its order. */
export type GitdirStep = {
  /** The repository: only steps of the same one wait for each other. */
  readonly gitdir: RelPath;
  readonly step: number;
};

/** Undefined for all that is no part of a gitdir: it goes in any order. */
export function stepIn(
  overrides: Overrides,
  path: RelPath,
  change: "put" | "removal",
): GitdirStep | undefined {
  const place = gitdirPlace(overrides, path);
  if (place === undefined) return undefined;
  const step = putStep(place.vcs, place.inner);
  return {
    gitdir: place.gitdir,
    step: change === "put" ? step : removalsFrom + steps.heads - step,
  };
}

/** A submodule's gitdir has an order of its own. */
function putStep(vcs: Vcs, inner: readonly string[]): number {
  if (vcs !== "git") return steps.state;
  const way = wayInOwn(inner);
  const [first, second] = way;
  switch (first) {
    case undefined:
    case "objects":
      return objectStep(way);
    case "logs":
      return steps.logs;
    case "packed-refs":
      return steps.packedRefs;
    case "refs":
      return steps.refs;
    case "reftable":
      return second === "tables.list" ? steps.refs : steps.packedRefs;
    default:
      return first.endsWith("HEAD") ? steps.heads : steps.state;
  }
}

function objectStep(inner: readonly string[]): number {
  const name = inner.at(-1) ?? "";
  if (inner[1] === "info") return steps.packIndexes;
  if (inner[1] !== "pack") return steps.objects;
  return name.endsWith(".idx") || name.startsWith("multi-pack-index")
    ? steps.packIndexes
    : steps.packs;
}
