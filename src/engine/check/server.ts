import { topPath } from "../../core/path/rel-path.ts";
import type { RemoteEntry } from "../../core/tree/node.ts";
import type { RemoteItem } from "../../core/tree/remote-item.ts";
import { throwIfAborted } from "../../std/error.ts";
import type { Work } from "../../std/events.ts";
import type { Tell } from "./finding.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { NodeSet } from "../../core/tree/node-set.ts";
import { ServerChanges } from "./server-changes.ts";
import { ServerCheck } from "./server-rows.ts";
import { checkRemote } from "../guards/presence.ts";

/**
 * Hold a fresh listing of the server against the remote rows (S103). What differs is explained where the listing of changes, which
 * the next sync goes on from, names it or a folder above. It is read before and after the fresh one, so that changes made
 * meanwhile are explained, too. Writes nothing on the server, and in the index at most what a sync would (S35).
 *
 * @returns how many files and folders the server has
 * @throws {SnapError} `account-changed`, `remote-missing`, `interrupted`, and errors of the line
 */
export async function checkServer(deps: EngineDeps, tell: Tell, work: Work): Promise<number> {
  if (deps.index.meta("root_id") === undefined) return tellUnlisted(tell);
  await checkRemote(deps);
  const cursor = deps.index.meta("cursor");
  if (cursor === undefined) return tellUnlisted(tell);
  const changes = new ServerChanges(deps, cursor);
  await changes.read(work);
  const check = new ServerCheck(deps.index, changes, tell);
  const seen = new NodeSet();
  for await (const item of deps.remote.list(topPath, { recursive: true })) {
    throwIfAborted(work.signal);
    if (isOwn(item)) continue;
    check.compare(item, seen);
    const counts = { done: check.count, total: undefined, bytes: 0, bytesTotal: undefined };
    work.onProgress?.({ step: "check the server", ...counts, current: item.path });
  }
  check.findGone(seen);
  await check.askAboutOldViews(deps, work);
  await changes.read(work);
  check.settle();
  return check.count;
}

function tellUnlisted(tell: Tell): number {
  const what = "the next sync lists everything on the server anew";
  tell({ kind: "pending", side: "server", path: "", what });
  return 0;
}

/** Documents of our own are no nodes. */
function isOwn({ keys }: RemoteItem): boolean {
  return keys[0] === ".snap" || keys.length === 0;
}

/** Hold single items that were asked for against their rows; the caller has made sure that there is a cursor. */
export async function checkItems(
  deps: EngineDeps,
  items: Iterable<readonly [RemoteEntry, RemoteItem | undefined]>,
  tell: Tell,
): Promise<void> {
  const changes = new ServerChanges(deps, deps.index.meta("cursor"));
  const check = new ServerCheck(deps.index, changes, tell);
  for (const [row, item] of items) {
    if (item?.remoteId === row.remoteId) check.compareAnswer(item, new NodeSet());
    else check.doubtGone(row);
  }
  if (!check.hasDoubts) return;
  await changes.read({});
  check.settle();
}
