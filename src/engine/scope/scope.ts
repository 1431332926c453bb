import type { Exclusions } from "../../core/exclusions.ts";
import { ignoreFileName, type IgnoreRules } from "../../core/ignore.ts";
import { overridesOf } from "../../core/repo/gitdir-path.ts";
import { pathKeyOf } from "../../core/path/path-key.ts";
import { rootNode, type Entry, type NodeId } from "../../core/tree/node.ts";
import type { IndexStore, TreeRows } from "../../ports.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { exclusionsInForce } from "./exclusions-in-force.ts";
import { RemoteJudge } from "../listing/judge-remote.ts";
import { settleMs } from "../disk/second-look.ts";
import { checkWorkspace } from "../guards/presence.ts";
import { rulesInForce, type RulesInForce } from "./rules-in-force.ts";
import { standings, type ScopeRules } from "./standing.ts";

/** What belongs to the link in this cycle. */
export type Scope = ScopeRules & {
  /** The rules are not those of the cycle before: removals wait for the next one (S79, "rules"). */
  readonly changed: boolean;
};

/**
 * Read the rules from the disk. Where they, the exclusions, or what was decided about repositories are not as before, they
 * are applied to all three trees in one step with their digest (S90, S91, S95); else nothing that is remembered is looked at.
 *
 * What is out of scope is forgotten as synced and as seen on disk; neither copy is touched. What comes back into it
 * is new on both sides to the next observation.
 *
 * @throws {SnapError} `workspace-missing`; as `readRules` when the rules cannot be read; `settings-invalid` when they break a bound:
 * nothing is planned without them, since everything they keep private would be uploaded
 */
export async function loadScope(deps: EngineDeps): Promise<Scope> {
  await checkWorkspace(deps);
  const { index, config } = deps;
  await config.renewOverrides?.();
  const exclusions = exclusionsInForce(index);
  const before = index.meta("rules_digest");
  const { rules, unclear } = await settledRules(deps, exclusions, before);
  const digest = scopeDigest(deps, rules, exclusions);
  const scope: Scope = {
    rules,
    changed: before !== undefined && before !== digest,
    repos: config.repos,
    ...overridesOf(config),
    exclusions,
    ...(unclear !== undefined && { unclear }),
  };
  if (before !== digest) reclassify(index, scope, digest);
  return scope;
}

/** Files of rules are many with Git, and each is gone for a moment while an editor saves it: what changed is read once more (G50). */
async function settledRules(
  deps: EngineDeps,
  exclusions: Exclusions,
  before: string | undefined,
): Promise<RulesInForce> {
  const found = await rulesInForce(deps, exclusions);
  const isAsBefore = before === undefined || before === scopeDigest(deps, found.rules, exclusions);
  if (deps.gitIgnores === undefined || isAsBefore) return found;
  await deps.clock.sleep(settleMs);
  return await rulesInForce(deps, exclusions);
}

/**
 * Whether what Git ignores is not any more what a look at both sides went by. The rules are read before the disk: a secret that came
 * after its rule while the look went on was seen by a look that did not know the rule, and may not go up by it (G50).
 */
export async function haveGitRulesMoved(deps: EngineDeps, scope: Scope): Promise<boolean> {
  if (deps.gitIgnores === undefined) return false;
  const { rules, unclear } = await rulesInForce(deps, scope.exclusions);
  const isAsBefore = rules.digest === scope.rules.digest;
  return !isAsBefore || unclearText(unclear) !== unclearText(scope.unclear);
}

function unclearText(unclear: RulesInForce["unclear"]): string {
  return JSON.stringify([...(unclear ?? [])]);
}

/** Another text where anything else than before may be in scope. */
export function scopeDigest(
  { config }: Pick<EngineDeps, "config">,
  rules: IgnoreRules,
  exclusions: Exclusions,
): string {
  const { repos, overrides = "" } = config;
  return JSON.stringify([rules.digest, repos, overrides, exclusions.paths]);
}

function reclassify(index: IndexStore, scope: Scope, digest: string): void {
  index.transaction(() => {
    forgetOutside(index.synced, scope);
    forgetOutside(index.local, scope);
    new RemoteJudge(index, scope).all();
    index.setMeta("rules_digest", digest);
  });
}

/** Ignore is not delete (S91): the rows go, the copies stay. */
function forgetOutside<E extends Entry>(tree: TreeRows<E>, scope: Scope): void {
  for (const standing of standings(tree, scope)) {
    if (standing.scope !== "in") tree.remove(standing.entry.node);
  }
}

/**
 * The node of a rule file that came from the server and is not on this disk yet. A cycle brings down this node
 * alone, and the next one plans the rest under the new rules (S90).
 */
export function arrivingRules({ remote, local, synced }: IndexStore): NodeId | undefined {
  const arrived = remote.childByKey(rootNode, pathKeyOf(ignoreFileName));
  if (arrived?.kind !== "file" || arrived.scope !== "in") return undefined;
  const changed = synced.get(arrived.node)?.hash !== arrived.hash;
  const here = local.childByKey(rootNode, arrived.key);
  return changed && here?.hash !== arrived.hash ? arrived.node : undefined;
}
