import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { displayName } from "../core/path/names.ts";
import { redact } from "../core/redact.ts";
import { describeError, SnapError, systemCode } from "../std/error.ts";
import type { LogFacts, Logger } from "../std/log.ts";
import type { Clock } from "../std/time.ts";

/** A file of the log is put aside when it has this size, bytes. */
const logBytesMax = 5 * 1024 * 1024;

/** Files of the log, the one that is written included. */
export const logFilesMax = 5;

/** Characters of one line; the rest of a longer one is cut off. */
const lineLengthMax = 16 * 1024;

/** The file that is written now. */
export function logPath(folder: string): string {
  return join(folder, "snap.log");
}

/** A log that is written until it is closed. */
export interface LogFile extends Logger, Disposable {}

/** How a log is written. */
export type LogOptions = {
  readonly clock: Clock;
  /** Whether details are wanted. */
  readonly isDebug?: boolean;
  /** Another process puts full files aside: this one opens the file for each line, and leaves it where it is. */
  readonly isGuest?: boolean;
  /** Bytes of one file, for tests. */
  readonly bytesMax?: number;
};

/**
 * Append to the log of a folder, 0600: one line an entry, without secrets (X15), and with everything escaped that could move a
 * cursor or make a second line (X16). Five files are kept. Where it cannot be written, as on a full disk, lines are lost and
 * nothing else.
 *
 * Several processes may append; only one of them at a time puts files aside that are full, which is the daemon's worker.
 */
export function openLog(folder: string, options: LogOptions): LogFile {
  return new RotatedLog(logPath(folder), options);
}

class RotatedLog implements LogFile {
  readonly #path: string;
  readonly #options: LogOptions;
  #file: number | undefined;
  #sizeBytes = 0;

  constructor(path: string, options: LogOptions) {
    this.#path = path;
    this.#options = options;
  }

  error(message: string, facts?: LogFacts): void {
    this.#write("error", message, facts);
  }

  info(message: string, facts?: LogFacts): void {
    this.#write("info", message, facts);
  }

  debug(message: string, facts?: LogFacts): void {
    if (this.#options.isDebug === true) this.#write("debug", message, facts);
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #write(level: string, message: string, facts: LogFacts = {}): void {
    const at = new Date(this.#options.clock.now()).toISOString();
    const line = Buffer.from(`${at} ${level.padEnd(5)} ${lineOf(message, facts)}\n`);
    try {
      this.#makeRoom(line.length);
      this.#file ??= this.#open();
      writeSync(this.#file, line);
      this.#sizeBytes += line.length;
      if (this.#options.isGuest === true) this[Symbol.dispose]();
    } catch {
      // There is nowhere to say that nothing can be said; the file is opened anew for the next line.
      this[Symbol.dispose]();
    }
  }

  #open(): number {
    const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW } = constants;
    const file = openSync(this.#path, O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW, 0o600);
    this.#sizeBytes = fstatSync(file).size;
    return file;
  }

  #makeRoom(bytes: number): void {
    this.#file ??= this.#open();
    const { bytesMax = logBytesMax, isGuest = false } = this.#options;
    if (isGuest || this.#sizeBytes === 0 || this.#sizeBytes + bytes <= bytesMax) return;
    this[Symbol.dispose]();
    rmSync(numbered(this.#path, logFilesMax - 1), { force: true });
    for (let number = logFilesMax - 2; number >= 0; number -= 1) {
      const from = numbered(this.#path, number);
      if (lstatSync(from, { throwIfNoEntry: false }) !== undefined) {
        renameSync(from, numbered(this.#path, number + 1));
      }
    }
  }
}

/** `snap.log`, and behind it `snap.log.1` to `snap.log.4`, the oldest. */
export function numbered(path: string, number: number): string {
  return number === 0 ? path : `${path}.${number}`;
}

/** What kept a file of the log from being opened, for who cannot do without it; any other error as it is. */
export function logTrouble(error: unknown, path: string): unknown {
  if (systemCode(error) === undefined) return error;
  return new SnapError(
    "disk-error",
    `The log cannot be read or written: "${path}" (${describeError(error)})`,
    {
      path,
      cause: error,
      hint: "Check that it is a file of yours, and that its disk has room and is not read-only.",
    },
  );
}

function lineOf(message: string, facts: LogFacts): string {
  const told = Object.entries(facts)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === "string" ? quoted(value) : value}`);
  const line = displayName(redact([message, ...told].join(" ")));
  return line.length <= lineLengthMax ? line : `${line.slice(0, lineLengthMax)}…`;
}

/** Quotes only where the end of a value could not be told. */
function quoted(value: string): string {
  return /^[\w.:/@+-]+$/u.test(value) ? value : JSON.stringify(value);
}
