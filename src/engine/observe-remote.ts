import type { LeftPath } from "../core/plan/sync-report.ts";
import type { NodeId } from "../core/tree/node.ts";
import type { RemotePage } from "../core/tree/remote-item.ts";
import { pathOf } from "../core/tree/tree-view.ts";
import type { IndexStore } from "../ports.ts";
import { throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { EngineDeps } from "./engine-deps.ts";
import { checkRemote } from "./presence.ts";
import { RemoteRows } from "./remote-rows.ts";
import { heldRepository } from "./scan.ts";
import type { Scope } from "./scope.ts";
import { standings, type RepositoryFound } from "./standing.ts";

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
 * Bring the remote tree up to what the server shows (S30–S35): one transaction for each page and its cursor. An error
 * leaves what was applied; the next call goes on behind it, or begins a listing of everything again.
 *
 * @throws {SnapError} `account-changed`, `remote-missing`, `interrupted`, and what `RemoteSide.pages` throws
 */
export async function observeRemote(
  deps: EngineDeps,
  scope: Scope,
  work: Work,
): Promise<RemoteObservation> {
  await checkRemote(deps);
  const { index, remote } = deps;
  const rows = new RemoteRows(index);
  let cursor = index.meta("cursor");
  let listed = 0;
  for await (const page of remote.pages(cursor, work)) {
    throwIfAborted(work.signal);
    applyPage(index, rows, page);
    cursor = page.cursor;
    listed += page.changes.length;
    work.onProgress?.({
      step: "list",
      done: listed,
      total: undefined,
      bytes: 0,
      bytesTotal: undefined,
    });
  }
  await findUnlisted(deps, rows);
  return index.transaction(() => {
    rows.removeUnnamed();
    index.setMeta("cursor", cursor);
    index.setMeta("complete", "1");
    const { left, frozen } = judgeRows(index, scope);
    return { left: [...rows.left, ...left], frozen };
  });
}

/** While everything is listed there is no cursor to go on from: what was not named yet is not known (S34). */
function applyPage(index: IndexStore, rows: RemoteRows, page: RemotePage): void {
  index.transaction(() => {
    rows.apply(page);
    index.setMeta("cursor", rows.startsAnew ? undefined : page.cursor);
    index.setMeta("complete", undefined);
  });
}

/** Ask for folders that were only named as parents: listings may do so, and may split it over calls (S31). */
async function findUnlisted({ index, remote }: EngineDeps, rows: RemoteRows): Promise<void> {
  const unlisted = [...index.remote.all()].filter(({ remoteId }) => remoteId === "");
  for (const { node } of unlisted) {
    const path = pathOf(index.remote, node);
    const item = path === undefined ? undefined : await remote.get(path);
    index.transaction(() => {
      if (item?.kind === "folder") rows.putItem(item);
      else rows.remove(node);
    });
  }
}

/** Give every row its scope: after a move or a new rule it may be another (S91). */
function judgeRows(index: IndexStore, scope: Scope): RemoteObservation {
  const left: LeftPath[] = [];
  const frozen = new Set<NodeId>();
  const hold = ({ node, path, sign }: RepositoryFound): void => {
    frozen.add(node);
    left.push(heldRepository(path, sign));
  };
  for (const standing of standings(index.remote, scope, hold)) {
    const { entry, path, reason } = standing;
    if (entry.scope !== standing.scope) index.remote.put({ ...entry, scope: standing.scope });
    if (reason !== undefined) left.push({ path, kind: "refused", reason });
  }
  return { left, frozen };
}
