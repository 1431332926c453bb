import type { GuardFinding, Measured } from "../core/repo/finding.ts";

/**
 * Whether work would be lost with a repository, or it is not known that none would (G38). A number that is not computed is
 * a risk; so every work tree is one until its changed files are examined.
 */
export function isAtRisk({ facts, damage, state, form }: Risked): boolean {
  if (form === "parent") return false;
  if (facts === undefined || damage.length > 0 || state !== "live") return true;
  if (facts.operation !== undefined) return true;
  const numbers = [facts.unpushed, facts.stashes];
  if (form !== "bare") numbers.push(facts.uncommitted);
  return !numbers.every(isNone);
}

type Risked = Pick<GuardFinding, "facts" | "damage" | "state" | "form">;

/** Only a proven zero is none. */
export function isNone(measured: Measured): boolean {
  return measured.precision === "exact" && measured.value === 0;
}
