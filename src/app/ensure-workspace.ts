import { workspaceFiles } from "../state/locations.ts";
import { makePrivateFolder } from "../state/private-file.ts";
import type { WorkspaceRecord } from "../state/config.ts";
import { randomHex } from "../std/random.ts";
import type { Environment } from "./environment.ts";
import { resolveFolder, workspaceAround } from "./find-workspace.ts";
import { refuseBadPlace } from "./bad-place.ts";

/**
 * The workspace around a place; where there is none, the folder itself becomes one that is not linked, so that snapshots of it
 * have a home.
 *
 * @throws {SnapError} `path-missing`, `workspace-nested`
 */
export function ensureWorkspace(environment: Environment, place: string): WorkspaceRecord {
  const known = workspaceAround(environment, place);
  if (known !== undefined) return known;
  const top = resolveFolder(environment, place);
  refuseBadPlace(environment, top);
  const record: WorkspaceRecord = {
    id: randomHex(environment.rng, 8),
    path: top,
    repos: "refuse",
    madeAt: environment.clock.now(),
  };
  makePrivateFolder(workspaceFiles(environment.locations, record.id).folder);
  environment.settings.update((config) => ({
    ...config,
    workspaces: [...config.workspaces, record],
  }));
  return record;
}
