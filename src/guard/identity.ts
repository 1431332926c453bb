import type { GuardFinding, RepositoryForm } from "../core/repo/finding.ts";
import type { Vcs } from "../core/repo/marker.ts";

/** What makes a repository the one that it is (G44). */
export type RepositoryIdentity = {
  /** Absolute path of its folder. */
  readonly path: string;
  readonly vcs: Vcs | undefined;
  readonly form: RepositoryForm;
  /** Name and folder of each linked worktree, in order. */
  readonly worktrees: readonly string[];
  /** Hash of the sorted root commits; undefined where they are not known. */
  readonly repoId: string | undefined;
};

/** The identity of what was found. */
export function repositoryIdentity(
  finding: Pick<GuardFinding, "absolutePath" | "vcs" | "form" | "facts">,
): RepositoryIdentity {
  const { absolutePath, vcs, form, facts } = finding;
  const worktrees = facts?.worktrees ?? [];
  return {
    path: absolutePath,
    vcs,
    form,
    worktrees: worktrees.map(({ name, path }) => `${name} ${path ?? ""}`.trimEnd()).toSorted(),
    repoId: facts?.repoId,
  };
}
