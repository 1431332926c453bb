import path from "node:path";
import { DiskStoreFiles } from "../snapshot/disk-files.ts";
import { moveStore, previewMove, type Moved } from "../snapshot/move-store.ts";
import { WriterLock } from "../snapshot/writer-lock.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { Environment } from "./environment.ts";
import { isAtOrBelow } from "./find-workspace.ts";
import { refuseStoreInside, storeFolder } from "./store.ts";

/** How long another writer is waited for, unless told otherwise, ms (N30). */
const waitMsDefault = 60_000;

/** Where the store is to go. */
export type MoveRequest = {
  /** As a person writes it, from the current folder. */
  readonly folder: string;
  readonly wait?: number | undefined;
  readonly dryRun: boolean;
};

/** The two places, and what was copied, or would be. */
export type MoveOutcome = Moved & { readonly from: string; readonly to: string };

/**
 * Move the snapshot store (N9): a copy that was compared takes its place, and the setting `store.path` names it. The old folder
 * stays as it is.
 *
 * @throws {SnapError} `usage` where one place lies in the other; `store-inside-workspace` (N10); `busy`; as `moveStore`
 */
export async function moveSnapshotStore(
  environment: Environment,
  { folder, wait, dryRun }: MoveRequest,
  work: Work,
): Promise<MoveOutcome> {
  const { clock, rng, logger, cwd, settings } = environment;
  const places = { from: storeFolder(environment), to: placeNamed(cwd, folder) };
  refuseNested(places);
  refuseStoreInside(environment, places.to);
  const from = new DiskStoreFiles(places.from, rng);
  const to = new DiskStoreFiles(places.to, rng);
  const preview = await previewMove(from, to);
  if (dryRun) return { ...places, ...preview };
  const lockOptions = { files: from, clock, rng, logger, doing: "move", signal: work.signal };
  await from.makeFolders(["tmp"]);
  await using lock = await WriterLock.acquire({ ...lockOptions, waitMs: wait ?? waitMsDefault });
  const onCopied = (): void => {
    settings.update((config) => ({
      ...config,
      settings: { ...config.settings, "store.path": places.to },
    }));
  };
  return { ...places, ...(await moveStore({ from, to, lock, onCopied }, work)) };
}

function placeNamed(cwd: string, folder: string): string {
  if (folder !== "") return path.resolve(cwd, folder);
  throw new SnapError("usage", "The name of the folder is empty", {
    hint: "snap store move FOLDER names the place to go to.",
  });
}

function refuseNested({ from, to }: { readonly from: string; readonly to: string }): void {
  if (!isAtOrBelow(from, to) && !isAtOrBelow(to, from)) return;
  throw new SnapError("usage", `"${to}" and the store "${from}" lie in one another`, {
    path: to,
    hint: "Name a folder elsewhere.",
  });
}
