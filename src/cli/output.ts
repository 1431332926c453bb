import pc from "picocolors";
import { displayName } from "../core/path/names.ts";
import { systemCode, throwIfAborted, type ExitCode, type SnapError } from "../std/error.ts";
import type { Progress } from "../std/events.ts";
import type { Json } from "../std/json.ts";
import { escapeText, eventLine } from "./escape.ts";
import { ProgressEvents } from "./progress-events.ts";
import { ProgressLine, type ProgressTerminal } from "./progress.ts";

/** Where a command writes, and how. */
export type OutputOptions = ProgressTerminal & {
  readonly stdout: NodeJS.WritableStream & {
    readonly isTTY?: boolean;
    readonly columns?: number;
    readonly writableNeedDrain?: boolean;
    readonly errored?: Error | null;
  };
  readonly json: boolean;
  /** Programs are told of progress too. */
  readonly progress: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
};

const flushEvents = ["drain", "close", "error"] as const;

/** A line that is shown again and again. */
export type LiveLine = { show(text: string): void; end(): void };

/**
 * The one place that formats output. People get text on stdout and progress on stderr; programs get one JSON object a
 * line on stdout, the last of type `result` with the exit code. A command emits both; the mode decides which is shown.
 */
export class Output {
  readonly colors: ReturnType<typeof pc.createColors>;
  readonly json: boolean;
  readonly #options: OutputOptions;
  readonly #progress: ProgressLine;
  readonly #progressEvents: ProgressEvents;

  constructor(options: OutputOptions) {
    this.#options = options;
    this.json = options.json;
    this.colors = pc.createColors(options.color);
    this.#progress = new ProgressLine(options);
    this.#progressEvents = new ProgressEvents(options.now);
  }

  /** Whether only results are wanted. */
  get isQuiet(): boolean {
    return this.#options.quiet;
  }

  /** Width of the terminal that people read; undefined where there is none. */
  get columns(): number | undefined {
    const { stdout } = this.#options;
    return this.json || stdout.isTTY !== true ? undefined : stdout.columns || 80;
  }

  /** Whether details are wanted. */
  get isVerbose(): boolean {
    return this.#options.verbose;
  }

  /** The system's code of why stdout takes nothing more; undefined while it does, and where only its reader has gone. */
  get failure(): string | undefined {
    const code = systemCode(this.#options.stdout.errored);
    return code === "EPIPE" ? undefined : code;
  }

  /** A line of a log for people, on stderr. */
  note(text: string): void {
    if (this.json) return;
    this.#progress.clear();
    this.#options.stderr.write(`${displayName(text)}\n`);
  }

  /** Text for people; nothing with `--json` or `--quiet`. */
  say(text = ""): void {
    if (this.json || this.#options.quiet) return;
    this.#progress.clear();
    this.#options.stdout.write(`${escapeText(text)}\n`);
  }

  /** What the command was asked for, printed for people even with `--quiet`. */
  print(text: string): void {
    if (this.json) return;
    this.#progress.clear();
    this.#options.stdout.write(`${escapeText(text)}\n`);
  }

  /**
   * Bytes or text that were asked for, as they are; false when nobody reads them any more.
   *
   * @throws {SnapError} `interrupted`
   */
  async raw(content: Uint8Array | string, signal?: AbortSignal): Promise<boolean> {
    this.#progress.clear();
    const { stdout } = this.#options;
    if (stdout.writable) stdout.write(content);
    await this.flushed(signal);
    return stdout.writable;
  }

  /** One fact that changes: on a terminal always the same line, elsewhere a line for each change. Nothing with `--json`. */
  liveLine(): LiveLine {
    const { stdout, json } = this.#options;
    if (json) return { show: () => {}, end: () => {} };
    if (stdout.isTTY !== true) return { show: (text) => this.print(text), end: () => {} };
    const columns = Math.max(20, (stdout.columns ?? 80) - 1);
    return {
      show: (text) => void stdout.write(`\r\u001b[K${displayName(text).slice(0, columns)}`),
      end: () => void stdout.write("\n"),
    };
  }

  /** Something odd that does not stop the command. */
  warn(text: string): void {
    this.emit("warning", { message: text });
    if (this.json) return;
    this.#progress.clear();
    this.#options.stderr.write(`${this.colors.yellow("Warning:")} ${displayName(text)}\n`);
  }

  /** One event for programs; nothing without `--json`. */
  emit(type: string, fields: Readonly<Record<string, Json>> = {}): void {
    if (!this.json) return;
    this.#options.stdout.write(eventLine(type, fields));
  }

  /**
   * When stdout takes more, or is gone: a long list does not pile up in front of a slow reader.
   *
   * @throws {SnapError} `interrupted` when the signal fires: a reader that never goes on keeps nobody from ending
   */
  async flushed(signal?: AbortSignal): Promise<void> {
    const { stdout } = this.#options;
    throwIfAborted(signal);
    if (stdout.writableNeedDrain !== true) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        for (const event of flushEvents) stdout.off(event, end);
        signal?.removeEventListener("abort", end);
        resolve();
      };
      for (const event of flushEvents) stdout.on(event, end);
      signal?.addEventListener("abort", end);
    });
    throwIfAborted(signal);
  }

  /** Progress of long work: a line on stderr, or an event for programs that want it. */
  progress(progress: Progress): void {
    if (this.json) this.#tellProgress(progress);
    else if (!this.#options.quiet) this.#progress.show(progress);
  }

  #tellProgress(progress: Progress): void {
    if (!this.#options.progress) return;
    const fields = this.#progressEvents.next(progress);
    if (fields !== undefined) this.emit("progress", fields);
  }

  /** Of the work that begins now each step stays to be seen, with its items, bytes and time. */
  listSteps(): void {
    this.#progress.listSteps();
  }

  /** What went wrong: what happened, where, what to do next (no stack trace without `--verbose`). */
  error(error: SnapError): void {
    this.#progress.clear();
    this.emit("error", {
      code: error.code,
      message: error.message,
      hint: error.hint,
      path: error.path,
    });
    if (this.json) return;
    const { stderr, verbose } = this.#options;
    stderr.write(`${this.colors.red("Error:")} ${messageText(error)}\n`);
    if (error.hint !== undefined) stderr.write(`${displayName(error.hint)}\n`);
    if (verbose) stderr.write(`${escapeText(traceOf(error))}\n`);
  }

  /** The last event of every command. */
  result(command: string, exit: ExitCode, fields: Readonly<Record<string, Json>>): void {
    this.#progress.clear();
    this.emit("result", { command, ...fields, exit });
  }
}

/** A message is one line, so that a line feed in it came from a name; what the guard says has lines, and escapes names itself. */
function messageText({ code, message }: SnapError): string {
  const hasLines = code === "repository-found" || code === "repository-damaged";
  return hasLines ? escapeText(message) : displayName(message);
}

function traceOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\nCaused by: ${traceOf(error.cause)}` : "";
  return `${error.stack ?? error.message}${cause}`;
}
