import { exitOfChecks, type Check } from "../../app/doctor/check.ts";
import { examine } from "../../app/doctor/examine.ts";
import { inotifyFolder } from "../../app/doctor/inotify.ts";
import { displayName } from "../../core/path/names.ts";
import { showAutostart } from "../../daemon/autostart.ts";
import { quickStatus } from "../../daemon/quick-status.ts";
import type { Json } from "../../std/json.ts";
import { defineCommand, type AnyCommand, type CliContext } from "../context.ts";
import { formatAgo, formatSize, plural } from "../format.ts";
import { launcherPath } from "../launcher.ts";
import type { Output } from "../output.ts";

/** How long the servers get to answer, all together, ms. */
const serverMs = 10_000;

/** `snap doctor`: look at everything that a sync needs. */
export const doctorCommand: AnyCommand = defineCommand({
  command: "doctor",
  describe: "Look at everything that a sync needs, and say what to do",
  builder: (parser) =>
    parser
      .option("offline", { type: "boolean", default: false, describe: "Ask no server" })
      .epilogue(
        "It looks at the settings, the login, the clock, the store, the background sync, the limits of inotify, and at every linked workspace: its folder, disk, lock, index and last sync. Nothing is changed. The server is asked for 10 seconds at most; that it does not answer is a warning. Exit code: 0 where all is well or there are only warnings, else that of the worst problem: 5 damage, 7 something is unavailable, 2 the configuration, 3 it waits for you.",
      ),
  run: async (context, { offline }) => {
    const { environment, output, work } = context;
    const found: Check[] = [];
    const examined = {
      signal: work.signal,
      patience: offline ? undefined : AbortSignal.timeout(serverMs),
      background: () => quickStatus(environment.locations),
      autostart: () => showAutostart(environment, launcherPath()),
      limits: inotifyFolder,
    };
    for await (const check of examine(environment, examined)) {
      showCheck(context, check, found.at(-1)?.workspace);
      found.push(check);
    }
    return conclude(output, found);
  },
});

const signs = { ok: "ok     ", warning: "warning", problem: "problem" } as const;

/** What is well is left out with `--quiet`. */
function showCheck(
  { output, environment }: CliContext,
  check: Check,
  before: string | undefined,
): void {
  output.emit("check", fieldsOf(check));
  const { state, name, workspace, hint } = check;
  if (workspace !== undefined && workspace !== before) output.say(`\n${displayName(workspace)}`);
  const text = displayName(textOf(check, environment.clock.now()));
  const { green, yellow, red } = output.colors;
  const color = { ok: green, warning: yellow, problem: red }[state];
  const line = `${color(signs[state])}  ${name.padEnd(10)}  ${text}`;
  if (state === "ok") output.say(line);
  else output.print(line);
  if (hint !== undefined) output.print(`${" ".repeat(21)}${displayName(hint)}`);
}

function textOf({ text, freeBytes, lastSyncedAt }: Check, now: number): string {
  const free = freeBytes === undefined ? "" : `, ${formatSize(freeBytes)} free`;
  const when = lastSyncedAt === undefined ? "" : `, last ${formatAgo(lastSyncedAt, now)}`;
  return `${text}${free}${when}`;
}

function fieldsOf(check: Check): Readonly<Record<string, Json>> {
  const { name, state, text, hint, workspace, code, freeBytes, lastSyncedAt } = check;
  return {
    check: name,
    state,
    workspace: workspace ?? null,
    message: text,
    hint,
    code,
    freeBytes,
    lastSyncedAt,
  };
}

function conclude(output: Output, found: readonly Check[]): ReturnType<typeof exitOfChecks> {
  const count = (state: Check["state"]): number =>
    found.filter((check) => check.state === state).length;
  const [problems, warnings] = [count("problem"), count("warning")];
  const told = [
    ...(problems > 0 ? [plural(problems, "problem")] : []),
    ...(warnings > 0 ? [plural(warnings, "warning")] : []),
  ];
  output.say();
  output.print(told.length === 0 ? "All is well" : `${told.join(" and ")}: see above`);
  const exit = exitOfChecks(found);
  output.result("doctor", exit, { checks: found.length, warnings, problems });
  return exit;
}
