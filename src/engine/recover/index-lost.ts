import type { LocalEntry, NodeId, SyncedEntry } from "../../core/tree/node.ts";
import type { IndexStore } from "../../ports.ts";
import type { EngineDeps } from "../engine-deps.ts";

/** Nodes that are judged in one transaction. */
const nodesPerPage = 512;

/**
 * The index went on from an older copy (S77): what both sides agreed on since is not known, and a removal that is derived
 * from the old agreement may be none. Where there is a sign of that, the agreement on the node is forgotten, so that the node
 * is kept on both sides (S44). Called after every look at both sides until removals are planned again.
 */
export function distrustOldAgreement({ index }: EngineDeps): void {
  if (index.meta("removals_frozen") === undefined) return;
  let after: NodeId = 0;
  for (;;) {
    // Everything that is not as it was in the copy is dirty.
    const nodes = index.dirty(after, nodesPerPage);
    index.transaction(() => {
      for (const node of nodes) if (isDoubtful(index, node)) index.synced.remove(node);
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

/**
 * What is missing here may have left this disk since the copy without having been removed: its folder was excluded, damaged bytes
 * were put into the trash to be fetched anew, a restore had displaced it. An absence that is not certain yet may become so.
 */
function isDoubtful(index: IndexStore, node: NodeId): boolean {
  const agreed = index.synced.get(node);
  if (agreed === undefined) return false;
  const [here, there] = [index.local.get(node), index.remote.get(node)];
  if (here === undefined || here.absentAt !== undefined) return there !== undefined;
  return there === undefined && isTouched(here, agreed);
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
