import { readStatus, type Status } from "../../app/status.ts";
import { displayName } from "../../core/path/names.ts";
import { defineCommand, type AnyCommand } from "../context.ts";
import { formatAgo, plural } from "../format.ts";
import { warnOfLoss } from "../index-loss.ts";
import { showLeft } from "./sync.ts";

/** `snap status`: 'Up to date', or what is going on and what to do. */
export const statusCommand: AnyCommand = defineCommand({
  command: "status",
  describe: "Say 'Up to date', or what is left to do",
  builder: (parser) =>
    parser.epilogue(
      "Looks at the workspace and at what the last sync knew of the cloud; it asks no server. Exit code as `snap sync`: 0, 3 when something waits for you, 4 when items are left aside, 5 when damage was found, 7 when a side is unavailable.",
    ),
  run: async ({ environment, output, place, work }) => {
    const status = await readStatus(environment, place, work);
    warnOfLoss(output, status.indexLoss);
    output.say(headOf(status));
    showLeft(output, status.left);
    for (const line of status.notes) output.say(line);
    const trouble = troubleText[status.stuck ?? ""];
    if (trouble !== undefined) output.say(`The last sync met ${trouble}.`);
    output.print(verdictOf(status, environment.clock.now()));
    output.result("status", status.exit, {
      state: status.state,
      folder: status.path,
      remote: status.remote ?? null,
      pending: status.pending,
      lastSyncedAt: status.lastSyncedAt ?? null,
      left: status.left.length,
      stuck: status.stuck ?? null,
    });
    return status.exit;
  },
});

/** What the lines above do not tell already (S105). */
const troubleText: Readonly<Record<string, string>> = {
  network: "trouble with the network",
  throttled: "a server that asked it to wait",
  disk: "trouble with the disk",
  volatile: "files that did not hold still",
};

function headOf(status: Status): string {
  const remote =
    status.remote === undefined
      ? "not linked"
      : `⇄  ${displayName(status.remote === "" ? "/" : status.remote)}`;
  return `${displayName(status.path)}  ${remote}`;
}

function asideText(left: Status["left"]): string {
  const count = left.filter(({ kind }) => kind !== "unsynced").length;
  return `${plural(count, "item")} ${count === 1 ? "is" : "are"} left aside`;
}

function verdictOf(status: Status, now: number): string {
  const when =
    status.lastSyncedAt === undefined
      ? "never synced"
      : `last synced ${formatAgo(status.lastSyncedAt, now)}`;
  switch (status.state) {
    case "up-to-date":
      return `Up to date (${when})`;
    case "left-aside":
      return `Up to date (${when}), but ${asideText(status.left)}: see above`;
    case "pending":
      return `${plural(status.pending, "change")} to sync (${when}): run \`snap sync\``;
    case "damaged":
      return `Damage was found, and is left alone (${when}): see above`;
    case "held":
      return `Waits for you (${when}): see above`;
    case "unlinked":
      return "Not linked: `snap link` binds it to a remote folder";
    case "restoring":
      return "A restore was interrupted: run `snap sync` to go on";
    case "rolled-back":
      return "This disk was rolled back: `snap rollback show` tells what each choice does";
    case "busy":
      return "Another process is at work here";
  }
}
