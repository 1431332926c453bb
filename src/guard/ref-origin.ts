import type { RefOrigin } from "../core/repo/conflict-names.ts";
import { parseGitConfig } from "./git-config.ts";
import { inside, readStart, type Bytes } from "./read-only.ts";

const configBytesMax = 1024 * 1024;

/** So much of a reflog is compared with another. */
const logBytesMax = 256 * 1024;

/** So many names are looked into; the others stay unclear. */
const asksMax = 256;

/**
 * Tells a branch that somebody gave such a name from a file that a sync made (G41), by what Git keeps beside its own refs: a section
 * in the configuration, and a reflog. A sync copies a reflog together with its ref; then the two have lines in common.
 *
 * @param isLoose whether a ref is a file of its own, as every copy is at first
 */
export function refOrigins(
  common: Bytes,
  isLoose: (name: string) => boolean,
): (name: string, original: string) => RefOrigin {
  const logs = new Map<string, readonly string[]>();
  let [branches, asks]: [ReadonlySet<string> | undefined, number] = [undefined, 0];
  const logOf = (name: string): readonly string[] => {
    const known = logs.get(name) ?? linesOf(inside(common, `logs/${name}`));
    logs.set(name, known);
    return known;
  };
  return (name: string, original: string): RefOrigin => {
    asks += 1;
    if (asks > asksMax) return "unclear";
    branches ??= configuredBranches(common);
    if (branches.has(name)) return "git";
    const [log, other] = [logOf(name), logOf(original)];
    if (log.length > 0) return originByLog(name, log, other);
    const isLogged = other.length > 0 && /^refs\/(?:heads|remotes)\//u.test(name);
    if (isLoose(name)) return isLogged ? "sync" : "unclear";
    // What was packed since may have been a copy; a clone packs what it gets, and keeps no log of it.
    return isLogged && name.startsWith("refs/heads/") ? "unclear" : "git";
  };
}

/** Full names of the branches that the configuration says something of. */
function configuredBranches(common: Bytes): ReadonlySet<string> {
  const config = parseGitConfig(readStart(inside(common, "config"), configBytesMax) ?? "");
  return new Set(
    config.flatMap(({ section, subsection }) =>
      section === "branch" && subsection !== undefined ? [`refs/heads/${subsection}`] : [],
    ),
  );
}

function linesOf(path: Bytes): readonly string[] {
  return (readStart(path, logBytesMax) ?? "").split("\n").filter((line) => line !== "");
}

/** A log that Git renamed or copied says so. One that only begins like the other may be of the same second. */
function originByLog(name: string, log: readonly string[], other: readonly string[]): RefOrigin {
  const words = ` to ${name}`;
  if (log.some((line) => /\tBranch: (?:renamed|copied) /u.test(line) && line.endsWith(words))) {
    return "git";
  }
  const theirs = new Set(other);
  const shared = log.filter((line) => theirs.has(line));
  if (shared.length === 0) return "git";
  return shared.every((line) => /^0+ /u.test(line)) ? "unclear" : "sync";
}
