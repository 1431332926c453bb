import type { LocalEntry, NodeId, RemoteEntry, SyncedEntry } from "../core/tree/node.ts";
import type { IndexStore } from "../ports.ts";
import type { EngineDeps } from "./engine-deps.ts";

/** Nodes that are judged in one transaction. */
const nodesPerPage = 512;

/**
 * The index went on from an older copy (S77): what both sides agreed on since is not known, and a removal that is derived
 * from the old agreement may be none. Where there is a sign of that, the agreement on the node is forgotten, so that the node
 * is kept on both sides (S44). Called after the first look at both sides, before the first plan.
 *
 * A restore that the copy does not know may have been under way, with files displaced that it wanted to replace. Then no
 * absence here is taken for a removal at all.
 */
export async function distrustOldAgreement(deps: EngineDeps): Promise<void> {
  const { index } = deps;
  if (index.meta("removals_frozen") === undefined) return;
  const wasRestoring = await hasUnknownRestore(deps);
  if (wasRestoring) deps.logger.error("a restore was begun after the index was copied");
  let after: NodeId = 0;
  for (;;) {
    // Everything that is not as it was in the copy is dirty.
    const nodes = index.dirty(after, nodesPerPage);
    index.transaction(() => {
      for (const node of nodes) {
        if (isDoubtful(index, node, wasRestoring)) index.synced.remove(node);
      }
    });
    const last = nodes.at(-1);
    if (last === undefined || nodes.length < nodesPerPage) return;
    after = last;
  }
}

/** A whole cycle has come to its end on the new index: removals are planned again (S77). */
export function thawRemovals(index: IndexStore): void {
  if (index.meta("removals_frozen") === undefined) return;
  index.transaction(() => index.setMeta("removals_frozen", undefined));
}

async function hasUnknownRestore({ local, journal }: EngineDeps): Promise<boolean> {
  const areas = await local.areas("undo");
  return areas.some(({ id }) => journal.restore(id) === undefined);
}

function isDoubtful(index: IndexStore, node: NodeId, wasRestoring: boolean): boolean {
  const agreed = index.synced.get(node);
  if (agreed === undefined) return false;
  const [here, there] = [index.local.get(node), index.remote.get(node)];
  if (here === undefined) return there !== undefined && (wasRestoring || isMadeAnew(there, agreed));
  return there === undefined && isTouched(here, agreed);
}

/** It has another revision of the same content: it was put there again, or moved, by somebody who wants it. */
function isMadeAnew(there: RemoteEntry, agreed: SyncedEntry): boolean {
  return there.kind === "file" && there.hash === agreed.hash && there.rev !== agreed.rev;
}

/** The same content was written there again: a rename and a change of mode alter neither inode nor mtime. */
function isTouched(here: LocalEntry, agreed: SyncedEntry): boolean {
  if (here.kind === "folder") return false;
  return here.fileId !== agreed.fileId || modifiedOf(here.stamp) !== modifiedOf(agreed.stamp);
}

/** The parts of a stamp are size, mtime and ctime (S18). */
function modifiedOf(stamp: string): string | undefined {
  return stamp.split(" ")[1];
}
