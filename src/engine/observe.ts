import type { NodeId, RemoteEntry } from "../core/tree/node.ts";
import type { TreeView } from "../core/tree/tree-view.ts";
import type { PathKey } from "../core/path/path-key.ts";
import type { IndexStore } from "../ports.ts";
import { throwIfAborted } from "../std/error.ts";
import type { EngineDeps } from "./engine-deps.ts";
import { frozenNodes, type Frozen } from "./check/frozen.ts";
import type { LookWork } from "./disk/looking.ts";
import { observeLocal } from "./disk/observe-local.ts";
import { adoptUploads } from "./listing/adopt-uploads.ts";
import { movedRepositories } from "./guards/moved-repositories.ts";
import {
  followRemote,
  knownRemote,
  observeRemote,
  type RemoteObservation,
} from "./listing/observe-remote.ts";
import { isRemoteQuiet } from "./listing/quiet.ts";
import { loadScope, type Scope } from "./scope/scope.ts";

/** What a look at both sides leaves to tell; what was seen is in the index. */
export type Observed = {
  readonly scope: Scope;
  readonly frozen: Frozen;
  /** When the look began, ms since 1970: what was written later was perhaps not seen. */
  readonly lookedAt: number;
  /** Nothing had happened on the server since the last sync: nothing was read but that. */
  readonly isRemoteQuiet: boolean;
  /** The account and the folder were looked at; else they have to be before anything is done. */
  readonly isPlaceChecked: boolean;
};

/**
 * How a look at the server begins: `first` in a sync, which may be over where nothing happened; `next`, behind one of the same sync, by what
 * happened since; `whole` with the account and the folder.
 */
export type Begin = "first" | "next" | "whole";

/**
 * Look at both sides until complete. Nothing is written on either.
 *
 * @throws {SnapError} what makes a plan impossible: `workspace-missing`, `remote-missing`, `account-changed`, errors of the
 * line (S79)
 */
export async function observeBoth(
  deps: EngineDeps,
  work: LookWork,
  begin: Begin = "whole",
): Promise<Observed> {
  const lookedAt = deps.clock.now();
  const scope = await loadScope(deps);
  const { remote, ...looked } = await lookAtRemote(deps, scope, { begin, work });
  throwIfAborted(work.signal);
  adoptUploads(deps.index, remote.frozen);
  const local = await observeLocal(deps, scope, work);
  throwIfAborted(work.signal);
  const moved = await movedRepositories(deps, local.repositories);
  const frozen = frozenNodes(deps.index, { local, remote, moved });
  return { scope, frozen, lookedAt, ...looked };
}

type RemoteLook = Pick<Observed, "isRemoteQuiet" | "isPlaceChecked"> & {
  readonly remote: RemoteObservation;
};

async function lookAtRemote(
  deps: EngineDeps,
  scope: Scope,
  { begin, work }: { readonly begin: Begin; readonly work: LookWork },
): Promise<RemoteLook> {
  if (begin === "first" && (await isRemoteQuiet(deps, work))) {
    return { remote: await knownRemote(deps, scope), isRemoteQuiet: true, isPlaceChecked: false };
  }
  // Without a cursor everything is listed: then it has to be known of what.
  const goesOn = begin === "next" && deps.index.meta("cursor") !== undefined;
  const look = goesOn ? followRemote : observeRemote;
  return {
    remote: await look(deps, scope, work),
    isRemoteQuiet: false,
    isPlaceChecked: !goesOn,
  };
}

/** The remote tree as the merge may see it: without what is ignored or cannot be on this disk (S14, S91). */
export function remoteInScope({ remote }: IndexStore): TreeView<RemoteEntry> {
  const isIn = (entry: RemoteEntry): boolean => entry.scope === "in";
  return {
    get(node: NodeId): RemoteEntry | undefined {
      const entry = remote.get(node);
      return entry !== undefined && isIn(entry) ? entry : undefined;
    },
    *children(parent: NodeId): Generator<RemoteEntry> {
      for (const entry of remote.children(parent)) if (isIn(entry)) yield entry;
    },
    childByKey(parent: NodeId, key: PathKey): RemoteEntry | undefined {
      const first = remote.childByKey(parent, key);
      return first === undefined || isIn(first)
        ? first
        : remote.childrenByKey(parent, key).find(isIn);
    },
    childrenByKey(parent: NodeId, key: PathKey): readonly RemoteEntry[] {
      return remote.childrenByKey(parent, key).filter(isIn);
    },
  };
}
