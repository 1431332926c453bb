import { displayName } from "../core/path/names.ts";
import {
  choiceOf,
  choiceText,
  isSameChoice,
  type RepoChoice,
  type RepoPolicy,
} from "../core/repo/policy.ts";
import { readPolicy } from "../guard/beacon.ts";
import type { RemoteSide } from "../ports.ts";
import { isSnapError, SnapError } from "../std/error.ts";

/** What is to be done with repositories by a new link, and what to say about it. */
export type AgreedRepos = {
  readonly choice: RepoChoice;
  readonly warnings: readonly string[];
  /** Why nobody could be asked: to be thrown after what this folder alone has to say. */
  readonly trouble: SnapError | undefined;
};

/** What a person said of repositories with the command. */
export type SaidOfRepos = {
  readonly repos?: RepoChoice["repos"] | undefined;
  readonly gitignore?: boolean | undefined;
};

/**
 * What the devices of a linked folder agreed on holds for another one that did not say otherwise (G46, G50). Whatever is chosen keeps
 * the history out of Dropbox, so that two that differ lose nothing; it is told all the same.
 *
 * @param said with the command
 * @param usual what holds where nobody says anything
 * @throws {SnapError} `usage` where what Git ignores is to be left out, and repositories are refused as a whole
 */
export async function agreeOnRepos(
  side: RemoteSide,
  said: SaidOfRepos,
  usual: RepoChoice,
): Promise<AgreedRepos> {
  refuseAlone(said, said.repos ?? "exclude");
  try {
    const policy = await readPolicy(side);
    const agreed = chosen(policy, said, usual);
    refuseAlone(said, agreed.choice.repos);
    return { ...agreed, trouble: undefined };
  } catch (error) {
    if (!isSnapError(error) || error.code === "usage") throw error;
    return { choice: wantedOf(said, usual), warnings: [], trouble: error };
  }
}

function refuseAlone({ gitignore }: SaidOfRepos, repos: RepoChoice["repos"]): void {
  if (gitignore !== true || repos === "exclude") return;
  throw new SnapError("usage", "--gitignore goes with --repos exclude only", {
    hint: "A repository is refused as a whole here. To sync its files without its history: --repos exclude --gitignore.",
  });
}

function wantedOf({ repos, gitignore }: SaidOfRepos, usual: RepoChoice): RepoChoice {
  const isExcluded = gitignore ?? usual.gitignore === "exclude";
  const mode = repos ?? usual.repos;
  return isExcluded ? { repos: mode, gitignore: "exclude" } : { repos: mode };
}

/** Who refuses repositories says nothing of what Git ignores. */
function agreedIn(policy: RepoPolicy, usual: RepoChoice): RepoChoice {
  return policy.repos === "exclude" ? choiceOf(policy) : { ...usual, repos: policy.repos };
}

/** What was not said of the two is as the others have it. */
function chosen(
  policy: RepoPolicy | undefined,
  said: SaidOfRepos,
  usual: RepoChoice,
): Omit<AgreedRepos, "trouble"> {
  const choice = wantedOf(said, policy === undefined ? usual : agreedIn(policy, usual));
  if (policy === undefined) return { choice, warnings: [] };
  const whose = `"${displayName(policy.device)}" chose --repos ${choiceText(policy)} for this folder in Dropbox`;
  if (!isSameChoice(policy, choice)) {
    return { choice, warnings: [`${whose}, and this link will be --repos ${choiceText(choice)}`] };
  }
  const isOther = !isSameChoice(policy, wantedOf(said, usual));
  return { choice, warnings: isOther ? [`${whose}: it holds here, too`] : [] };
}
