import { ignoreFileName, rulesOf } from "../core/ignore.ts";
import { pathKeyOf } from "../core/path/path-key.ts";
import { rootNode, type Entry, type NodeId } from "../core/tree/node.ts";
import type { IndexStore, TreeRows } from "../ports.ts";
import type { EngineDeps } from "./engine-deps.ts";
import { checkWorkspace } from "./presence.ts";
import { readRules } from "./rules-file.ts";
import { standings, type ScopeRules } from "./standing.ts";

/** What belongs to the link in this cycle. */
export type Scope = ScopeRules & {
  /** The rules are not those of the cycle before: removals wait for the next one (S79, "rules"). */
  readonly changed: boolean;
};

/**
 * Read the rules from the disk and apply them to what is remembered, in one step with their digest (S90, S91, S95).
 *
 * What is out of scope is forgotten as synced and as seen on disk; neither copy is touched. What comes back into it
 * is new on both sides to the next observation. The scope of remote rows is the business of `observeRemote`.
 *
 * @throws {SnapError} `workspace-missing`; `settings-invalid` when the rules cannot be read or break a bound:
 * nothing is planned without them, since everything they keep private would be uploaded
 */
export async function loadScope(deps: EngineDeps): Promise<Scope> {
  await checkWorkspace(deps);
  const { index, config } = deps;
  const rules = rulesOf(await readRules(deps));
  const before = index.meta("rules_digest");
  const scope: Scope = {
    rules,
    changed: before !== undefined && before !== rules.digest,
    repos: config.repos,
    overridden: (path) => config.overridden(path),
  };
  index.transaction(() => {
    forgetOutside(index.synced, scope);
    forgetOutside(index.local, scope);
    if (before !== rules.digest) index.setMeta("rules_digest", rules.digest);
  });
  return scope;
}

/** Ignore is not delete (S91): the rows go, the copies stay. */
function forgetOutside<E extends Entry>(tree: TreeRows<E>, scope: Scope): void {
  const outside = [...standings(tree, scope)].filter((standing) => standing.scope !== "in");
  for (const { entry } of outside) tree.remove(entry.node);
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
