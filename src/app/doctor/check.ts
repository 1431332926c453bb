import { SnapError, type ErrorCode, type ExitCode } from "../../std/error.ts";

/** What is looked at: of the installation first, then of each workspace. */
export type CheckName =
  | "settings"
  | "home"
  | "proxy"
  | "login"
  | "server"
  | "clock"
  | "store"
  | "background"
  | "autostart"
  | "inotify"
  | "folder"
  | "space"
  | "index"
  | "lock"
  | "sync"
  | "held"
  | "left"
  | "watch";

/** What a look at one thing has shown. */
export type Check = {
  readonly name: CheckName;
  /** The folder of the workspace that it is about; undefined for the installation as a whole. */
  readonly workspace?: string;
  /** `warning`: it works, and somebody should know. `problem`: something does not work before it is put right. */
  readonly state: "ok" | "warning" | "problem";
  /** A sentence without final period. */
  readonly text: string;
  /** What to do. */
  readonly hint?: string;
  /** Of a problem. */
  readonly code?: ErrorCode;
  /** Bytes that are free on the disk in question. */
  readonly freeBytes?: number;
  /** ms since 1970. */
  readonly lastSyncedAt?: number;
};

/** Numbers that go with a check. */
export type CheckFacts = Pick<Check, "freeBytes" | "lastSyncedAt">;

/** All is as it should be. */
export function ok(name: CheckName, text: string, facts: CheckFacts = {}): Check {
  return { name, state: "ok", text, ...facts };
}

/** Something to know, with what to do about it. */
export function warning(
  name: CheckName,
  said: { readonly text: string; readonly hint: string },
  facts: CheckFacts = {},
): Check {
  return { name, state: "warning", ...said, ...facts };
}

/** Something that does not work, as the error that a command would end with. */
export function problem(name: CheckName, error: SnapError, facts: CheckFacts = {}): Check {
  const { code, message: text, hint } = error;
  return { name, state: "problem", text, code, ...(hint === undefined ? {} : { hint }), ...facts };
}

/** What a look shows, where a foreseen failure of the look itself is a problem, too. */
export async function checked(name: CheckName, look: () => Check | Promise<Check>): Promise<Check> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof SnapError && error.code !== "interrupted") return problem(name, error);
    throw error;
  }
}

/** Exit codes of problems, the worst first: damage, what is unavailable, the configuration, and so on. */
const worstFirst: readonly ExitCode[] = [5, 7, 2, 3, 6, 4, 1];

/** The exit code of the worst problem; 0 where there is none, whatever was warned of. */
export function exitOfChecks(checks: readonly Check[]): ExitCode {
  const exits = new Set(
    checks.flatMap(({ code, text }) =>
      code === undefined ? [] : [new SnapError(code, text).exit],
    ),
  );
  return worstFirst.find((exit) => exits.has(exit)) ?? 0;
}
