import type { PutOp } from "../../core/plan/op.ts";
import type { RelPath } from "../../core/path/rel-path.ts";
import type { RemoteItem } from "../../core/tree/remote-item.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import { isSnapError, type SnapError } from "../../std/error.ts";
import { copiedBytesMin } from "../limits.ts";
import { newOpId, outcomeOf, type Execution, type OpResult } from "./execution.ts";
import { intentOf } from "./intents.ts";
import { remoteStaging } from "./ring.ts";
import { removeCopy } from "./staged-copy.ts";
import { commitUpload, isUnchanged, uploadOf, type Upload } from "./upload.ts";

/** Content of the linked folder that is wanted at another place, and the name under which it is copied first. */
type Copy = {
  readonly upload: Upload;
  readonly from: RelPath;
  readonly intent: string;
  readonly staged: RelPath;
};

type Copied = Copy & { readonly item: RemoteItem };

/**
 * S58: content that the linked folder holds already is copied there, and no byte of it goes up. It is copied to a name of its own first:
 * what stands there is ours, also where the answer was lost, and goes to its place only with the content that is wanted. What has no
 * result here goes up: the server refuses it, or the source is not what it was.
 */
export async function copyThere(
  execution: Execution,
  ops: readonly PutOp[],
): Promise<ReadonlyMap<PutOp, OpResult | SnapError>> {
  const results = new Map<PutOp, OpResult | SnapError>();
  const copies: Copy[] = [];
  for (const op of ops) {
    const copy = await copyOf(execution, op);
    if (copy !== undefined) copies.push(copy);
  }
  if (copies.length === 0) return results;
  note(execution, copies);
  const copied = await copyAside(execution, copies);
  const placed = new Set<string>();
  for (const copy of await moveToPlaces(execution, copied)) {
    const { upload, item, intent } = copy;
    placed.add(intent);
    results.set(upload.op, await outcomeOf(() => commitUpload(execution, upload, item)));
  }
  for (const copy of copies)
    await withoutTrouble(() => end(execution, copy, placed.has(copy.intent)));
  return results;
}

/** From now on whatever comes of it is ours (S74). */
function note({ deps: { index } }: Execution, copies: readonly Copy[]): void {
  index.transaction(() => {
    for (const { upload, intent, staged } of copies) {
      index.putIntent(intentOf(intent, upload.op.node, { step: "copy", staged }));
    }
  });
}

/** Those that hold what is wanted: the source of another was edited since it was listed. */
async function copyAside(
  execution: Execution,
  copies: readonly Copy[],
): Promise<readonly Copied[]> {
  const { remote } = execution.deps;
  const pairs = copies.map(({ from, staged }) => ({ from, to: staged }));
  const told = await withoutTrouble(() => remote.relocate("copy", pairs, execution.work));
  const copied: Copied[] = [];
  for (const [place, copy] of copies.entries()) {
    const item = await found(told?.[place], () => remote.get(copy.staged));
    if (item !== undefined && item.hash === copy.upload.row.hash) copied.push({ ...copy, item });
  }
  return copied;
}

/** Those that are at their places now; the file is looked at once more before, as with every upload. */
async function moveToPlaces(
  execution: Execution,
  copied: readonly Copied[],
): Promise<readonly Copied[]> {
  const { remote } = execution.deps;
  const ready: Copied[] = [];
  for (const copy of copied) if (await mayStillGo(execution, copy.upload)) ready.push(copy);
  if (ready.length === 0) return [];
  const pairs = ready.map(({ staged, upload }) => ({ from: staged, to: upload.berth.path }));
  const told = await withoutTrouble(() => remote.relocate("move", pairs, execution.work));
  const placed: Copied[] = [];
  for (const [place, copy] of ready.entries()) {
    const item = await found(told?.[place], () => remote.get(copy.upload.berth.path));
    const isOurs = item !== undefined && item.remoteId === copy.item.remoteId;
    if (isOurs) placed.push({ ...copy, item });
  }
  return placed;
}

async function mayStillGo(execution: Execution, upload: Upload): Promise<boolean> {
  return (await isUnchanged(execution, upload)) && (await execution.mayGoUp(upload.op.node));
}

/** What was told of an entry; else what stands there, where the answer was lost and the repeat was refused by its own doing. */
async function found(
  told: RemoteItem | SnapError | undefined,
  look: () => Promise<RemoteItem | undefined>,
): Promise<RemoteItem | undefined> {
  return told === undefined || isSnapError(told) ? await withoutTrouble(look) : told;
}

/** Nothing stays at its first name. Where that fails its intent stays, and the next round tries again. */
async function end({ deps }: Execution, copy: Copy, isPlaced: boolean): Promise<void> {
  if (!isPlaced) await removeCopy(deps.remote, copy.staged);
  deps.index.transaction(() => deps.index.removeIntent(copy.intent));
}

/** A copy that does not come off is an upload. @throws {SnapError} what ends the whole sync */
async function withoutTrouble<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isSnapError(error) && error.class !== "systemic") return undefined;
    throw error;
  }
}

/** Whether something of this size and content may stand there already. */
export function isCopyable({ before, after }: PutOp): boolean {
  return before === undefined && after.size >= copiedBytesMin;
}

async function copyOf(execution: Execution, op: PutOp): Promise<Copy | undefined> {
  const { index, rng } = execution.deps;
  if (!isCopyable(op) || op.after.hash === undefined) return undefined;
  const sources = index.nodesOfRemoteContent(op.after.hash);
  if (sources.length === 0) return undefined;
  const upload = uploadOf(execution, op);
  if ("state" in upload || !(await isUnchanged(execution, upload))) return undefined;
  const from = sources.map((node) => pathOf(index.remote, node)).find((path) => path !== undefined);
  if (from === undefined) return undefined;
  const intent = newOpId(rng);
  return { upload, from, intent, staged: remoteStaging(intent) };
}
