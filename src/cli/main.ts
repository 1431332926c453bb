import yargs, { type ArgumentsCamelCase, type Argv } from "yargs";
import { openEnvironment } from "../app/environment.ts";
import { describeError, SnapError, type ExitCode } from "../std/error.ts";
import { commandsFor, isCommand } from "./commands.ts";
import type { AnyCommand, CliContext } from "./context.ts";
import { besideDaemon } from "../daemon/beside.ts";
import { Output } from "./output.ts";
import { scriptQuestions, terminalQuestions } from "./questions.ts";
import { withSignals } from "./signals.ts";
import { refuseOddWords, withDashes, withHiddenDashes, withPlainWords } from "./words.ts";
import { programVersion } from "../app/version.ts";

/** Flags of every command. */
type GlobalWords = {
  readonly json: boolean;
  readonly progress: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean | undefined;
  readonly workspace: string | undefined;
};

/**
 * @module cli — the command line.
 *
 * `run` reads the words with yargs, finds the command, gives it a context and turns what it throws into an exit code.
 * Each file of `commands/` holds one command: its words, what it asks the app for, and how the answer is shown.
 */
export async function run(given: readonly string[]): Promise<ExitCode> {
  watchOutput();
  const words = helpAsFlag(given);
  let exit: ExitCode = 0;
  const parser = parserOf(words, await commandsFor(words), async (command, read) => {
    exit = await runCommand(command, read);
  });
  try {
    await parser.parseAsync();
  } catch (error) {
    exit = reportUsage(words, error);
  }
  return exit;
}

/** `snap help restore` is `snap restore --help`. */
function helpAsFlag(words: readonly string[]): readonly string[] {
  const [first, second] = words;
  if (first !== "help") return words;
  const isKnown = second === undefined || second.startsWith("-") || isCommand(second);
  return isKnown ? [...words.slice(1), "--help"] : [second];
}

type Runner = (command: AnyCommand, given: ArgumentsCamelCase) => Promise<void>;

function parserOf(words: readonly string[], commands: readonly AnyCommand[], runner: Runner): Argv {
  const parser = globalOptions(yargs([...withHiddenDashes(words)]))
    .scriptName("snap")
    .usage(
      "$0 COMMAND [OPTIONS]\n\nKeeps a folder and a Dropbox folder equal, takes snapshots, and rolls back safely.",
    )
    .parserConfiguration({
      "parse-numbers": false,
      "parse-positional-numbers": false,
      "duplicate-arguments-array": true,
      "populate--": true,
    })
    .strict()
    .demandCommand(1, "Name a command; `snap help` lists them")
    .version("version", "Print the version", programVersion())
    .help("help", "Explain a command")
    .alias("help", "h")
    .completion("completion", "Print a completion script for bash or zsh")
    .recommendCommands()
    .wrap(Math.min(100, process.stdout.columns ?? 80))
    .exitProcess(false)
    .fail(false);
  return withCommands(parser, commands, runner);
}

function withCommands(parser: Argv, commands: readonly AnyCommand[], runner: Runner): Argv {
  return commands.reduce(
    (built, command) =>
      built.command({
        command: command.command,
        describe: command.describe,
        builder: (own: Argv) =>
          withCommands(command.builder(own), command.subcommands ?? [], runner),
        handler: (given) => runner(command, withDashes(given)),
      }),
    parser,
  );
}

function globalOptions(parser: Argv): Argv {
  const flag = { type: "boolean", default: false, global: true } as const;
  return parser
    .option("json", { ...flag, describe: "One JSON object a line" })
    .option("progress", {
      ...flag,
      describe: "With --json: also tell how far it is, at most once a second",
    })
    .option("quiet", { ...flag, alias: "q", describe: "Print results only" })
    .option("verbose", { ...flag, describe: "Print what lies behind an error" })
    .option("color", { type: "boolean", describe: "Use colour (--no-color: none)", global: true })
    .option("workspace", {
      type: "string",
      requiresArg: true,
      global: true,
      describe: "The workspace; default: the one that holds the current folder",
    });
}

