import { realpathSync } from "node:fs";
import path from "node:path";
import type { HookOutcome } from "../core/plan/sync-report.ts";
import { hookTimeoutDefaultMs } from "../core/settings/catalogue.ts";
import type { HookCommand } from "../core/settings/values.ts";
import { describeError, SnapError, systemCode } from "../std/error.ts";
import type { Environment } from "./environment.ts";
import { isAtOrBelow } from "./find-workspace.ts";
import { runCommand } from "./run-command.ts";
import { settingsOf } from "./settings-of.ts";
import type { LinkedWorkspace } from "./workspace.ts";

/** Programs of the user that run around a sync (T42, T43). */
export interface Hooks {
  /** Before the first op; again only when `after` has run. @throws {SnapError} `refused` where one fails or takes too long */
  before(signal?: AbortSignal): Promise<void>;
  /** Does nothing unless `before` has run, in this run of the program or an earlier one. What failed, as a sentence. */
  after(outcome: HookOutcome, signal?: AbortSignal): Promise<string | undefined>;
}

/**
 * The hooks `sync.before` and `sync.after` of a workspace (T42, T43). That `before` ran is kept in the index, so that `after` runs
 * also where the program was killed in between.
 */
export function syncHooks({
  environment,
  record,
  state,
}: Pick<LinkedWorkspace, "environment" | "record" | "state">): Hooks {
  const { index } = state;
  let hasRun = false;
  const note = (hooked: string | undefined): void =>
    index.transaction(() => index.setMeta("hooked", hooked));
  const run = (moment: Moment, runs: Runs): Promise<string | undefined> =>
    runHook(environment, { ...runs, moment, record });
  return {
    before: async (signal) => {
      const { "sync.before": before = [], "sync.after": after = [] } = settingsOf(
        environment,
        record,
      );
      if (before.length + after.length === 0 || hasRun) return;
      hasRun = true;
      // Noted first: what it has stopped is started again by the other hook, whatever happens.
      note("1");
      const failure = await run("sync.before", { commands: before, signal, outcome: undefined });
      if (failure === undefined) return;
      throw new SnapError("refused", `Nothing was done: ${failure}`, {
        hint: "`snap config get sync.before` shows the commands. The log has what they wrote.",
      });
    },
    after: async (outcome, signal) => {
      hasRun = false;
      if (index.meta("hooked") === undefined) return undefined;
      const { "sync.after": commands = [] } = settingsOf(environment, record);
      const failure = await run("sync.after", { commands, signal, outcome });
      note(undefined);
      return failure;
    },
  };
}

type Moment = "sync.before" | "sync.after";

type Runs = {
  readonly commands: readonly HookCommand[];
  readonly signal: AbortSignal | undefined;
  readonly outcome: HookOutcome | undefined;
};

type HookRun = Runs & { readonly moment: Moment; readonly record: LinkedWorkspace["record"] };

/** Run the commands of one hook, one after the other, up to the first that fails; what failed, as a sentence. */
async function runHook(environment: Environment, hook: HookRun): Promise<string | undefined> {
  const { moment, commands, record, outcome, signal } = hook;
  const { logger } = environment;
  const timeoutMs = settingsOf(environment, record)["sync.hookTimeout"] ?? hookTimeoutDefaultMs;
  for (const command of commands) {
    const [program = "", ...words] = command;
    logger.info("a hook runs", { hook: moment, program });
    const { failure, output } = await tryRun(environment, {
      program,
      words,
      folder: record.path,
      variables: variablesOf(environment, record.path, outcome),
      timeoutMs,
      signal,
      clock: environment.clock,
    });
    if (output !== "") logger.info("a hook wrote", { hook: moment, program, output });
    if (failure === undefined) continue;
    logger.error("a hook failed", { hook: moment, program, reason: failure });
    return `the hook ${moment}, "${program}", ${failure}${output === "" ? "" : `: ${lastLine(output)}`}`;
  }
  return undefined;
}

type Ended = Awaited<ReturnType<typeof runCommand>>;

async function tryRun(
  environment: Environment,
  run: Parameters<typeof runCommand>[0],
): Promise<Ended> {
  const problem = problemOf(environment, run.program);
  return problem === undefined ? await runCommand(run) : { failure: problem, output: "" };
}

/** What lies in a workspace came from a server, and is never run (X23). */
function problemOf({ settings }: Environment, program: string): string | undefined {
  if (!program.includes("/")) return undefined;
  if (!path.isAbsolute(program)) return "is no absolute path, and no name of a program";
  try {
    const real = realpathSync(program);
    const isInside = settings.read().workspaces.some((record) => isAtOrBelow(real, record.path));
    return isInside ? "lies in a workspace, and is not run" : undefined;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return describeError(error);
  }
}

/** What a program needs to find its way about, and nothing that could be a secret of ours. */
const passed = /^(?:HOME|USER|LOGNAME|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|XDG_\w+|SNAP_HOME)$/u;

function variablesOf(
  { variables, settings }: Environment,
  workspace: string,
  outcome: HookOutcome | undefined,
): Readonly<Record<string, string>> {
  const kept = Object.entries(variables).filter(([name]) => passed.test(name));
  const own = [
    ["PATH", safePath(variables["PATH"] ?? "", settings.read().workspaces)],
    ["SNAP_WORKSPACE", workspace],
    ...(outcome === undefined ? [] : [["SNAP_OUTCOME", outcome]]),
  ];
  return Object.fromEntries([...kept, ...own].map(([name = "", value = ""]) => [name, value]));
}

/** Names of programs are looked for outside the workspaces only. */
function safePath(search: string, workspaces: readonly { readonly path: string }[]): string {
  const isSafe = (folder: string): boolean =>
    path.isAbsolute(folder) && !workspaces.some((record) => isAtOrBelow(folder, record.path));
  return search.split(path.delimiter).filter(isSafe).join(path.delimiter);
}

function lastLine(output: string): string {
  return output.trimEnd().split("\n").at(-1) ?? "";
}
