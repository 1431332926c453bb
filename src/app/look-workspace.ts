import { SqliteContentMemory } from "../state/content-memory.ts";
import { openIndex, lookAtIndex } from "../state/database.ts";
import { workspaceFiles } from "../state/locations.ts";
import type { WorkspaceRecord } from "../state/config.ts";
import type { Environment } from "./environment.ts";
import { refuseBadPlace } from "./bad-place.ts";
import { resolveFolder, workspaceAround } from "./find-workspace.ts";
import { openedOf, type OpenWorkspace } from "./open-workspace.ts";

/**
 * The workspace around a place for who only looks, and takes no lock: nothing is written, no workspace is made of a folder. Another
 * process may work with it meanwhile. What the index does not tell, because it is missing or of another version, is unknown.
 *
 * @throws {SnapError} `path-missing`, `workspace-nested`, `damaged`
 */
export function lookAtWorkspace(environment: Environment, place: string): OpenWorkspace {
  const record = workspaceAround(environment, place) ?? newRecord(environment, place);
  const { clock, locations, logger } = environment;
  const files = workspaceFiles(locations, record.id);
  using stack = new DisposableStack();
  const state = stack.use(lookAtIndex(files.index) ?? openIndex(":memory:", { clock }));
  const contents = stack.use(new SqliteContentMemory(files.contents, logger, { readOnly: true }));
  const owned = stack.move();
  const parts = { environment, record, contents, state };
  return openedOf(parts, () => Promise.resolve(owned.dispose()));
}

/** What a folder would be as a workspace of its own; it has no files yet. */
function newRecord(environment: Environment, place: string): WorkspaceRecord {
  const top = resolveFolder(environment, place);
  refuseBadPlace(environment, top);
  return { id: "none", path: top, repos: "refuse", madeAt: environment.clock.now() };
}
