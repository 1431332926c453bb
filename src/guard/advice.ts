import type { Advice, GuardFinding, RepositoryForm } from "../core/repo/finding.ts";
import { isRelPath } from "../core/path/rel-path.ts";
import { hasMarkerComponent } from "../core/repo/repo-path.ts";
import { isOverridable } from "./overrides.ts";
import { isDamage, isNone } from "./risk.ts";

type Advised = Pick<
  GuardFinding,
  "form" | "marker" | "path" | "vcs" | "facts" | "severity" | "pathAbsolute" | "damage"
>;

/**
 * Forms whose history lies at its marker, where the planner leaves it out by name (G14). A bare or displaced repository
 * cannot be left out of itself, a gitdir elsewhere has no name to tell it by, and what could not be read is not known.
 */
const excludable: ReadonlySet<RepositoryForm> = new Set([
  "dir",
  "submodule",
  "worktree",
  "dangling",
  "variant",
  "reftable",
  "share",
  "workspace",
]);

/**
 * Whether the history can be left out and the files be synced (G46). What lies inside a marker is left out with it. Damage is to be
 * looked at first (G55).
 */
export function isExcludable({
  form,
  marker,
  path,
  damage,
}: Pick<GuardFinding, "form" | "marker" | "path" | "damage">): boolean {
  if (form === "unreadable" || form === "parent" || damage.some(isDamage)) return false;
  if (isRelPath(path) && hasMarkerComponent(path, "folder")) return true;
  return marker !== "" && excludable.has(form);
}

/** The ways out of a finding that help (G6), in the order in which they are told. */
export function adviceFor(finding: Advised): Advice[] {
  if (finding.severity !== "refuse") return [];
  const ways: readonly (readonly [Advice, boolean])[] = [
    ["push", canPush(finding)],
    ["exclude", isExcludable(finding)],
    ["leave-out", finding.path !== "." && finding.form !== "parent"],
    ["override", isOverridable(finding) && !finding.damage.some(isDamage)],
  ];
  return ways.flatMap(([way, helps]) => (helps ? [way] : []));
}

/** A branch of Git that has, or may have, commits that were not pushed. */
export function canPush({ vcs, facts }: Pick<GuardFinding, "vcs" | "facts">): boolean {
  return vcs === "git" && facts?.head.kind === "branch" && !isNone(facts.work.unpushed);
}
