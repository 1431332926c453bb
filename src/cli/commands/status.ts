import { requireWorkspace } from "../../app/find-workspace.ts";
import type { WorkspaceStatus } from "../../app/live-status.ts";
import { readPathStatus } from "../../app/path-status.ts";
import { readStatus } from "../../app/status.ts";
import { statusInTime } from "../../daemon/client.ts";
import { SnapError, type ExitCode } from "../../std/error.ts";
import { defineCommand, type AnyCommand, type CliContext } from "../context.ts";
import { warnOfLoss } from "../index-loss.ts";
import { showPathStatus } from "../path-status-text.ts";
import { showStatus } from "../status-text.ts";
import { waitUntilSynced, watchStatus } from "../status-watch.ts";

/** `snap status`: 'Up to date', or what is going on and what to do. */
export const statusCommand: AnyCommand = defineCommand({
  command: "status [path]",
  describe: "Say 'Up to date', or what is going on and what to do",
  builder: (parser) =>
    parser
      .positional("path", { type: "string", describe: "How one file or folder stands" })
      .option("watch", {
        type: "boolean",
        default: false,
        describe: "Go on, and tell every change, until Ctrl-C",
      })
      .option("wait", {
        type: "boolean",
        default: false,
        describe: "Wait until everything is up to date, or waits for you",
      })
      .epilogue(
        "Where `snap start` runs, it answers at once. Else this looks at the workspace and at what the last sync knew of the cloud; it asks no server. Exit code as `snap sync`: 0, 3 when something waits for you, 4 when items are left aside, 5 when damage was found, 7 when a side is unavailable.",
      ),
  run: async (context, words) => {
    refuseTwo(words);
    if (words.path !== undefined) return await showPath(context, words.path);
    const live = await findLive(context);
    if (words.watch) return await watchStatus(context, required(live));
    if (words.wait) return await wait(context, live);
    return live === undefined ? await look(context) : show(context, live);
  },
});

function refuseTwo({
  path,
  watch,
  wait: waits,
}: {
  path: string | undefined;
  watch: boolean;
  wait: boolean;
}): void {
  if ([path !== undefined, watch, waits].filter(Boolean).length <= 1) return;
  throw new SnapError("usage", "PATH, --watch and --wait do not go together", {
    hint: "Give one of them.",
  });
}

async function showPath(context: CliContext, named: string): Promise<ExitCode> {
  const { environment, output, place, work } = context;
  return showPathStatus(output, await readPathStatus(environment, { place, named }, work));
}

/** The status of the workspace by the daemon; undefined where none looks after it. */
async function findLive(context: CliContext): Promise<WorkspaceStatus | undefined> {
  const { environment, place, work } = context;
  const { id } = requireWorkspace(environment, place);
  const status = await statusInTime(environment, work.signal);
  return status?.workspaces.find((each) => each.id === id);
}

async function look({ environment, output, place, work }: CliContext): Promise<ExitCode> {
  return show({ environment, output }, await readStatus(environment, place, work));
}

function show(
  { environment, output }: Pick<CliContext, "environment" | "output">,
  status: Parameters<typeof showStatus>[1],
): ExitCode {
  warnOfLoss(output, status.indexLoss);
  return showStatus(output, status, environment.clock.now());
}

/** Without a daemon nothing changes by itself: what is up to date is so, everything else would wait for ever. */
async function wait(context: CliContext, live: WorkspaceStatus | undefined): Promise<ExitCode> {
  if (live !== undefined) return show(context, await waitUntilSynced(context, live));
  const { environment, place, work } = context;
  const status = await readStatus(environment, place, work);
  if (status.state === "pending" || status.state === "busy") required(undefined);
  return show(context, status);
}

function required(live: WorkspaceStatus | undefined): WorkspaceStatus {
  if (live !== undefined) return live;
  throw new SnapError("daemon-off", "Nothing keeps this workspace in sync now", {
    hint: "Start it with `snap start`, or run `snap sync` once.",
  });
}
