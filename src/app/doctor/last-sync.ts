import type { OpenIndex } from "../../state/database.ts";
import { SnapError } from "../../std/error.ts";
import { settingsOf } from "../settings-of.ts";
import type { Environment } from "../environment.ts";
import type { LinkedRecord } from "../find-workspace.ts";
import type { IndexFacts, WorkspaceStatus } from "../live-status.ts";
import { heldState } from "../status.ts";
import { ok, problem, warning, type Check, type CheckFacts } from "./check.ts";

/** A workspace without a sync for so long is worth a word, ms. */
const longAgoMs = 24 * 3_600_000;

/** What a sync left behind, and who looks after the workspace. */
export type Synced = {
  readonly record: LinkedRecord;
  readonly state: OpenIndex;
  readonly facts: IndexFacts;
  /** The daemon's word on it; undefined where none looks after it. */
  readonly live: WorkspaceStatus | undefined;
};

/** Whether the workspace is synced, and what is in the way where it is not (T49, S105). @throws {SnapError} `workspace-missing` */
export async function checkSynced(environment: Environment, synced: Synced): Promise<Check> {
  const { record, state, facts, live } = synced;
  const resting = await heldState(environment, record, state);
  if (resting?.state === "rolled-back") return problem("sync", rolledBack(environment, record));
  if (resting !== undefined) {
    const text = "A restore was interrupted";
    return warning("sync", { text, hint: "`snap sync` goes on with it." });
  }
  const { trouble } = live?.live ?? {};
  if (trouble !== undefined) {
    const error = new SnapError(trouble.code, trouble.message, trouble);
    if (error.class !== "transient") return problem("sync", error);
    return warning("sync", {
      text: error.message,
      hint: error.hint ?? "It is tried again by itself.",
    });
  }
  return checkLast(record, facts, { isLive: live !== undefined, now: environment.clock.now() });
}

/** Where a platform rolls disks back, a setting answers for good. */
function rolledBack(environment: Environment, record: LinkedRecord): SnapError {
  const { rollback = "ask" } = settingsOf(environment, record);
  return new SnapError(
    "rolled-back",
    "This disk was rolled back: nothing is synced before you choose a side",
    {
      hint: `\`snap rollback show\` tells what each choice does. The setting rollback is ${rollback}: where the platform rolls disks back as a matter of course, \`snap config set rollback keep\` makes that choice for good.`,
    },
  );
}

function checkLast(
  { paused }: LinkedRecord,
  { lastSyncedAt, stuck, indexLoss }: IndexFacts,
  { isLive, now }: { readonly isLive: boolean; readonly now: number },
): Check {
  if (paused !== undefined) {
    const why = paused.reason === undefined ? "" : ` (${paused.reason})`;
    return warning("sync", { text: `It is paused${why}`, hint: "`snap resume` goes on." });
  }
  if (indexLoss !== undefined) {
    const text = "What was remembered of both sides was lost, and a copy or nothing took its place";
    return warning("sync", {
      text,
      hint: "`snap sync` tells what became of it, and what waits for you.",
    });
  }
  if (lastSyncedAt === undefined) {
    return warning("sync", {
      text: "It was never synced",
      hint: "Run `snap sync`, or `snap start`.",
    });
  }
  const facts: CheckFacts = { lastSyncedAt };
  if (stuck !== undefined) {
    const hint = "`snap status` says what was in the way.";
    return warning(
      "sync",
      { text: `The last sync did not make both sides equal: ${stuck}`, hint },
      facts,
    );
  }
  if (isLive || now - lastSyncedAt <= longAgoMs) return ok("sync", "It is synced", facts);
  const hint = "Run `snap sync`, or `snap start`.";
  return warning("sync", { text: "It was not synced for more than a day", hint }, facts);
}

/** What waits for the user. */
export function checkHeld({ left }: IndexFacts): Check {
  const count = left.filter(({ kind }) => kind === "hold").length;
  if (count === 0) return ok("held", "Nothing waits for you");
  const text = count === 1 ? "1 change waits for you" : `${count} changes wait for you`;
  return warning("held", { text, hint: "`snap hold list` shows what, and what lets it pass." });
}

/** What the last sync left aside. */
export function checkLeft({ left }: IndexFacts): Check {
  const damaged = left.filter(({ kind }) => kind === "damaged").length;
  if (damaged > 0) return problem("left", damage(damaged));
  const count = left.filter(({ kind }) => !["hold", "unsynced"].includes(kind)).length;
  if (count === 0) return ok("left", "Nothing was left aside");
  const text = count === 1 ? "1 item was left aside" : `${count} items were left aside`;
  return warning("left", { text, hint: "`snap status` names each, with its reason." });
}

function damage(count: number): SnapError {
  const what = count === 1 ? "1 file" : `${count} files`;
  return new SnapError("damaged", `${what} changed without being written to`, {
    hint: "`snap status` names them; `snap check --rehash` reads every file.",
  });
}
