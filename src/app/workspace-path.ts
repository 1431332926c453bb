import path from "node:path";
import { parseRelPath, type RelPath } from "../core/path/rel-path.ts";
import type { WorkspaceRecord } from "../state/config.ts";
import { SnapError } from "../std/error.ts";
import type { Environment } from "./environment.ts";
import { isAtOrBelow } from "./find-workspace.ts";

/**
 * A path in the workspace as a person writes it: from the current folder where that is inside, else from the top. Nothing has to
 * stand there (any more).
 *
 * @throws {SnapError} `path-invalid` for a path that leads out of the workspace
 */
export function workspacePath(
  { cwd }: Pick<Environment, "cwd">,
  record: Pick<WorkspaceRecord, "path">,
  named: string,
): RelPath {
  const base = isAtOrBelow(cwd, record.path) ? cwd : record.path;
  const whole = path.resolve(base, named);
  if (isAtOrBelow(whole, record.path)) {
    return parseRelPath(path.relative(record.path, whole).split(path.sep).join("/"));
  }
  throw new SnapError("path-invalid", `"${named}" is not in the workspace`, {
    path: named,
    hint: `Name something in "${record.path}".`,
  });
}
