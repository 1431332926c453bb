import type { LocalEntry, NodeId } from "../../core/tree/node.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import { isSnapError } from "../../std/error.ts";
import { readContent } from "../disk/read-content.ts";
import type { Execution } from "./execution.ts";

/** A disk that stamps more coarsely than this is not waited for, ns. */
const granularityNsMax = 100_000_000n;

/**
 * Read a large file once more as soon as its stamp proves what is read (S24), while the system still has it in memory and others come
 * down: the next look would read it from the disk, with nothing else to do. What is not as it was placed is left to that look, and so is
 * everything where the sync is being stopped.
 */
export async function proveContent(execution: Execution, node: NodeId): Promise<void> {
  const { deps, work } = execution;
  const row = deps.index.local.get(node);
  const path = pathOf(deps.index.local, node);
  if (row === undefined || path === undefined || row.trusted) return;
  try {
    const granularityNs = await deps.local.granularityNs();
    if (granularityNs > granularityNsMax) return;
    await deps.clock.sleep(Number(granularityNs / 1_000_000n) + 1, work.signal);
    const read = await readContent(deps, { row, path }, work);
    if (!("left" in read) && read.trusted && isSame(read, row)) trust(execution, row);
  } catch (error) {
    if (work.signal?.aborted !== true && !isSnapError(error)) throw error;
  }
}

/** Unless something was noted of it meanwhile. */
function trust({ deps: { index } }: Execution, row: LocalEntry): void {
  index.briefTransaction(() => {
    const now = index.local.get(row.node);
    if (now !== undefined && isSame(now, row)) index.local.put({ ...now, trusted: true });
  });
}

function isSame(one: LocalEntry, other: LocalEntry): boolean {
  return one.stamp === other.stamp && one.fileId === other.fileId && one.hash === other.hash;
}
