import type { EngineDeps } from "../engine-deps.ts";
import { clearStaging, emptyTrash } from "./clear-areas.ts";
import { settleIntents } from "./settle-intents.ts";

/**
 * Finish what was under way when the last run ended, before anything is observed (S74), and clear away what nobody owns
 * any more (S71, S75).
 *
 * @throws {SnapError} systemic and transient errors: nothing may be observed while half of an op is done.
 */
export async function recover(deps: EngineDeps): Promise<void> {
  await settleIntents(deps);
  await clearStaging(deps);
  await emptyTrash(deps);
}
