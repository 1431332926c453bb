import { realpathSync } from "node:fs";
import path from "node:path";
import type { RunningHook } from "../core/live/live-status.ts";
import type { HookOutcome } from "../core/plan/sync-report.ts";
import { hookTimeoutDefaultMs } from "../core/settings/catalogue.ts";
import type { HookCommand } from "../core/settings/values.ts";
import { describeError, SnapError, systemCode, throwIfAborted } from "../std/error.ts";
import type { Listener } from "../std/events.ts";
import type { Environment } from "./environment.ts";
import { isAtOrBelow } from "./find-workspace.ts";
import { noteHookFailure, type HookFailure } from "./hook-failure.ts";
import { runCommand } from "./run-command.ts";
import { settingsOf } from "./settings-of.ts";
import type { LinkedWorkspace } from "./workspace.ts";

/** Programs of the user that run around a sync or a restore (T42, T43). */
export interface Hooks {
  /**
   * Before the first op; again only when `after` has run.
   *
   * @throws {SnapError} `refused` where one fails or takes too long; `interrupted` where the signal ends it
   */
  before(signal?: AbortSignal): Promise<void>;
  /**
   * Does nothing unless `before` has run, in this run of the program or an earlier one; where the signal ends it, the next run does it. What
   * failed, as a sentence.
   */
  after(outcome: HookOutcome, signal?: AbortSignal): Promise<string | undefined>;
}

/** Where hooks run. */
type Hooked = Pick<LinkedWorkspace, "environment" | "state"> & {
  readonly record: Pick<LinkedWorkspace["record"], "id" | "path">;
};

/** Hooks around one kind of work. */
type Kind = "sync" | "restore";

/** Says that `before` ran and `after` did not yet, also where the program was killed in between. */
const marks = { sync: "hooked", restore: "restore_hooked" } as const;

/**
 * The hooks `sync.before` and `sync.after` of a workspace (T42, T43).
 *
 * @param onRun which program runs from now on; undefined: none
 */
export function syncHooks(
  workspace: Hooked,
  onRun: Listener<RunningHook | undefined> = () => {},
): Hooks {
  return hooksOf(workspace, { kind: "sync", mark: "1", variables: {}, onRun });
}

/** The hooks `restore.before` and `restore.after` around one restore, of a snapshot if there is one (T42, T43). */
export function restoreHooks(
  workspace: Hooked,
  { restore, snapshot }: { readonly restore: string; readonly snapshot: string | undefined },
): Hooks {
  const variables = {
    SNAP_RESTORE: restore,
    ...(snapshot !== undefined && { SNAP_SNAPSHOT: snapshot }),
  };
  return hooksOf(workspace, { kind: "restore", mark: restore, variables, onRun: () => {} });
}

type Facts = {
  readonly kind: Kind;
  readonly mark: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly onRun: Listener<RunningHook | undefined>;
};

function hooksOf({ environment, record, state }: Hooked, facts: Facts): Hooks {
  const { kind, mark } = facts;
  const { index } = state;
  let hasRun = false;
  const note = (text: string | undefined): void =>
    index.transaction(() => index.setMeta(marks[kind], text));
  const run = (runs: Runs): Promise<string | undefined> =>
    runHook(environment, { ...facts, ...runs, record });
  const commandsOf = (moment: "before" | "after"): readonly HookCommand[] =>
    settingsOf(environment, record)[`${kind}.${moment}`] ?? [];
  return {
    before: async (signal) => {
      const commands = commandsOf("before");
      if (commands.length + commandsOf("after").length === 0 || hasRun) return;
      hasRun = true;
      // Noted first: what it has stopped is started again by the other hook, whatever happens.
      note(mark);
      const failure = await run({ moment: "before", commands, signal, outcome: undefined });
      if (failure === undefined) return;
      throwIfAborted(signal);
      throw new SnapError("refused", `Nothing was done: ${failure}`, {
        hint: `\`snap config get ${kind}.before\` shows the commands. The log has what they wrote.`,
      });
    },
    after: async (outcome, signal) => {
      hasRun = false;
      if (index.meta(marks[kind]) !== mark) return undefined;
      const failure = await run({
        moment: "after",
        commands: commandsOf("after"),
        signal,
        outcome,
      });
      if (failure !== undefined && signal?.aborted === true) return undefined;
      index.transaction(() => {
        index.setMeta(marks[kind], undefined);
        if (kind === "sync") noteHookFailure(index, failureOf(failure, environment.clock.now()));
      });
      return failure;
    },
  };
}

function failureOf(reason: string | undefined, at: number): HookFailure | undefined {
  return reason === undefined ? undefined : { at, reason };
}

type Runs = {
  readonly moment: "before" | "after";
  readonly commands: readonly HookCommand[];
  readonly signal: AbortSignal | undefined;
  readonly outcome: HookOutcome | undefined;
};

type HookRun = Runs & Omit<Facts, "mark"> & Pick<Hooked, "record">;

/** Run the commands of one hook, one after the other, up to the first that fails; what failed, as a sentence. */
async function runHook(environment: Environment, hook: HookRun): Promise<string | undefined> {
  const { kind, commands, record, signal, onRun } = hook;
  const { logger, clock } = environment;
  const moment = `${kind}.${hook.moment}`;
  const timeoutMs = settingsOf(environment, record)[`${kind}.hookTimeout`] ?? hookTimeoutDefaultMs;
  for (const command of commands) {
    const [program = "", ...words] = command;
    logger.info("a hook runs", { hook: moment, program });
    onRun({ hook: moment, program, since: clock.now() });
    const { failure, output } = await tryRun(environment, {
      program,
      words,
      folder: record.path,
      variables: variablesOf(environment, hook),
      timeoutMs,
      signal,
      clock,
    }).finally(() => onRun(undefined));
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
  { record, outcome, variables: own }: HookRun,
): Readonly<Record<string, string>> {
  const kept = Object.entries(variables).filter(([name]) => passed.test(name));
  return {
    ...Object.fromEntries(kept.map(([name, value]) => [name, value ?? ""])),
    PATH: safePath(variables["PATH"] ?? "", settings.read().workspaces),
    SNAP_WORKSPACE: record.path,
    ...own,
    ...(outcome !== undefined && { SNAP_OUTCOME: outcome }),
  };
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
