import { existsSync, statSync } from "node:fs";
import { SnapError } from "../../std/error.ts";
import type { Environment } from "../environment.ts";
import { openSnapshotStore, storeFolder } from "../store.ts";
import { ok, problem, warning, type Check } from "./check.ts";
import { roomCheck } from "./space.ts";

/** The snapshot store: whether it is there, and every snapshot in it can be read. @throws {SnapError} as `openSnapshotStore` */
export async function checkStore(environment: Environment): Promise<Check> {
  const store = await openSnapshotStore(environment);
  const folder = storeFolder(environment);
  if (!existsSync(folder)) return missing(environment, folder);
  const damaged = await store.damagedRoots();
  if (damaged.length > 0) return problem("store", damage(folder, damaged.length));
  const { length } = await store.list({});
  const text = `"${folder}" can be read (${length} ${length === 1 ? "snapshot" : "snapshots"})`;
  const tops = environment.settings.read().workspaces.map(({ path }) => path);
  const shared = onSameDisk(folder, tops).map((top) => `"${top}"`);
  const risk = `; on one disk with ${shared.join(", ")}: it helps against mistakes, not against the loss of that disk`;
  return roomCheck("store", { folder, text: shared.length === 0 ? text : `${text}${risk}` });
}

/** The workspaces that share the disk of the store (N11); what is not there shares none. */
export function onSameDisk(
  folder: string,
  tops: readonly string[],
  deviceOf: (path: string) => number | undefined = deviceAt,
): readonly string[] {
  const device = deviceOf(folder);
  return device === undefined ? [] : tops.filter((top) => deviceOf(top) === device);
}

function deviceAt(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.dev;
}

/** The usual one comes with the first capture; one that was named may be on a disk that is not mounted. */
function missing({ settings }: Environment, folder: string): Check {
  if (settings.read().settings["store.path"] === undefined) {
    return ok("store", "No snapshots yet: the first capture makes the store");
  }
  const text = `The store that the settings name is not there: "${folder}"`;
  return warning("store", {
    text,
    hint: "Is its disk mounted? Else the next capture makes a new one.",
  });
}

function damage(folder: string, count: number): SnapError {
  const what = count === 1 ? "1 snapshot" : `${count} snapshots`;
  return new SnapError("damaged", `${what} of "${folder}" cannot be read`, {
    hint: "`snap verify` says which, and what can still be had of them.",
  });
}
