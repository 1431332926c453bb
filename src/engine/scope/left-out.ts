import { isAlwaysOutside } from "../../core/ignore.ts";
import { nothingLeftOut, type LeftOut } from "../../core/live/waiting.ts";
import { isSnapError } from "../../std/error.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { exclusionsInForce } from "./exclusions-in-force.ts";
import { rulesInForce } from "./rules-in-force.ts";
import { scopeDigest } from "./scope.ts";
import type { ScopeRules } from "./standing.ts";

/**
 * The folders that no look goes into: by a rule, a name or an exclusion (S90, S92, S93), whatever is in them. Repositories are none
 * (G20): what is held may be let go by what changes there.
 *
 * @param digest another text wherever the scope is another (S95)
 */
export function leftOutBy(
  { rules, exclusions }: Pick<ScopeRules, "rules" | "exclusions">,
  digest: string,
): LeftOut {
  return {
    digest,
    has: (folder) =>
      isAlwaysOutside(folder) ||
      exclusions.above(folder) !== undefined ||
      rules.ignores(folder, "folder"),
  };
}

/** Those of the next look, as far as can be known before it; none where the rules cannot be read. */
export async function leftOutNow(deps: EngineDeps): Promise<LeftOut> {
  try {
    const exclusions = exclusionsInForce(deps.index);
    const { rules } = await rulesInForce(deps, exclusions);
    return leftOutBy({ rules, exclusions }, scopeDigest(deps, rules, exclusions));
  } catch (error) {
    // The look itself tells of it, and says later what is left out.
    if (isSnapError(error)) return nothingLeftOut;
    throw error;
  }
}
