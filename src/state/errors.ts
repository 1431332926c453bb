import { describeError, SnapError, systemCode, type ErrorCode } from "../std/error.ts";

/** Primary result codes of SQLite (https://www.sqlite.org/rescode.html) that a user can do something about. */
const codes: ReadonlyMap<number, ErrorCode> = new Map([
  [5, "busy"],
  [6, "busy"],
  [8, "disk-read-only"],
  [10, "disk-error"],
  [11, "damaged"],
  [13, "disk-full"],
  [14, "disk-error"],
  [26, "damaged"],
]);

const systemCodes: ReadonlyMap<string, ErrorCode> = new Map([
  ["ENOSPC", "disk-full"],
  ["EDQUOT", "disk-full"],
  ["EROFS", "disk-read-only"],
]);

type Told = { readonly message: string; readonly hint: string };

const told: Partial<Record<ErrorCode, Told>> = {
  busy: {
    message: "Another process is using the file",
    hint: "Wait until the other snap command has ended, then try again.",
  },
  "disk-read-only": {
    message: "The file cannot be written: it or its disk is read-only",
    hint: "Make the folder writable, then try again.",
  },
  "disk-error": {
    message: "The file cannot be read or written",
    hint: "Check that the folder exists and belongs to you, and that the disk is sound.",
  },
  damaged: { message: "The file is damaged", hint: "Run the same command again: it starts anew." },
  "disk-full": {
    message: "The disk is full",
    hint: "Make room on the disk, then try again: nothing was lost.",
  },
};

/** What `node:sqlite` threw, as ours; its errors all have one code, so the number tells them apart. */
export function fromSqlite(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !("errcode" in error)) return fromSystem(error, path);
  // The upper bytes only refine the primary code: 517 is one kind of 5.
  const primary = typeof error.errcode === "number" ? error.errcode & 0xff : 0;
  return known(codes.get(primary), error, path) ?? error;
}

/** What a file call threw on a file of the state folder, as ours. */
export function fromSystem(error: unknown, path: string): unknown {
  const code = systemCode(error);
  if (code === undefined || !code.startsWith("E") || code.startsWith("ERR_")) return error;
  return known(systemCodes.get(code) ?? "disk-error", error, path) ?? error;
}

function known(code: ErrorCode | undefined, cause: unknown, path: string): SnapError | undefined {
  const text = code === undefined ? undefined : told[code];
  if (code === undefined || text === undefined) return undefined;
  const message = `${text.message}: "${path}" (${describeError(cause)})`;
  return new SnapError(code, message, { hint: text.hint, path, cause });
}
