import { describeError, SnapError, systemCode, type ErrorCode } from "../std/error.ts";

/** Primary result codes of SQLite (https://www.sqlite.org/rescode.html) that a user can do something about. */
const codes: ReadonlyMap<number, Trouble> = new Map([
  // SQLITE_PERM
  [3, "disk-error"],
  // SQLITE_BUSY
  [5, "busy"],
  // SQLITE_LOCKED
  [6, "busy"],
  // SQLITE_NOMEM
  [7, "no-memory"],
  // SQLITE_READONLY
  [8, "disk-read-only"],
  // SQLITE_IOERR
  [10, "disk-error"],
  // SQLITE_CORRUPT
  [11, "damaged"],
  // SQLITE_FULL
  [13, "disk-full"],
  // SQLITE_CANTOPEN
  [14, "disk-error"],
  // SQLITE_PROTOCOL: the race for the lock was lost again and again
  [15, "busy"],
  // SQLITE_NOTADB
  [26, "damaged"],
]);

const systemCodes: ReadonlyMap<string, Trouble> = new Map([
  ["ENOSPC", "disk-full"],
  ["EDQUOT", "disk-full"],
  ["EROFS", "disk-read-only"],
]);

/** What can be the matter with a file of ours; all but the last are codes of the catalogue. */
type Trouble =
  | Extract<ErrorCode, "busy" | "disk-read-only" | "disk-error" | "damaged" | "disk-full">
  | "no-memory";

type Told = { readonly message: string; readonly hint: string };

const told: Readonly<Record<Trouble, Told>> = {
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
    hint: "Check that the folder exists and belongs to you, and that the disk is sound and not read-only.",
  },
  damaged: { message: "The file is damaged", hint: "Run the same command again: it starts anew." },
  "disk-full": {
    message: "The disk is full",
    hint: "Make room on the disk, then try again: nothing was lost.",
  },
  "no-memory": {
    message: "There is not enough memory for the file",
    hint: "End other programs, or give this one more memory, then try again: nothing was lost.",
  },
};

/** What `node:sqlite` threw, as ours; its errors all have one code, so the number tells them apart. */
export function fromSqlite(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !("errcode" in error)) return fromSystem(error, path);
  // The upper bytes only refine the primary code: 517 is one kind of 5.
  const primary = typeof error.errcode === "number" ? error.errcode & 0xff : 0;
  const trouble = codes.get(primary);
  return trouble === undefined ? error : known(trouble, error, path);
}

/** What a file call threw on a file of the state folder, as ours. */
export function fromSystem(error: unknown, path: string): unknown {
  const code = systemCode(error);
  if (code === undefined || !code.startsWith("E") || code.startsWith("ERR_")) return error;
  return known(systemCodes.get(code) ?? "disk-error", error, path);
}

function known(trouble: Trouble, cause: unknown, path: string): SnapError {
  const { message, hint } = told[trouble];
  const code = trouble === "no-memory" ? "disk-error" : trouble;
  return new SnapError(code, `${message}: "${path}" (${describeError(cause)})`, {
    hint,
    path,
    cause,
  });
}
