/**
 * @module std/error — the one kind of error that users see.
 *
 * Every foreseen failure is a `SnapError` with a code from the catalogue below. The code decides the
 * exit code of the program and whether trying again can help; the message says what happened, the hint
 * what to do next. Foreign errors become a `SnapError` in exactly one file per adapter.
 */

/** Exit codes of every command; the README lists them. */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 130;

/**
 * What to do about a failed operation: `transient`, again soon; `item`, leave this item aside and go on with
 * the others; `systemic`, stop writing, the user has to act.
 */
export type ErrorClass = "transient" | "item" | "systemic";

type CodeFacts = { readonly exit: ExitCode; readonly class: ErrorClass };

const systemic = (exit: ExitCode): CodeFacts => ({ exit, class: "systemic" });
const item: CodeFacts = { exit: 4, class: "item" };
const transient: CodeFacts = { exit: 7, class: "transient" };

/** Stable names of everything that can go wrong; programs read them in `--json`. */
export type ErrorCode =
  | UsageCode
  | RefusedCode
  | "damaged"
  | "repository-damaged"
  | "busy"
  | UnavailableCode
  | "offline"
  | "throttled"
  | "server-error"
  | ItemCode
  | "interrupted"
  | "unexpected";

type UsageCode =
  | "usage"
  | "settings-invalid"
  | "store-inside-workspace"
  | "workspace-nested"
  | "version-too-new"
  | "path-invalid"
  | "path-missing"
  | "snapshot-not-found"
  | "snapshot-ambiguous";

/** Nothing was changed; the user decides. */
type RefusedCode =
  | "refused"
  | "repository-found"
  | "consent-needed"
  | "plan-drifted"
  | "rolled-back";

type UnavailableCode =
  | "not-logged-in"
  | "login-revoked"
  | "account-changed"
  | "workspace-missing"
  | "remote-missing"
  | "disk-full"
  | "disk-read-only"
  | "disk-error"
  | "daemon-off";

/** Trouble with one file or folder. */
type ItemCode =
  | "not-found"
  | "conflict"
  | "name-refused"
  | "permission-denied"
  | "quota-exceeded"
  | "content-restricted"
  | "content-wrong"
  | "volatile"
  | "too-large"
  | "place-taken"
  | "remote-error";

const catalogue: Readonly<Record<ErrorCode, CodeFacts>> = {
  usage: systemic(2),
  "settings-invalid": systemic(2),
  "store-inside-workspace": systemic(2),
  "workspace-nested": systemic(2),
  "version-too-new": systemic(2),
  "path-invalid": systemic(2),
  "path-missing": systemic(2),
  "snapshot-not-found": systemic(2),
  "snapshot-ambiguous": systemic(2),
  refused: systemic(3),
  "repository-found": systemic(3),
  "consent-needed": systemic(3),
  "plan-drifted": systemic(3),
  "rolled-back": systemic(3),
  damaged: systemic(5),
  "repository-damaged": systemic(5),
  busy: systemic(6),
  "not-logged-in": systemic(7),
  "login-revoked": systemic(7),
  "account-changed": systemic(7),
  "workspace-missing": systemic(7),
  "remote-missing": systemic(7),
  "disk-full": systemic(7),
  "disk-read-only": systemic(7),
  "disk-error": systemic(7),
  "daemon-off": systemic(7),
  offline: transient,
  throttled: transient,
  "server-error": transient,
  "not-found": item,
  conflict: item,
  "name-refused": item,
  "permission-denied": item,
  "quota-exceeded": item,
  "content-restricted": item,
  "content-wrong": item,
  volatile: item,
  "too-large": item,
  "place-taken": item,
  "remote-error": item,
  interrupted: systemic(130),
  unexpected: systemic(1),
};

/** Whether a text, from another process of this program, is a code of the catalogue. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(catalogue, text);
}

/** What an error may carry beside its message. */
export type ErrorFacts = {
  /** What the user can do next: a sentence, or a command line. */
  readonly hint?: string;
  /** The path, or other name, that the error is about. */
  readonly path?: string;
  readonly cause?: unknown;
  /** Seconds to wait before trying again, where the server said so. */
  readonly retryAfterSeconds?: number;
};

/** A foreseen failure. The message is a sentence without final period, names in quotes. */
export class SnapError extends Error {
  override readonly name = "SnapError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly path: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.hint = facts.hint;
    this.path = facts.path;
    this.retryAfterSeconds = facts.retryAfterSeconds;
  }

  get exit(): ExitCode {
    return catalogue[this.code].exit;
  }

  get class(): ErrorClass {
    return catalogue[this.code].class;
  }
}

/** Whether an unknown thrown value is a `SnapError`, of the given code if one is named. */
export function isSnapError(error: unknown, ...codes: readonly ErrorCode[]): error is SnapError {
  return error instanceof SnapError && (codes.length === 0 || codes.includes(error.code));
}

/** The `code` of a Node error (`ENOENT`, …), or undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** One line about any thrown value, for logs and for `cause` texts. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** @throws {SnapError} `interrupted` when the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new SnapError("interrupted", "Interrupted", {
      hint: "Run the same command again: it goes on where it stopped.",
    });
  }
}
