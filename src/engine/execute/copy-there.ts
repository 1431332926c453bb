import type { PutOp } from "../../core/plan/op.ts";
import type { RelPath } from "../../core/path/rel-path.ts";
import type { RemoteItem } from "../../core/tree/remote-item.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import { isSnapError, type SnapError } from "../../std/error.ts";
import { copiedBytesMin } from "../limits.ts";
import { outcomeOf, type Execution, type OpResult } from "./execution.ts";
import { commitUpload, isUnchanged, uploadOf, type Upload } from "./upload.ts";

type Copy = { readonly upload: Upload; readonly from: RelPath };

/**
 * S58: content that the linked folder holds already is copied there, and no byte of it goes up. What has no result here goes up: the
 * server refuses it, or the source is not what it was.
 */
export async function copyThere(
  execution: Execution,
  ops: readonly PutOp[],
): Promise<ReadonlyMap<PutOp, OpResult | SnapError>> {
  const { remote } = execution.deps;
  const results = new Map<PutOp, OpResult | SnapError>();
  const copies: Copy[] = [];
  for (const op of ops) {
    const copy = await copyOf(execution, op);
    if (copy !== undefined) copies.push(copy);
  }
  if (copies.length === 0) return results;
  const pairs = copies.map(({ from, upload }) => ({ from, to: upload.berth.path }));
  const told = await withoutTrouble(() => remote.relocate("copy", pairs, execution.work));
  for (const [place, copy] of copies.entries()) {
    const item = told?.[place];
    const there = item === undefined || isSnapError(item) ? await ownCopy(execution, copy) : item;
    if (there === undefined) continue;
    if (there.hash !== copy.upload.row.hash) await withoutTrouble(() => takeBack(execution, there));
    else
      results.set(
        copy.upload.op,
        await outcomeOf(() => commitUpload(execution, copy.upload, there)),
      );
  }
  return results;
}

/**
 * What stands at the place of a copy whose answer was lost, where it is one: the repeat is refused by it. A file that nobody knows and
 * that holds what the source holds now is taken for ours, since taking it back loses no content.
 */
function ownCopy(execution: Execution, { upload, from }: Copy): Promise<RemoteItem | undefined> {
  const { index, remote } = execution.deps;
  return withoutTrouble(async () => {
    const there = await remote.get(upload.berth.path);
    if (there === undefined || index.nodeOfRemoteId(there.remoteId) !== undefined) return undefined;
    if (there.hash === upload.row.hash) return there;
    const source = await remote.get(from);
    return source?.hash === there.hash ? there : undefined;
  });
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
  const { index } = execution.deps;
  if (!isCopyable(op) || op.after.hash === undefined) return undefined;
  const sources = index.nodesOfRemoteContent(op.after.hash);
  if (sources.length === 0) return undefined;
  const upload = uploadOf(execution, op);
  if ("state" in upload || !(await isUnchanged(execution, upload))) return undefined;
  const from = sources.map((node) => pathOf(index.remote, node)).find((path) => path !== undefined);
  return from === undefined ? undefined : { upload, from };
}

/** The source was edited since it was listed: its copy is of no use to anybody. */
async function takeBack({ deps: { remote } }: Execution, item: RemoteItem): Promise<void> {
  try {
    await remote.deleteFile(item.path, item.rev);
  } catch (error) {
    // Somebody has edited it already: then it stays, and the upload meets it.
    if (!isSnapError(error, "conflict", "not-found")) throw error;
  }
}
