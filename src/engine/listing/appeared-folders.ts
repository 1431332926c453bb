import { parseRelPath, type RelPath } from "../../core/path/rel-path.ts";
import { rootNode } from "../../core/tree/node.ts";
import type { RemoteItem, RemotePage } from "../../core/tree/remote-item.ts";
import type { IndexStore } from "../../ports.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { setExclusionsInForce } from "../scope/exclusions-in-force.ts";
import { nodeAtKeys } from "./remote-rows.ts";
import { scopeDigest, type Scope } from "../scope/scope.ts";

const reason = "is new in Dropbox and was excluded here: `snap exclude remove` brings it";

/** A scope, and what is to be remembered of it together with the page. */
export type Appeared = { readonly scope: Scope; readonly commit: () => void };

/**
 * With `newRemoteFolders: exclude`, exclude the folders of a page that appear at the top of the linked folder (S94), before
 * anything in them is known. What a first sync finds there was there before the link.
 */
export function excludeAppeared(deps: EngineDeps, scope: Scope, page: RemotePage): Appeared {
  const { index, config } = deps;
  const isFirst = index.meta("last_synced_at") === undefined;
  const paths = config.newRemoteFolders === "sync" || isFirst ? [] : appearedIn(index, page);
  const fresh = paths.filter((path) => !scope.exclusions.has(path));
  if (fresh.length === 0) return { scope, commit: () => {} };
  // Durable first: what is excluded and not there does no harm.
  config.exclude(fresh);
  const exclusions = fresh.reduce((all, path) => all.with(path), scope.exclusions);
  return {
    scope: { ...scope, exclusions },
    commit: () => {
      setExclusionsInForce(index, exclusions);
      index.setMeta("rules_digest", scopeDigest(deps, scope.rules, exclusions));
      for (const path of fresh) announce(index, path, page);
    },
  };
}

function appearedIn(index: IndexStore, { changes }: RemotePage): readonly RelPath[] {
  const items = changes.flatMap((change) => (change.change === "present" ? [change.item] : []));
  const paths = items.filter((item) => isNewAtTop(index, item)).map(({ name }) => name);
  return [...new Set(paths)].map(parseRelPath);
}

/** Neither side, nor what both agreed on, has anything at its place, and it comes from no other place of the link. */
function isNewAtTop(index: IndexStore, { kind, keys, remoteId }: RemoteItem): boolean {
  const [key, ...deeper] = keys;
  if (kind !== "folder" || key === undefined || deeper.length > 0) return false;
  if (index.nodeOfRemoteId(remoteId) !== undefined) return false;
  const { local, synced, remote } = index;
  if (local.childByKey(rootNode, key) !== undefined) return false;
  if (synced.childByKey(rootNode, key) !== undefined) return false;
  const there = remote.childByKey(rootNode, key);
  return there === undefined || there.remoteId === "";
}

function announce(index: IndexStore, path: RelPath, { changes }: RemotePage): void {
  for (const change of changes) {
    if (change.change !== "present" || change.item.name !== path) continue;
    const node = nodeAtKeys(index, change.item.keys);
    if (node !== undefined) index.remoteMemory.putNote({ node, kind: "excluded", reason });
  }
}
