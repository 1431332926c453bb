import path from "node:path";
import type { OpenedStore } from "../snapshot/store.ts";
import { SnapError } from "../std/error.ts";
import type { Environment } from "./environment.ts";
import { isAtOrBelow, workspaceAround } from "./find-workspace.ts";
import { refuseMissingStore } from "./known-store.ts";

/**
 * The snapshot store that the settings name; `wait` is how long to wait for another writer, ms (N30). A missing one holds no snapshots, and is made by the first capture.
 *
 * @throws {SnapError} `store-inside-workspace` (N10), `disk-error` where one that was named and known is not there, `version-too-new`
 */
export async function openSnapshotStore(
  environment: Environment,
  { wait }: { readonly wait?: number | undefined } = {},
): Promise<OpenedStore> {
  const { clock, rng, tool, logger, settings } = environment;
  const folder = storeFolder(environment);
  refuseStoreInside(environment, folder);
  refuseMissingStore(environment, folder);
  // Whoever only lists snapshots does not load all that reads and writes them.
  const { openStore } = await import("../snapshot/store.ts");
  const grace = settings.read().settings["store.grace"];
  return await openStore({
    path: folder,
    clock,
    rng,
    tool,
    logger,
    ...(wait === undefined ? {} : { wait }),
    ...(grace === undefined ? {} : { grace }),
  });
}

/** Where the store is, or will be, absolute. */
export function storeFolder({ locations, settings }: Environment): string {
  return path.resolve(settings.read().settings["store.path"] ?? locations.store);
}

/** The store never lies in a workspace (N10). @throws {SnapError} `store-inside-workspace` */
export function refuseStoreInside({ settings }: Environment, folder: string): void {
  for (const record of settings.read().workspaces) {
    if (!isAtOrBelow(folder, record.path)) continue;
    throw new SnapError(
      "store-inside-workspace",
      `The store "${folder}" lies in the workspace "${record.path}"`,
      {
        path: folder,
        hint: "`snap config set store.path FOLDER` names one outside every workspace.",
      },
    );
  }
}

/** Which snapshots a command means: those of the workspace around a place, or of all. */
export function snapshotFilter(
  environment: Environment,
  { place, all }: { readonly place: string; readonly all: boolean },
): { readonly workspace?: string } {
  const record = all ? undefined : workspaceAround(environment, place);
  return record === undefined ? {} : { workspace: record.id };
}
