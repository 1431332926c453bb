import type { RepositoryFacts } from "../core/repo/finding.ts";
import { remotesIn, parseGitConfig } from "./git-config.ts";
import {
  headOf,
  locksIn,
  measureStashes,
  notComputed,
  operationIn,
  proofOfRefs,
  unknownWork,
} from "./git-facts.ts";
import { readRefs, type GitPlaces } from "./git-refs.ts";
import { inside, modifiedAt, readStart } from "./read-only.ts";

const configBytesMax = 1024 * 1024;

export type { GitPlaces } from "./git-refs.ts";

/** What plain text tells about a Git repository (G30, G36). Reads; runs nothing, follows no configuration (G5). */
export function describeGit(places: GitPlaces, options: { reftable: boolean }): RepositoryFacts {
  const { gitdir, common } = places;
  const read = options.reftable
    ? { refs: new Map<string, string>(), complete: false }
    : readRefs(places);
  const config = parseGitConfig(readStart(inside(common, "config"), configBytesMax) ?? "");
  const head = headOf(gitdir, read);
  const proof = proofOfRefs(gitdir, head, read);
  const unpushed =
    typeof proof === "object" || proof === "needs-objects"
      ? notComputed(typeof proof === "object" ? proof.reason : "objects-not-read")
      : ({ precision: "exact", value: 0 } as const);
  return {
    head,
    remotes: remotesIn(config),
    lastFetch: modifiedAt(inside(gitdir, "FETCH_HEAD")) ?? modifiedAt(inside(common, "FETCH_HEAD")),
    work: {
      ...unknownWork("not-examined"),
      stashes: measureStashes(common, read),
      unpushed: { ...unpushed, branches: [] },
    },
    format: { objects: undefined, refs: undefined, index: undefined, extensions: [] },
    engine: { name: "none", version: undefined, degraded: [] },
    operation: operationIn(gitdir),
    locks: locksIn(places),
    submodules: [],
    worktrees: [],
    lfs: undefined,
    sizeBytes: undefined,
    repoId: undefined,
  };
}
