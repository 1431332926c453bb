import type { CaptureFacts } from "../core/snapshot/root.ts";
import type { OpenIndex } from "../state/database.ts";
import type { Work } from "../std/events.ts";
import { boundaryOf } from "./boundary.ts";
import { isLinked } from "./find-workspace.ts";
import { parseLeft } from "./last-left.ts";
import type { OpenWorkspace } from "./open-workspace.ts";
import { countPending, unequalNodes } from "./pending.ts";

/** What is not in sync by what the index knows, as a snapshot says it (N34): for who has just looked at the disk, or does all the time. */
export function knownSync({ index }: Pick<OpenIndex, "index">): CaptureFacts["sync"] {
  return syncOf(index, Array.from(unequalNodes(index)).length);
}

/** The same with a look at the disk. A workspace that is not linked has nothing to sync. */
export async function seenSync(
  workspace: Pick<OpenWorkspace, "environment" | "record" | "local" | "state">,
  { signal }: Work,
): Promise<CaptureFacts["sync"]> {
  const { local, record, state } = workspace;
  if (!isLinked(record)) return "clean";
  const boundary = await boundaryOf(workspace);
  const pending = await countPending({ local, index: state.index, boundary, signal });
  return syncOf(state.index, pending);
}

/** What waits for the user is what both sides do not agree on. */
function syncOf(index: OpenIndex["index"], pending: number): CaptureFacts["sync"] {
  const left = parseLeft(index.meta("last_left"));
  const conflicting = left.filter(({ kind }) => kind === "hold").length;
  return pending + conflicting === 0 ? "clean" : { pending, conflicting };
}
