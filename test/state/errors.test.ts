import { expect, test } from "vitest";
import { fromSqlite } from "../../src/state/errors.ts";

/** As `node:sqlite` throws it. */
function thrown(errcode: number): Error {
  return Object.assign(new Error("from SQLite"), { code: "ERR_SQLITE_ERROR", errcode });
}

test.each([
  ["SQLITE_PERM", 3, "disk-error", 7],
  ["SQLITE_BUSY", 5, "busy", 6],
  ["SQLITE_BUSY_SNAPSHOT", 5 + 2 * 256, "busy", 6],
  ["SQLITE_LOCKED", 6, "busy", 6],
  ["SQLITE_NOMEM", 7, "disk-error", 7],
  ["SQLITE_IOERR_NOMEM", 10 + 12 * 256, "disk-error", 7],
  ["SQLITE_READONLY", 8, "disk-read-only", 7],
  ["SQLITE_IOERR", 10, "disk-error", 7],
  ["SQLITE_CORRUPT", 11, "damaged", 5],
  ["SQLITE_CORRUPT_VTAB", 11 + 256, "damaged", 5],
  ["SQLITE_FULL", 13, "disk-full", 7],
  ["SQLITE_CANTOPEN", 14, "disk-error", 7],
  ["SQLITE_PROTOCOL", 15, "busy", 6],
  ["SQLITE_NOTADB", 26, "damaged", 5],
])("S83: %s is classified where it comes in", (...[, errcode, code, exit]) => {
  const cause = thrown(errcode);
  expect(fromSqlite(cause, "index.db")).toMatchObject({ code, exit, path: "index.db", cause });
});

test("S83: trouble with memory is not told as trouble with the folder", () => {
  expect(fromSqlite(thrown(7), "index.db")).toMatchObject({
    message: 'There is not enough memory for the file: "index.db" (from SQLite)',
    hint: expect.stringContaining("more memory") as string,
  });
});

test.each([
  ["SQLITE_MISUSE", 21],
  ["SQLITE_CONSTRAINT_UNIQUE", 19 + 8 * 256],
])("a mistake of ours stays what it is: %s", (_, errcode) => {
  const mistake = thrown(errcode);
  expect(fromSqlite(mistake, "index.db")).toBe(mistake);
});
