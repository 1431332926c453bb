/** How long a folder with a new `HEAD` must have been quiet before it is taken for an ordinary one, ms (G23). */
export const halfMadeQuietMs = 60_000;

/** A file that is dated further ahead says nothing of when it was written, ms: it would be waited for until that day. */
export const halfMadeAheadMaxMs = 3_600_000;

/** At most so much is read of a file whose name may be that of a repository's part (G7). */
export const candidateBytesMax = 4_096;

/**
 * Whether a file named `HEAD` may be that of a Git repository which is only being made: a ref, an object id, or the beginning of
 * one (G23).
 */
export function mayBecomeHead(text: string): boolean {
  const line = text.split("\n", 1)[0]?.trim() ?? "";
  return /^[0-9a-f]{0,64}$/u.test(line) || line.startsWith("ref:") || "ref:".startsWith(line);
}

/** Whether a file named `config` is that of a Git repository (G11, `torn`). */
export function isGitConfig(text: string): boolean {
  return /repositoryformatversion/iu.test(text);
}
