import { configValue } from "./git-config.ts";
import type { GitLayout } from "./git-layout.ts";
import type { Refs } from "./git-refs.ts";

/** A local branch that may have commits its upstream does not have. */
export type BranchToLookAt = {
  /** Full name. */
  readonly ref: string;
  readonly oid: string;
  /** Full name of the ref it is compared with; undefined for all remote-tracking refs. */
  readonly upstream: string | undefined;
};

/** What a repository says of its branches and remotes. */
type BranchSettings = Pick<GitLayout, "config" | "remotes">;

/** More branches than these are not looked at one by one. */
const branchesMax = 32;

const heads = "refs/heads/";

/** The branches that do not stand where they were pushed to, in order of name; not whole where there are too many (G37). */
export function branchesToLookAt(
  layout: BranchSettings,
  refs: Refs,
): { readonly looked: readonly BranchToLookAt[]; readonly whole: boolean } {
  const all = [...refs];
  const tracked = new Set(
    all.flatMap(([name, oid]) => (layout.remotes.isTracking(name) ? [oid] : [])),
  );
  const found = all
    .filter(([name]) => name.startsWith(heads))
    .map(([ref, oid]) => ({ ref, oid, upstream: upstreamOf(ref, layout, refs) }))
    .filter(({ oid, upstream }) =>
      upstream === undefined ? !tracked.has(oid) : refs.get(upstream) !== oid,
    )
    .toSorted((a, b) => (a.ref < b.ref ? -1 : 1));
  return { looked: found.slice(0, branchesMax), whole: found.length <= branchesMax };
}

/** The remote-tracking ref that a branch follows, where it is there and the names are mapped as Git does by itself. */
function upstreamOf(
  ref: string,
  { config, remotes }: BranchSettings,
  refs: Refs,
): string | undefined {
  const branch = ref.slice(heads.length);
  const remote = configValue(config, "branch.remote", branch);
  const merge = configValue(config, "branch.merge", branch);
  if (remote === undefined || merge?.startsWith(heads) !== true) return undefined;
  const fetch = configValue(config, "remote.fetch", remote);
  if (fetch !== `+refs/heads/*:refs/remotes/${remote}/*`) return undefined;
  const upstream = `refs/remotes/${remote}/${merge.slice(heads.length)}`;
  return refs.has(upstream) && remotes.isTracking(upstream) ? upstream : undefined;
}
