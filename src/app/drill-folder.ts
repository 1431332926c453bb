import { mkdir } from "node:fs/promises";
import path from "node:path";
import { nodeCopyDisk, removeTree } from "../snapshot/copy-disk.ts";
import { makePrivateFolder } from "../state/private-file.ts";
import { takeLock } from "../state/process-lock.ts";
import { SnapError } from "../std/error.ts";
import type { Environment } from "./environment.ts";
import { isAtOrBelow } from "./find-workspace.ts";

/** A spare folder that is removed in the end, and by the next run where this one is killed. */
export type DrillFolder = AsyncDisposable & { readonly top: string };

/**
 * The folder that a fire drill restores into, in the home of the program and outside every workspace; one drill at a time.
 *
 * @throws {SnapError} `busy` while another drill is under way; `refused` where the home lies in a workspace; `disk-full`
 */
export async function openDrillFolder(environment: Environment): Promise<DrillFolder> {
  const folder = path.join(environment.locations.home, "drill");
  refuseInside(environment, folder);
  await using stack = new AsyncDisposableStack();
  makePrivateFolder(folder);
  stack.use(takeLock(path.join(folder, "lock"), { what: "snap verify --level 5" }));
  const top = path.join(folder, "files");
  removeTree(nodeCopyDisk, top);
  await mkdir(top, { mode: 0o700 });
  stack.defer(() => removeTree(nodeCopyDisk, top));
  const owned = stack.move();
  return { top, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function refuseInside({ settings }: Environment, folder: string): void {
  const around = settings.read().workspaces.find((record) => isAtOrBelow(folder, record.path));
  if (around === undefined) return;
  throw new SnapError("refused", `The drill would write into the workspace "${around.path}"`, {
    path: folder,
    hint: "Set SNAP_HOME to a folder outside every workspace.",
  });
}
