import type { Observation } from "../core/plan/sync-report.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { observeLocal } from "./disk/observe-local.ts";
import type { EngineDeps } from "./engine-deps.ts";
import { refusePutBack } from "./guards/generation.ts";
import { checkWorkspace } from "./guards/presence.ts";
import { loadScope } from "./scope/scope.ts";

/**
 * Look at the disk alone; the remote tree stays what the last whole look left (T27).
 *
 * @throws {SnapError} `refused` where Dropbox was never listed to its end; `rolled-back`, as far as the disk tells; `workspace-missing`
 */
export async function lookOffline(deps: EngineDeps, work: Work): Promise<Observation> {
  const { index } = deps;
  if (index.meta("cursor") === undefined) {
    throw new SnapError("refused", "What is in Dropbox was never read to its end", {
      hint: "Run snap sync once with Dropbox in reach; until then nothing can be planned without it.",
    });
  }
  refusePutBack(index, await checkWorkspace(deps));
  const { left } = await observeLocal(deps, await loadScope(deps), work);
  return { left, pending: 0 };
}
