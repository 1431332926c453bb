import { coveredMax, type CoveredRepository } from "../core/repo/covered.ts";
import { sweepFolder } from "./detect.ts";
import { foundIn, type Covers } from "./drafts.ts";

/**
 * Repositories in the folders that a link leaves out (G9, G21). Other work has its turns meanwhile; nothing of them is described.
 *
 * @param isOver tells before each folder whether to stop
 * @returns those that would refuse without the rules, in order of path; undefined where it was stopped
 */
export async function coveredRepositories(
  top: string,
  covers: Covers,
  isOver: () => boolean,
): Promise<readonly CoveredRepository[] | undefined> {
  const { sightings, complete } = await sweepFolder(top, isOver);
  if (!complete) return undefined;
  return foundIn({ top, rules: covers, around: [], sightings })
    .map(({ draft }) => draft)
    .filter(
      ({ covered, severity, state }) => covered && severity === "warn" && state !== "indeterminate",
    )
    .slice(0, coveredMax)
    .map(({ path, vcs = null, form }) => ({ path, vcs, form, severity: "warn", covered: true }));
}
