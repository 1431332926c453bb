import { configValue, type GitConfig } from "./git-config.ts";
import type { Refs } from "./git-refs.ts";

/** A local branch that may have commits its upstream does not have. */
export type BranchToLookAt = {
  /** Full name. */
  readonly ref: string;
  readonly oid: string;
  /** Full name of the ref it is compared with; undefined for all remote-tracking refs. */
  readonly upstream: string | undefined;
};

/** More branches than these are not looked at one by one. */
const branchesMax = 32;

const heads = "refs/heads/";

/** The branches that do not stand where they were pushed to, in order of name; not whole where there are too many (G37). */
export function branchesToLookAt(
  config: GitConfig,
  refs: Refs,
): { readonly looked: readonly BranchToLookAt[]; readonly whole: boolean } {
  const all = [...refs];
  const tracked = new Set(all.flatMap(([name, oid]) => (isTracking(name) ? [oid] : [])));
  const found = all
    .filter(([name]) => name.startsWith(heads))
    .map(([ref, oid]) => ({ ref, oid, upstream: upstreamOf(ref, config, refs) }))
    .filter(({ oid, upstream }) =>
      upstream === undefined ? !tracked.has(oid) : refs.get(upstream) !== oid,
    )
    .toSorted((a, b) => (a.ref < b.ref ? -1 : 1));
  return { looked: found.slice(0, branchesMax), whole: found.length <= branchesMax };
}

/** Whether a ref remembers where a remote stood. */
export function isTracking(ref: string): boolean {
  return ref.startsWith("refs/remotes/");
}

/** The remote-tracking ref that a branch follows, where it is there and the names are mapped as Git does by itself. */
function upstreamOf(ref: string, config: GitConfig, refs: Refs): string | undefined {
  const branch = ref.slice(heads.length);
  const remote = configValue(config, "branch.remote", branch);
  const merge = configValue(config, "branch.merge", branch);
  if (remote === undefined || merge?.startsWith(heads) !== true) return undefined;
  const fetch = configValue(config, "remote.fetch", remote);
  if (fetch !== `+refs/heads/*:refs/remotes/${remote}/*`) return undefined;
  const upstream = `refs/remotes/${remote}/${merge.slice(heads.length)}`;
  return refs.has(upstream) ? upstream : undefined;
}
