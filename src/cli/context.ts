import type { ArgumentsCamelCase, Argv } from "yargs";
import type { Environment } from "../app/environment.ts";
import type { ExitCode } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { Output } from "./output.ts";
import type { Questions } from "./questions.ts";

/** What every command gets: the world, where to write, whom to ask, and when to stop. */
export type CliContext = {
  readonly environment: Environment;
  readonly output: Output;
  readonly questions: Questions;
  /** `--workspace`, or the current folder. */
  readonly place: string;
  /** `--workspace` where it was given. */
  readonly workspace: string | undefined;
  /** Progress goes to the output; Ctrl-C fires the signal. */
  readonly work: Work & { readonly signal: AbortSignal };
};

/** A command: how yargs reads its words, and what it does. The exit code is returned; what went wrong is thrown. */
export type Command<A> = {
  readonly command: string;
  readonly describe: string;
  readonly builder: (parser: Argv) => Argv<A>;
  /** Commands below this one: `snap server account`. */
  readonly subcommands?: readonly AnyCommand[];
  /** Options that may be given several times. */
  readonly repeatable?: readonly string[];
  readonly run: (context: CliContext, words: ArgumentsCamelCase<A>) => Promise<ExitCode>;
};

/** A command whose words are known to itself alone. */
export type AnyCommand = {
  readonly command: string;
  readonly describe: string;
  readonly builder: (parser: Argv) => Argv;
  readonly subcommands?: readonly AnyCommand[];
  readonly repeatable?: readonly string[];
  readonly run: (context: CliContext, words: ArgumentsCamelCase) => Promise<ExitCode>;
};

/** Put a command into a list of commands: yargs hands it the words that its own builder described. */
export function defineCommand<A>(command: Command<A>): AnyCommand {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- builder and run are two halves of one command
  return command as unknown as AnyCommand;
}
