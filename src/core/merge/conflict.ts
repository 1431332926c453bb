import { isConflictNameOf } from "../path/names.ts";
import { pathKeyOf } from "../path/path-key.ts";
import type { Entry, NodeId } from "../tree/node.ts";
import { sameContent } from "./content.ts";
import type { Draft } from "./draft.ts";
import { mergeLocation } from "./location.ts";
import type { Conflict, Sighting, TargetEntry } from "./merge-result.ts";

/**
 * A file with new and different contents on both sides: the remote keeps node and name, and the local bytes become a
 * new local node beside it (S38). Where a copy with these bytes is there already, no second one is made (S43).
 *
 * To be called when every other node has its place in the target.
 */
export function keepBothContents(draft: Draft, sighting: Sighting): void {
  const { node, local, remote } = sighting;
  if (local === undefined || remote === undefined) return;
  const copy = copyOf(draft, local, local.parent);
  if (copy !== undefined && isPlaceTaken(draft, copy, local.parent)) {
    draft.place(node, mergeLocation(sighting), remote);
    return;
  }
  // The local row goes with the copy, and with it a local move: what is left of the node is the remote's.
  const { parent, name, key } = remote;
  draft.place(node, { parent, name, key, localName: undefined, by: "remote" }, remote);
  const copyName = copy?.name ?? draft.freeConflictName(local, [local.parent]);
  const copyNode = draft.newNode();
  noteConflict(draft, { node, copyNode, copyName, parent: local.parent });
  // A copy that is on the server only is joined with the local one as soon as that has its name (S36).
  if (copy === undefined) placeCopy(draft, copyNode, { local, copyName });
}

type Copy = { readonly local: Entry; readonly copyName: string };

function placeCopy(draft: Draft, node: NodeId, { local, copyName }: Copy): void {
  const key = pathKeyOf(copyName);
  const { parent } = local;
  draft.place(node, { parent, name: copyName, key, localName: undefined, by: "local" }, local);
}

/**
 * A node whose place somebody else keeps (S42): it is renamed on disk before anything is done on the server (S43),
 * unless the disk has it elsewhere or not at all.
 */
export function putAside(draft: Draft, loser: TargetEntry): void {
  // The loser may itself be the copy that a conflict of contents will make.
  const node = draft.conflicts.get(loser.node)?.node ?? loser.node;
  const local = draft.trees.local.get(node);
  if (local === undefined || !isContested(draft, loser, local)) {
    renameInTarget(draft, loser, local);
    return;
  }
  const copy = isNew(draft, loser) ? copyOf(draft, loser, loser.parent) : undefined;
  if (copy === undefined) {
    const copyName = draft.freeConflictName(local, [loser.parent, local.parent]);
    draft.rename(loser, copyName, undefined);
    noteConflict(draft, { node, copyNode: loser.node, copyName, parent: local.parent });
    return;
  }
  draft.drop(loser.node);
  if (isPlaceTaken(draft, copy, local.parent)) return;
  noteConflict(draft, { node, copyNode: loser.node, copyName: copy.name, parent: local.parent });
}

/** Whether the local entry stands at the very place that somebody else keeps, or will be a copy there. */
function isContested(draft: Draft, loser: TargetEntry, local: Entry): boolean {
  if (draft.conflicts.has(loser.node)) return true;
  return draft.folderOf(local.parent) === loser.parent && local.key === loser.key;
}

/** Where an interrupted run has made the copy on disk, that one's name is taken, so that there is one copy only. */
function renameInTarget(draft: Draft, loser: TargetEntry, local: Entry | undefined): void {
  const made = local ?? madeBefore(draft, loser);
  const isMade =
    made !== undefined &&
    draft.folderOf(made.parent) === loser.parent &&
    isConflictNameOf(made.name, loser.name, loser.kind);
  if (isMade && made.node !== loser.node) draft.join(made.node, loser.node);
  const name = isMade ? made.name : draft.freeConflictName(loser, [loser.parent]);
  draft.rename(loser, name, undefined);
}

/** A new local file or folder, like the loser and with a name that was made for it. */
function madeBefore(draft: Draft, loser: TargetEntry): TargetEntry | undefined {
  return copiesOf(draft, loser, loser.parent).find((copy) => isNew(draft, copy));
}

function noteConflict(draft: Draft, conflict: Conflict): void {
  draft.conflicts.set(conflict.copyNode, conflict);
}

function isNew(draft: Draft, { node }: Entry): boolean {
  const { synced, remote } = draft.trees;
  return synced.get(node) === undefined && remote.get(node) === undefined;
}

/** A conflicted copy of a file, beside it and with its bytes, that the target keeps. */
function copyOf(draft: Draft, file: Entry, folder: NodeId): TargetEntry | undefined {
  return file.kind === "file" ? copiesOf(draft, file, folder)[0] : undefined;
}

/**
 * Whether the disk has a copy already, or something else where it would be, so that nothing can be put aside there: two files
 * that changed places would wait for each other. The bytes are on the server in any case.
 */
function isPlaceTaken(draft: Draft, copy: TargetEntry, folder: NodeId): boolean {
  const { local } = draft.trees;
  return local.get(copy.node) !== undefined || local.childByKey(folder, copy.key) !== undefined;
}

function copiesOf(draft: Draft, original: Entry, folder: NodeId): readonly TargetEntry[] {
  return draft
    .copiesIn(draft.folderOf(folder))
    .filter(
      (copy) =>
        copy.node !== original.node &&
        sameContent(original, copy) &&
        isConflictNameOf(copy.name, original.name, original.kind),
    );
}
