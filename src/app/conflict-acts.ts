import type {
  CopyTag,
  DisplaceAct,
  LocalAct,
  LocalExpectation,
  MoveAct,
  PlaceAct,
} from "../core/plan/local-act.ts";
import type { TargetEntry } from "../core/merge/merge-result.ts";
import { pathKeyOf } from "../core/path/path-key.ts";
import { baseName, pathComponents, type RelPath } from "../core/path/rel-path.ts";
import type { LocalStat } from "../core/tree/local-stat.ts";
import { rootNode, type ContentHash, type LocalEntry } from "../core/tree/node.ts";
import type { ActOp } from "../engine/execute/commit-act.ts";
import { newOpId, trashArea } from "../engine/execute/execution.ts";
import { intentOf } from "../engine/execute/intents.ts";
import type { IndexStore, LocalSide } from "../ports.ts";
import { SnapError } from "../std/error.ts";
import { isoDate } from "../std/time.ts";
import type { OpenWorkspace } from "./open-workspace.ts";

/** Whose content stays: that of the conflicted copy, which was written here, that of the file, or both. */
export type ConflictChoice = "local" | "remote" | "both";

/** How a conflict is settled on the disk; the next sync does the rest. */
export type Settlement = {
  readonly choice: ConflictChoice;
  readonly copy: RelPath;
  /** The file whose name is kept. */
  readonly file: RelPath;
  /** What goes to the trash: at this path, the content that loses. */
  readonly trashed: RelPath | undefined;
  /** The new name of the copy, where both stay. */
  readonly renamed: RelPath | undefined;
};

/** A copy is read in pieces of this size. */
const pieceBytes = 1024 * 1024;

/**
 * The bytes of the copy become the content of the file, which stays the file that it is; what it held goes to the trash, and then
 * the copy. Cut off between the two, there is a copy too many.
 */
export async function keepCopy(workspace: OpenWorkspace, settled: Settlement): Promise<void> {
  const { local, environment } = workspace;
  const { copy, file, trashed } = settled;
  const { hash, size, stat } = await local.hash(copy);
  const there = trashed === undefined ? undefined : await statOf(local, file);
  const source = { area: { kind: "staging", id: newOpId(environment.rng) }, path: file } as const;
  const content = { bytes: piecesOf(local, copy), expect: { hash, size } };
  const mode = (there ?? stat).mode & 0o777;
  await local.stage({ to: source, content, mode, modifiedNs: stat.modifiedNs });
  const act: PlaceAct = {
    act: "place",
    source,
    path: file,
    before: there && expected(there, undefined),
    displaceTo: trashArea(environment),
    copy: tagOf(workspace),
  };
  try {
    await perform(workspace, act, (row) => putOp(workspace.state.index, { row, file, hash, size }));
  } finally {
    await local.removeArea(source.area);
  }
  await trash(workspace, copy, expected(stat, hash));
}

/** The copy goes to the trash. */
export async function keepOriginal(workspace: OpenWorkspace, { copy }: Settlement): Promise<void> {
  await trash(workspace, copy, expected(await statOf(workspace.local, copy), undefined));
}

/** The copy gets a plain name, and is a file of its own from then on. */
export async function keepBoth(
  workspace: OpenWorkspace,
  { copy, renamed = copy }: Settlement,
): Promise<void> {
  const act: MoveAct = {
    act: "move",
    from: copy,
    to: renamed,
    before: expected(await statOf(workspace.local, copy), undefined),
    displaceTo: trashArea(workspace.environment),
    copy: tagOf(workspace),
  };
  await perform(workspace, act, (row) => {
    const name = baseName(renamed);
    const { node, parent } = row;
    const after = targetOf(row, { name, hash: row.hash ?? "", size: row.size });
    return {
      kind: "L.move",
      node,
      from: copy,
      path: renamed,
      parent,
      name,
      before: row,
      after,
      step: "direct",
    };
  });
}

async function trash(
  workspace: OpenWorkspace,
  path: RelPath,
  before: LocalExpectation,
): Promise<void> {
  const displaceTo = trashArea(workspace.environment);
  const shared = { path, before, known: [], displaceTo, copy: tagOf(workspace) };
  const act: DisplaceAct = { act: "displace", ...shared };
  await perform(workspace, act, ({ node, ...row }) => ({
    kind: "L.trash",
    node,
    path,
    before: { node, ...row },
    after: undefined,
  }));
}

/**
 * Carry out an act between its intent and the end of that, so that the next sync finishes what a crash cuts off (S74). What it
 * did is for the next look at the disk to find (S76). Of what the index does not know nothing can be mistaken for a removal.
 */
async function perform(
  { local, state: { index }, environment }: OpenWorkspace,
  act: LocalAct,
  opOf: (row: LocalEntry) => ActOp,
): Promise<void> {
  const path = act.act === "move" ? act.from : act.path;
  const row = rowAt(index, path);
  const id = newOpId(environment.rng);
  if (row !== undefined) {
    const intent = intentOf(id, row.node, { step: "act", act, op: opOf(row) });
    index.transaction(() => index.putIntent(intent));
  }
  const outcome = await local.perform(act);
  index.transaction(() => index.removeIntent(id));
  if (outcome.state === "done") return;
  throw new SnapError("volatile", `"${path}" was changed just now`, {
    path,
    hint: "Nothing of it was lost: look at `snap conflicts` again.",
  });
}

function rowAt({ local }: IndexStore, path: RelPath): LocalEntry | undefined {
  let row: LocalEntry | undefined;
  let parent = rootNode;
  for (const name of pathComponents(path)) {
    row = [...local.children(parent)].find((child) => child.name === name);
    if (row === undefined) return undefined;
    parent = row.node;
  }
  return row;
}

type Content = { readonly hash: ContentHash; readonly size: number };

function putOp(
  index: IndexStore,
  { row, file, hash, size }: Content & { readonly row: LocalEntry; readonly file: RelPath },
): ActOp {
  const { node, parent, name } = row;
  const synced = index.synced.get(node);
  const wanted = { name: synced?.name ?? name, hash, size };
  const after = { ...targetOf(row, wanted), localName: synced?.localName };
  return { kind: "L.put", node, path: file, parent, name, before: row, after };
}

function targetOf(
  { node, parent, kind }: LocalEntry,
  { name, hash, size }: Content & { readonly name: string },
): TargetEntry {
  return { node, parent, kind, name, key: pathKeyOf(name), hash, size, localName: undefined };
}

async function statOf(local: LocalSide, path: RelPath): Promise<LocalStat> {
  const stat = await local.stat(path);
  if (stat !== undefined) return stat;
  throw new SnapError("not-found", `"${path}" is not there any more`, { path });
}

function expected(stat: LocalStat, hash: ContentHash | undefined): LocalExpectation {
  const { fileId, size, modifiedNs, stamp } = stat;
  if (stat.kind === "folder") return { kind: "folder", fileId };
  return { kind: "file", fileId, size, modifiedNs, hash, stamp };
}

function tagOf({ environment: { settings, clock } }: OpenWorkspace): CopyTag {
  return { device: settings.read().device.name, date: isoDate(clock.now()) };
}

async function* piecesOf(local: LocalSide, path: RelPath): AsyncGenerator<Uint8Array> {
  await using file = await local.open(path);
  for (let offset = 0; offset < file.stat.size;) {
    const piece = await file.read(offset, pieceBytes);
    // A file that has become shorter is found out by its hash.
    if (piece.length === 0) return;
    yield piece;
    offset += piece.length;
  }
}
