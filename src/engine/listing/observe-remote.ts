import type { NodeId } from "../../core/tree/node.ts";
import type { LeftPath } from "../../core/plan/sync-report.ts";
import type { Work } from "../../std/events.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { leftBehind } from "./left-behind.ts";
import { checkRemote } from "../guards/presence.ts";
import { listAgain, settleMoved } from "./list-again.ts";
import { Listing } from "./remote-listing.ts";
import { remoteReport } from "./remote-report.ts";
import type { Scope } from "../scope/scope.ts";

/**
 * What a look at the server leaves to tell, besides the rows of the remote tree. Of these only those of scope `in`
 * are for the merge to see (S14, S91).
 */
export type RemoteObservation = {
  readonly left: readonly LeftPath[];
  /** Held, each with everything below it; `rootNode` means everything (G13, G20). */
  readonly frozen: ReadonlySet<NodeId>;
};

/**
 * Bring the remote tree up to what the server shows (S30–S35): one transaction for each page, its cursor, and how the rows that
 * it touched stand to the link. The cost follows what the pages name (S5). An error leaves what was applied; the next call
 * goes on behind it, or begins a listing of everything again.
 *
 * @throws {SnapError} `account-changed`, `remote-missing`, `interrupted`, and what `RemoteSide.pages` throws
 */
export async function observeRemote(
  deps: EngineDeps,
  scope: Scope,
  work: Work,
): Promise<RemoteObservation> {
  await checkRemote(deps);
  return await followRemote(deps, scope, work);
}

/**
 * As `observeRemote`, where the account and the folder were looked at before: the cursor belongs to both. Who does something then looks
 * at them first.
 *
 * @throws {SnapError} as `observeRemote`
 */
export async function followRemote(
  deps: EngineDeps,
  scope: Scope,
  work: Work,
): Promise<RemoteObservation> {
  const listing = new Listing(deps, scope);
  await listAgain(deps, listing, work);
  await listing.follow(work);
  await settleMoved(deps, listing, work);
  await listing.end(work);
  return await knownRemote(deps, listing.scope);
}

/** What was seen at the last look. */
export async function knownRemote(
  { index, local }: EngineDeps,
  { exclusions }: Pick<Scope, "exclusions">,
): Promise<RemoteObservation> {
  const { left, frozen } = remoteReport(index);
  return { left: [...left, ...(await leftBehind(local, exclusions))], frozen };
}
