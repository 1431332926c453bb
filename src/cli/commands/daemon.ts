import { isLinked, requireLink, type LinkedRecord } from "../../app/find-workspace.ts";
import { setPaused } from "../../app/pause.ts";
import { displayName } from "../../core/path/names.ts";
import { daemonClient, statusInTime } from "../../daemon/client.ts";
import { runForeground, startDaemon } from "../../daemon/lifecycle.ts";
import { stopDaemon, type Stopped } from "../../daemon/stop.ts";
import { reasonLengthMax } from "../../daemon/wire.ts";
import { isSnapError, SnapError, type ExitCode } from "../../std/error.ts";
import { defineCommand, type AnyCommand, type CliContext } from "../context.ts";
import { plural } from "../format.ts";
import { launcherPath } from "../launcher.ts";

/** `snap start`: keep every linked workspace in sync from now on. */
export const startCommand: AnyCommand = defineCommand({
  command: "start",
  describe: "Keep every linked workspace in sync in the background",
  builder: (parser) =>
    parser
      .option("foreground", {
        type: "boolean",
        default: false,
        describe: "Stay in the foreground, as a service manager wants it",
      })
      .option("worker", { type: "boolean", default: false, hidden: true })
      .epilogue(
        "Does nothing where it runs already. Other commands work beside it as they do without it. `snap autostart on` starts it with the machine, `snap stop` ends it, `snap log` shows what it says.",
      ),
  run: async (context, words) => {
    if (words.worker) return await work(context);
    return words.foreground ? await stayInForeground(context) : await start(context, "start");
  },
});

async function start(context: CliContext, command: string): Promise<ExitCode> {
  const { environment, output, work: own } = context;
  const options = { launcher: launcherPath(), signal: own.signal };
  const { status, isOld } = await startDaemon(environment, options);
  const count = status.workspaces.length;
  const what = count === 0 ? "no workspace yet: `snap link` makes one" : plural(count, "workspace");
  output.say(
    isOld
      ? `Runs already (process ${status.pid}): ${what}.`
      : `Started (process ${status.pid}): ${what}.`,
  );
  output.result(command, 0, { pid: status.pid, already: isOld, workspaces: count });
  return 0;
}

async function stayInForeground({ environment, output, work }: CliContext): Promise<ExitCode> {
  await runForeground({
    environment,
    launcher: launcherPath(),
    signal: work.signal,
    onReady: ({ isOld }) => {
      output.emit("running", { already: isOld });
      output.say(isOld ? "Runs already." : "Runs. Ctrl-C ends it.");
    },
  });
  output.result("start", 0, {});
  return 0;
}

/** What does the work is loaded by the process that does it, and by no other. */
async function work({ environment, work: { signal } }: CliContext): Promise<ExitCode> {
  const { openLiveSession } = await import("../../app/live-session.ts");
  const { supervisorLink } = await import("../../daemon/link.ts");
  const { runWorker } = await import("../../daemon/worker.ts");
  using link = supervisorLink();
  await runWorker({ environment, openSession: openLiveSession, link, signal });
  return 0;
}

/** `snap stop`: end the daemon. */
export const stopCommand: AnyCommand = defineCommand({
  command: "stop",
  describe: "End the background sync, and wait until it has ended",
  builder: (parser) =>
    parser.epilogue(
      "Does nothing where it does not run. What is under way comes to its end first; what does not end within 30 seconds is made to, which loses nothing.",
    ),
  run: async ({ environment, output }) => {
    const how = await stopDaemon(environment);
    output.say(stoppedText[how]);
    output.result("stop", 0, { how });
    return 0;
  },
});

const stoppedText: Readonly<Record<Stopped, string>> = {
  "was-off": "Does not run.",
  clean: "Stopped.",
  terminated: "Stopped. It did not end by itself in time and was told to by a signal.",
  killed: "Stopped. It did not end in time and was killed; nothing was lost by that.",
};

/** `snap restart`: the one after the other. */
export const restartCommand: AnyCommand = defineCommand({
  command: "restart",
  describe: "End the background sync where it runs, and start it",
  builder: (parser) => parser,
  run: async (context) => {
    await stopDaemon(context.environment);
    return await start(context, "restart");
  },
});

/** `snap pause`: leave workspaces alone. */
export const pauseCommand: AnyCommand = defineCommand({
  command: "pause [reason]",
  describe: "Let the background sync leave every workspace alone, or the one of --workspace",
  builder: (parser) =>
    parser
      .positional("reason", { type: "string", describe: "Shown by `snap status`" })
      .epilogue(
        "Holds until `snap resume`, also over `snap stop` and a restart of the machine. `snap sync` by hand still works.",
      ),
  run: async (context, words) => {
    const { reason } = words;
    if (reason !== undefined && reason.length > reasonLengthMax) {
      throw new SnapError("usage", `A reason has at most ${reasonLengthMax} characters`);
    }
    const at = context.environment.clock.now();
    const paused = reason === undefined ? { at } : { at, reason };
    const meant = await setPause(context, "/v1/pause", {
      paused,
      body: reason === undefined ? {} : { reason },
    });
    for (const { path } of meant) context.output.say(`Paused: ${displayName(path)}`);
    return end(context, "pause", meant);
  },
});

/** `snap resume`: go on. */
export const resumeCommand: AnyCommand = defineCommand({
  command: "resume",
  describe: "Let the background sync go on with every workspace, or the one of --workspace",
  builder: (parser) => parser,
  run: async (context) => {
    const meant = await setPause(context, "/v1/resume", { paused: undefined, body: {} });
    for (const { path } of meant) context.output.say(`Goes on: ${displayName(path)}`);
    return end(context, "resume", meant);
  },
});

type Pausing = {
  readonly paused: LinkedRecord["paused"];
  readonly body: { readonly reason?: string };
};

/** By the daemon, which is at rest when it answers; without one the settings say it to the next. */
async function setPause(
  context: CliContext,
  path: string,
  { paused, body }: Pausing,
): Promise<readonly LinkedRecord[]> {
  const { environment, workspace: named } = context;
  const one = named === undefined ? undefined : requireLink(environment, named).id;
  const choice = one === undefined ? {} : { workspace: one };
  try {
    const { signal } = context.work;
    // The end of what is under way is waited for, a daemon that hangs is not.
    await statusInTime(environment, signal);
    const call = { method: "POST", path, body: { ...choice, ...body }, signal } as const;
    await daemonClient(environment).call(call);
  } catch (error) {
    if (!isSnapError(error, "daemon-off")) throw error;
    setPaused(environment, { workspace: one, paused });
  }
  return environment.settings
    .read()
    .workspaces.filter(isLinked)
    .filter(({ id }) => one === undefined || id === one);
}

function end({ output }: CliContext, command: string, meant: readonly LinkedRecord[]): ExitCode {
  if (meant.length === 0) output.say("No workspace is linked.");
  output.result(command, 0, { workspaces: meant.map(({ path }) => path) });
  return 0;
}
