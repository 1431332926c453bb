import { existsSync } from "node:fs";
import { workspaceFiles } from "../../state/locations.ts";
import { lookThroughIndex } from "../../state/look-through.ts";
import { isLockHeld, lockHolder } from "../../state/process-lock.ts";
import type { Environment } from "../environment.ts";
import type { LinkedRecord } from "../find-workspace.ts";
import { refuseUnsettled } from "../initial-mark.ts";
import { factsOf, type WorkspaceStatus } from "../live-status.ts";
import { lookAtIndexOf } from "../look-index.ts";
import { requireMarker } from "../status.ts";
import type { Background } from "./background.ts";
import { checked, ok, warning, type Check } from "./check.ts";
import { checkHeld, checkLeft, checkSynced } from "./last-sync.ts";
import { roomCheck } from "./space.ts";

/** One linked workspace, from its folder to what its last sync left behind. */
export async function* checkWorkspace(
  environment: Environment,
  record: LinkedRecord,
  background: Background | undefined,
): AsyncGenerator<Check, void, undefined> {
  const { path: folder } = record;
  const live = background?.workspaces.find(({ id }) => id === record.id);
  const top = await checked("folder", () => checkFolder(environment, record));
  yield top;
  if (top.state === "ok") {
    const text = "There is room on its disk";
    yield await checked("space", () => roomCheck("space", { folder, text }));
  }
  yield await checked("lock", () => checkLock(environment, record, background));
  yield* checkIndex(environment, { record, live, isThere: top.state === "ok" });
  if (live !== undefined) yield checkWatch(live);
}

type Seen = {
  readonly record: LinkedRecord;
  readonly live: WorkspaceStatus | undefined;
  readonly isThere: boolean;
};

/** The folder with our marker in it (S10), and a first sync that came to its end (S44). */
async function checkFolder(environment: Environment, record: LinkedRecord): Promise<Check> {
  await requireMarker(environment, record);
  refuseUnsettled(record);
  return ok("folder", "It is there, and is the workspace of this link");
}

/** Whether another process has it (S12). Nothing is taken. */
function checkLock(
  { locations }: Environment,
  { id }: LinkedRecord,
  background: Background | undefined,
): Check {
  const { lock } = workspaceFiles(locations, id);
  if (!isLockHeld(lock)) return ok("lock", "No process is at work in it");
  const holder = lockHolder(lock);
  if (holder !== undefined && holder.pid === background?.pid) {
    return ok("lock", "The background sync has it");
  }
  const who = holder === undefined ? "Another process" : `"${holder.what}" (process ${holder.pid})`;
  const hint = "Wait until it has ended; where it never does, end that process.";
  return warning("lock", { text: `${who} is at work in it`, hint });
}

/** The index as a whole (S11), then what it tells of the last sync. */
async function* checkIndex(
  environment: Environment,
  { record, live, isThere }: Seen,
): AsyncGenerator<Check, void, undefined> {
  const sound = await checked("index", () => checkFile(environment, record));
  yield sound;
  if (sound.state !== "ok") return;
  using state = lookAtIndexOf(environment, record);
  if (state === undefined) return;
  const facts = factsOf(record, state);
  // Without its folder nothing more can be said of it.
  if (isThere) {
    yield await checked("sync", () => checkSynced(environment, { record, state, facts, live }));
  }
  yield checkHeld(facts);
  yield checkLeft(facts);
}

/** A damaged one is noted beside it, as by every look: only then does the next sync put it aside. */
function checkFile(environment: Environment, record: LinkedRecord): Check {
  const { index } = workspaceFiles(environment.locations, record.id);
  if (existsSync(index)) lookThroughIndex(index);
  using state = lookAtIndexOf(environment, record);
  if (state !== undefined) {
    // Rows that cannot be understood show here.
    factsOf(record, state);
    return ok("index", "What is remembered of both sides is sound");
  }
  const text = "What is remembered of both sides is of an earlier version";
  return warning("index", { text, hint: "`snap sync` brings it up to date; nothing is lost." });
}

/** What tells the daemon of changes here (S108). */
function checkWatch({ live, watch }: WorkspaceStatus): Check {
  if (watch.coverage === "whole")
    return ok("watch", `Every change is seen (${watch.folders} folders)`);
  if (live.state === "paused" || live.state === "starting" || live.state === "lent") {
    return ok("watch", "Nothing is watched while it is not synced");
  }
  const why = watch.reason === undefined ? "" : `: ${watch.reason}`;
  const hint =
    "It is synced all the same. The line on inotify above tells of limits; folders that are ignored or excluded are not watched.";
  return warning("watch", { text: `Changes here are found every 5 minutes only${why}`, hint });
}
