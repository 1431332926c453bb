import { repositoriesAt } from "./detect.ts";
import { worktreesOf } from "./git-parts.ts";
import { inside, lookAt, type Bytes } from "./read-only.ts";

/**
 * What shows without a look at any commit that a repository is another one than before: what it is, which folder its history is in,
 * and its list of worktrees (G44). Another text asks for a whole look; the same text proves nothing about the commits.
 *
 * @param folder absolute path
 */
export function repositorySignature(folder: string): string {
  const parts = repositoriesAt(folder).map(({ discovery, absolutePath, marker }) => {
    const { vcs, form, state, severity, gitdir, subject } = discovery;
    const place = marker === "" ? absolutePath : inside(absolutePath, marker);
    const worktrees = subject?.vcs === "git" ? worktreesOf(subject.common) : [];
    const history = subject === undefined ? [] : identityOf(subject.gitdir);
    return [marker, vcs, form, state, severity, gitdir, identityOf(place), history, worktrees];
  });
  return JSON.stringify(parts);
}

function identityOf(path: Bytes): readonly number[] {
  const stats = lookAt(path);
  return stats === undefined ? [] : [stats.dev, stats.ino];
}
