import { openEngine } from "../engine/engine.ts";
import { SqliteContentMemory } from "../state/content-memory.ts";
import { openIndex } from "../state/database.ts";
import { workspaceFiles } from "../state/locations.ts";
import { copyInPassing } from "../state/passing-index.ts";
import type { WorkspaceRecord } from "../state/config.ts";
import { SnapError } from "../std/error.ts";
import { connect } from "./accounts.ts";
import type { Environment } from "./environment.ts";
import { isLinked } from "./find-workspace.ts";
import { refuseUnsettled } from "./initial-mark.ts";
import { openedOf, type OpenWorkspace } from "./open-workspace.ts";
import { engineDepsOf, knownPlace, type LinkedWorkspace } from "./workspace.ts";

/**
 * A workspace for who looks and tries, and leaves no trace: no lock is taken, and what is noted goes into a copy of the index that is gone
 * when this is disposed of. Another process may work with the workspace meanwhile.
 *
 * @throws {SnapError} `damaged` where the index of a link is missing or waits for an upgrade; `not-logged-in`; `disk-full`
 */
export async function openAside(
  environment: Environment,
  record: WorkspaceRecord,
): Promise<OpenWorkspace | LinkedWorkspace> {
  await using stack = new AsyncDisposableStack();
  const { clock, rng, locations, logger } = environment;
  const files = workspaceFiles(locations, record.id);
  const copy = await copyInPassing(files.index, { clock, rng });
  if (copy === undefined && isLinked(record)) throw notKnown(record);
  const state = stack.use(copy ?? openIndex(":memory:", { clock }));
  const contents = stack.use(new SqliteContentMemory(files.contents, logger, { readOnly: true }));
  const parts = { environment, contents, state };
  if (!isLinked(record)) {
    const owned = stack.move();
    return openedOf({ ...parts, record }, () => owned.disposeAsync());
  }
  refuseUnsettled(record);
  const connection = stack.use(await connect(environment, record.account, record.id));
  const remote = connection.side(record.remote, knownPlace(state.index));
  const owned = stack.move();
  const workspace = openedOf({ ...parts, record }, () => owned.disposeAsync());
  const engineDeps = await engineDepsOf(workspace, remote);
  return { ...workspace, engine: openEngine(engineDeps), engineDeps, remote };
}

function notKnown({ path }: WorkspaceRecord): SnapError {
  return new SnapError("damaged", `What was synced in "${path}" is not known`, {
    path,
    hint: "Run `snap sync`: it makes the index again, or brings it up to this version.",
  });
}
