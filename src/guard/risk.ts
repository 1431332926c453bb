import type { Damage, GuardFinding, Measured } from "../core/repo/finding.ts";

/**
 * Whether work would be lost with a repository, or it is not known that none would (G38). A number that is not computed is
 * a risk.
 */
export function isAtRisk({ facts, damage, state, form, severity }: Risked): boolean {
  if (form === "parent" || severity === "info") return false;
  if (facts === undefined || damage.some(isDamage) || state !== "live") return true;
  if (facts.operation !== undefined) return true;
  return !Object.values(facts.work).every(isNone);
}

type Risked = Pick<GuardFinding, "facts" | "damage" | "state" | "form" | "severity">;

/** Only a proven zero is none. */
export function isNone(measured: Measured): boolean {
  return measured.precision === "exact" && measured.value === 0;
}

/** A hint alone is no damage (G41). */
export function isDamage({ severity }: Damage): boolean {
  return severity === "damage";
}
