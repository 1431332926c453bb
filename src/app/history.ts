import { topPath } from "../core/path/rel-path.ts";
import type { LogRow } from "../core/tree/index-rows.ts";
import { lookAtIndex } from "../state/database.ts";
import { workspaceFiles } from "../state/locations.ts";
import type { Environment } from "./environment.ts";
import { requireWorkspace } from "./find-workspace.ts";
import { workspacePath } from "./workspace-path.ts";

/** Which part of the op log is wanted. */
export type HistoryRequest = {
  readonly place: string;
  /** A file, or a folder with all that is in it; everything if absent. */
  readonly named: string | undefined;
  readonly limit: number;
};

/** One thing that was done (P10). */
export type HistoryLine = {
  /** ms since 1970. */
  readonly at: number;
  /** Kind of the op, as `L.put`. */
  readonly op: string;
  readonly path: string;
  /** Where it was before, for a move. */
  readonly from: string | undefined;
  /** Content hash and size, or `folder`; "" for nothing. */
  readonly before: string;
  readonly after: string;
  /** `done`, or why not. */
  readonly outcome: string;
};

/**
 * What was done in the workspace around a place, newest first. Asks no server, and waits for nobody: another process may be
 * at work.
 *
 * @throws {SnapError} `workspace-missing`, `path-invalid`
 */
export function readHistory(
  environment: Environment,
  { place, named, limit }: HistoryRequest,
): readonly HistoryLine[] {
  const record = requireWorkspace(environment, place);
  const path = named === undefined ? topPath : workspacePath(environment, record, named);
  using state = lookAtIndex(workspaceFiles(environment.locations, record.id).index);
  if (state === undefined) return [];
  const rows = path === topPath ? state.index.logged(limit) : state.index.loggedAt(path, limit);
  return rows.map(lineOf);
}

function lineOf({ at, kind, path, before, after, outcome }: LogRow): HistoryLine {
  const [, from, state = ""] = /^(.*) (folder|\S+ \d+)$/s.exec(before) ?? [
    undefined,
    undefined,
    before,
  ];
  return { at, op: kind, path, from, before: state, after, outcome };
}