async function runCommand(command: AnyCommand, given: ArgumentsCamelCase): Promise<ExitCode> {
  const words = globalWords(given);
  const output = outputFor(words);
  const name = String(given._[0] ?? command.command);
  return withSignals(async (signal) => {
    try {
      refuseOddWords(given, command.repeatable);
      await using beside = besideDaemon(
        await openEnvironment({ variables: process.env, cwd: process.cwd() }),
        signal,
      );
      const context: CliContext = {
        environment: beside.environment,
        output,
        questions: canAsk(words) ? terminalQuestions(signal) : scriptQuestions(process.stdin),
        place: words.workspace ?? process.cwd(),
        workspace: words.workspace,
        work: { signal, onProgress: (progress) => output.progress(progress) },
      };
      return await command.run(context, withPlainWords(given, command.command));
    } catch (error) {
      return report(output, name, isEndOfWait(error, signal) ? interruptedBy(error) : error);
    }
  });
}

/** Ctrl-C ended a wait that knows no words of its own for it. */
function isEndOfWait(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && error instanceof Error && error.name === "AbortError";
}

function interruptedBy(cause: unknown): SnapError {
  return new SnapError("interrupted", "Interrupted", { cause });
}

/** Tell what was thrown, and which exit code it means. */
function report(output: Output, command: string, thrown: unknown): ExitCode {
  const error =
    thrown instanceof SnapError
      ? thrown
      : new SnapError("unexpected", `Unexpected error: ${describeError(thrown)}`, {
          cause: thrown,
          hint: "This is a mistake of the program. Nothing was lost by it; run with --verbose for its trace.",
        });
  output.error(error);
  output.result(command, error.exit, { code: error.code, message: error.message });
  return error.exit;
}

/** Wrong words never reach a command: yargs throws its own errors. */
function reportUsage(words: readonly string[], thrown: unknown): ExitCode {
  const output = outputFor({
    ...noGlobalWords,
    json: words.includes("--json"),
    verbose: words.includes("--verbose"),
  });
  const unknown = unknownCommand(words);
  const usage =
    thrown instanceof SnapError
      ? thrown
      : new SnapError("usage", unknown ?? describeError(thrown).replaceAll(/\s*\n\s*/gu, " "), {
          hint: "`snap help` lists the commands, `snap help COMMAND` explains one.",
          cause: thrown,
        });
  return report(output, words.find((word) => !word.startsWith("-")) ?? "", usage);
}

/** yargs only guesses what was meant; the word itself belongs into the message. */
function unknownCommand([first]: readonly string[]): string | undefined {
  if (first === undefined || first.startsWith("-") || isCommand(first)) return undefined;
  return `There is no command "${first}"`;
}

const noGlobalWords: GlobalWords = {
  json: false,
  progress: false,
  quiet: false,
  verbose: false,
  color: undefined,
  workspace: undefined,
};

function globalWords(given: ArgumentsCamelCase): GlobalWords {
  const text = given["workspace"];
  return {
    json: given["json"] === true,
    progress: given["progress"] === true,
    quiet: given["quiet"] === true,
    verbose: given["verbose"] === true,
    color: typeof given["color"] === "boolean" ? given["color"] : undefined,
    workspace: typeof text === "string" ? text : undefined,
  };
}

function outputFor(words: GlobalWords): Output {
  const terminal = process.stdout.isTTY && process.env["NO_COLOR"] === undefined;
  return new Output({
    stdout: process.stdout,
    stderr: process.stderr,
    json: words.json,
    progress: words.progress,
    quiet: words.quiet,
    verbose: words.verbose,
    color: words.color ?? terminal,
    now: () => performance.now(),
  });
}

function canAsk(words: GlobalWords): boolean {
  return !words.json && process.stdin.isTTY && process.stdout.isTTY;
}

/**
 * `snap restore … | head` goes on when head has gone: its output is dropped, never its work. A full disk behind the output
 * turns success into 7, and is told; Node tells it late, so the exit code is settled last.
 */
function watchOutput(): void {
  let failure: string | undefined;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") failure ??= error.code ?? error.message;
    });
  }
  process.once("exit", (code) => {
    if (failure === undefined || code !== 0) return;
    process.exitCode = 7;
    process.stderr.write(`Error: The output is cut off: it cannot be written (${failure})\n`);
  });
}
