import path from "node:path";
import { newOpId } from "../engine/execute/execution.ts";
import type { LogRow } from "../core/tree/index-rows.ts";
import type { IndexStore } from "../ports.ts";
import type { WorkspaceRecord } from "../state/config.ts";
import { openIndex } from "../state/database.ts";
import { workspaceFiles } from "../state/locations.ts";
import type { Environment } from "./environment.ts";
import { isAtOrBelow, isLinked, workspaceAround } from "./find-workspace.ts";
import { overrideRecords } from "./guard-world.ts";
import { holdWorkspace } from "./hold-workspace.ts";

/** Where decisions about a repository are noted. */
export interface OverrideLog extends AsyncDisposable {
  /** @param text the reason */
  note(kind: "guard.override" | "guard.revoke", text: string): void;
}

/**
 * The op log of the linked workspace that a repository's folder is in (G44), held until it is disposed of; without such a
 * workspace nothing is noted.
 *
 * @throws {SnapError} `busy`
 */
export async function openOverrideLog(
  environment: Environment,
  folder: string,
): Promise<OverrideLog> {
  const record = workspaceAround(environment, folder);
  await using stack = new AsyncDisposableStack();
  if (record === undefined || !isLinked(record)) return logOf(stack.move(), () => undefined);
  const { clock, rng, locations } = environment;
  stack.use(await holdWorkspace(environment, record, "guard override"));
  const { index } = stack.use(openIndex(workspaceFiles(locations, record.id).index, { clock }));
  const place = { op: newOpId(rng), path: path.relative(record.path, folder) };
  return logOf(stack.move(), (kind, text) =>
    index.transaction(() => index.log({ ...place, ...fieldsAt(clock.now()), kind, after: text })),
  );
}

/** The overrides that a new link begins with (G44). */
export function noteOverrides(
  environment: Environment,
  record: WorkspaceRecord,
  index: IndexStore,
): void {
  const { clock, rng } = environment;
  for (const { path: folder, reason } of overrideRecords(environment)) {
    if (!isAtOrBelow(folder, record.path)) continue;
    const place = { op: newOpId(rng), path: path.relative(record.path, folder) };
    const row = { ...fieldsAt(clock.now()), kind: "guard.override", after: reason };
    index.transaction(() => index.log({ ...place, ...row }));
  }
}

function fieldsAt(at: number): Pick<LogRow, "at" | "cycle" | "before" | "outcome"> {
  return { at, cycle: 0, before: "", outcome: "done" };
}

function logOf(owned: AsyncDisposableStack, note: OverrideLog["note"]): OverrideLog {
  return { note, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
