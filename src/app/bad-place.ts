import path from "node:path";
import type { WorkspaceRecord } from "../state/config.ts";
import { SnapError } from "../std/error.ts";
import type { Environment } from "./environment.ts";
import { isAtOrBelow, isLinked } from "./find-workspace.ts";

/** One workspace never lies in another, and our own files never in a workspace. @throws {SnapError} `workspace-nested`, `usage` */
export function refuseBadPlace(environment: Environment, top: string): void {
  const { home, config } = environment.locations;
  for (const own of [home, path.dirname(config)]) {
    if (!isAtOrBelow(own, top) && !isAtOrBelow(top, own)) continue;
    throw new SnapError(
      "workspace-nested",
      `"${top}" and snap's own folder "${own}" lie in one another`,
      {
        path: top,
        hint: "Choose another folder, or set SNAP_HOME to a place outside it: tokens and snapshots are never synced.",
      },
    );
  }
  for (const other of environment.settings.read().workspaces) {
    // A first sync that was cut off is begun again.
    if (other.path === top && other.initial !== undefined) continue;
    if (other.path === top) refuseSecondLink(other);
    else if (isAtOrBelow(top, other.path) || isAtOrBelow(other.path, top)) refuseNested(top, other);
  }
}

function refuseSecondLink(other: WorkspaceRecord): void {
  if (!isLinked(other)) return;
  throw new SnapError(
    "usage",
    `"${other.path}" is linked already, to "${other.remote === "" ? "/" : other.remote}"`,
    {
      path: other.path,
      hint: "Run `snap unlink` there first; it touches no file of yours.",
    },
  );
}

function refuseNested(top: string, other: WorkspaceRecord): void {
  throw new SnapError(
    "workspace-nested",
    `"${top}" and the workspace "${other.path}" lie in one another`,
    {
      path: top,
      hint: "A file may belong to one workspace only. Choose another folder, or run `snap unlink` in the other one and remove its folder `.snap`.",
    },
  );
}
