import { displayName } from "../core/path/names.ts";
import type { RepoPolicy } from "../core/repo/policy.ts";
import { readPolicy } from "../guard/beacon.ts";
import type { RemoteSide } from "../ports.ts";
import { isSnapError, type SnapError } from "../std/error.ts";

/** What is to be done with repositories by a new link, and what to say about it. */
export type AgreedRepos = {
  readonly repos: "refuse" | "exclude";
  readonly warnings: readonly string[];
  /** Why nobody could be asked: to be thrown after what this folder alone has to say. */
  readonly trouble: SnapError | undefined;
};

/**
 * What the devices of a linked folder agreed on holds for another one that did not say otherwise (G46). Either choice keeps the
 * history out of Dropbox, so that two that differ lose nothing; it is told all the same.
 *
 * @param said with the command
 * @param usual what holds where nobody says anything
 */
export async function agreeOnRepos(
  side: RemoteSide,
  said: AgreedRepos["repos"] | undefined,
  usual: AgreedRepos["repos"],
): Promise<AgreedRepos> {
  try {
    const policy = await readPolicy(side);
    return { ...chosen(policy, said, usual), trouble: undefined };
  } catch (error) {
    if (!isSnapError(error)) throw error;
    return { repos: said ?? usual, warnings: [], trouble: error };
  }
}

function chosen(
  policy: RepoPolicy | undefined,
  said: AgreedRepos["repos"] | undefined,
  usual: AgreedRepos["repos"],
): Omit<AgreedRepos, "trouble"> {
  const wanted = said ?? usual;
  if (policy === undefined || policy.repos === wanted) return { repos: wanted, warnings: [] };
  const whose = `"${displayName(policy.device)}" chose --repos ${policy.repos} for this folder in Dropbox`;
  if (said === undefined) {
    return { repos: policy.repos, warnings: [`${whose}: it holds here, too`] };
  }
  return { repos: said, warnings: [`${whose}, and this link will ${said} them`] };
}
