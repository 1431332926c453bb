import type { WorkspaceStatus } from "../../app/live-status.ts";
import { displayName } from "../../core/path/names.ts";
import { daemonClient, statusInTime } from "../../daemon/client.ts";
import type { DaemonEvent, WorkspaceActivity } from "../../daemon/wire.ts";
import { defineCommand, type AnyCommand, type CliContext } from "../context.ts";
import { formatSize, formatTime } from "../format.ts";

/** `snap activity`: what is going on now. */
export const activityCommand: AnyCommand = defineCommand({
  command: "activity",
  describe: "Show what the background sync is doing now",
  builder: (parser) =>
    parser
      .option("follow", {
        alias: "f",
        type: "boolean",
        default: false,
        describe: "Go on with every file that is moved; Ctrl-C ends it",
      })
      .epilogue("Needs `snap start`. What was done before is shown by `snap history`."),
  run: async (context, words) => {
    const { environment, output, work } = context;
    await statusInTime(environment, work.signal);
    const events = daemonClient(environment).events(work.signal);
    try {
      for await (const event of events) {
        show(context, event);
        if (!words.follow) break;
      }
    } catch (error) {
      if (!work.signal.aborted) throw error;
    }
    output.result("activity", 0, {});
    return 0;
  },
});

function show(context: CliContext, event: DaemonEvent): void {
  const { output } = context;
  if (event.type === "daemon") {
    for (const workspace of event.status.workspaces) showState(context, workspace);
    if (event.status.workspaces.length === 0) output.say("No workspace is linked.");
  } else if (event.type === "workspace") showState(context, event.workspace);
  else if (event.type === "activity") showActivity(context, event.activity);
}

function showState({ output, environment }: CliContext, workspace: WorkspaceStatus): void {
  const { state, progress, trouble } = workspace.live;
  output.emit("state", {
    folder: workspace.path,
    state,
    trouble: trouble?.code,
    done: progress?.done,
    total: progress?.total,
  });
  const now = formatTime(environment.clock.now());
  const why = trouble === undefined ? "" : `: ${displayName(trouble.message)}`;
  const far =
    state !== "syncing" || progress === undefined
      ? ""
      : ` ${progress.done}/${progress.total ?? "?"}`;
  output.print(`${now}  ${displayName(workspace.path)}  ${state}${far}${why}`);
}

function showActivity({ output }: CliContext, activity: WorkspaceActivity): void {
  const { at, kind, path, bytes, folder } = activity;
  output.emit("activity", { at, kind, path, bytes, folder });
  const size = bytes === undefined ? "" : `  ${formatSize(bytes)}`;
  output.print(`${formatTime(at)}  ${kind.padEnd(11)}  ${displayName(path)}${size}`);
}
