import type { MetaKey } from "../../core/tree/index-rows.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { refuseOtherFence } from "../fence.ts";

/**
 * What stays: which link this is, what of it is excluded, and what was chosen for its repositories; and every intent, since what waits under a
 * name of ours on the server would be lost without (S74). Its count of cycles stays by itself, so that nothing looks put back (S117).
 */
const keptFacts: readonly MetaKey[] = [
  ...(["link", "account_id", "excluded", "excluding", "repositories"] as const),
  ...(["hooked", "hook_failed"] as const),
];

/**
 * Forget everything that is known of both sides, as a client whose state was deleted (T36): what follows is a first sync (S35, S44). In one
 * transaction with the end of the fence, and `also`.
 *
 * @throws {SnapError} `refused` unless the fence of this restore stands
 */
export function beginAnew(
  deps: Pick<EngineDeps, "index" | "journal">,
  restore: string,
  also: () => void,
): void {
  const { index, journal } = deps;
  refuseOtherFence(deps, restore);
  index.transaction(() => {
    const kept = keptFacts.map((key) => [key, index.meta(key)] as const);
    const intents = index.intents();
    index.forgetLink();
    for (const intent of intents) index.putIntent(intent);
    for (const [key, value] of kept) index.setMeta(key, value);
    also();
    journal.setFence(undefined);
  });
}
