import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Connection } from "../../src/state/connection.ts";
import { fromSystem } from "../../src/state/errors.ts";
import { integer } from "../../src/state/row.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "snap-connection-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A table in a file that may have only so many pages. */
function small(): Connection {
  const connection = new Connection(join(folder, "small.db"));
  connection.execute("CREATE TABLE rows (text TEXT) STRICT; PRAGMA max_page_count = 8");
  return connection;
}

const count = (connection: Connection): number | undefined =>
  connection.prepare("SELECT count(*) AS count FROM rows").get((row) => integer(row, "count"));

test("a full disk is told, the last commit stays, and nothing is written alone afterwards", () => {
  using connection = small();
  const insert = connection.prepare("INSERT INTO rows VALUES (?)");
  connection.transaction(() => insert.run("kept"));
  const fill = (): void =>
    connection.transaction(() => {
      insert.run("lost");
      for (let number = 0; number < 100; number += 1) insert.run("x".repeat(4_000));
    });
  expect(fill).toThrow(expect.objectContaining({ code: "disk-full", exit: 7 }) as Error);
  expect(count(connection)).toBe(1);
  // SQLite has rolled back by itself: a caller that goes on would write outside of any transaction.
  const goOn = (): void =>
    connection.transaction(() => {
      expect(() => {
        for (let number = 0; number < 100; number += 1) insert.run("x".repeat(4_000));
      }).toThrow();
      insert.run("alone");
    });
  expect(goOn).toThrow(expect.objectContaining({ code: "disk-error" }) as Error);
  expect(count(connection)).toBe(1);
  connection.transaction(() => insert.run("room"));
  expect(count(connection)).toBe(2);
});

test("S9: a file is in WAL mode and synced in full", () => {
  using connection = small();
  expect([connection.pragma("journal_mode"), connection.pragma("synchronous")]).toEqual(["wal", 2]);
});

test("S57: what saves work only does not wait for the disk; whatever comes next does again", () => {
  using connection = small();
  const insert = connection.prepare("INSERT INTO rows VALUES (?)");
  const level = (): unknown => connection.pragma("synchronous");
  connection.briefTransaction(() => insert.run("a"));
  expect([count(connection), level()]).toEqual([1, 2]);
  const failing = (): void =>
    connection.briefTransaction(() => {
      insert.run("lost");
      throw new Error("no");
    });
  expect(failing).toThrow("no");
  expect([count(connection), level()]).toEqual([1, 2]);
  connection.transaction(() => {
    insert.run("b");
    connection.briefTransaction(() => insert.run("c"));
  });
  expect([count(connection), level()]).toEqual([3, 2]);
});

test("file errors have our codes, and other errors stay what they are", () => {
  const of = (code: string): unknown => fromSystem(Object.assign(new Error("x"), { code }), "/p");
  expect(of("ENOSPC")).toMatchObject({ code: "disk-full", path: "/p" });
  expect(of("EDQUOT")).toMatchObject({ code: "disk-full" });
  expect(of("EROFS")).toMatchObject({ code: "disk-read-only" });
  expect(of("EACCES")).toMatchObject({ code: "disk-error" });
  expect(of("ERR_INVALID_ARG_TYPE")).not.toHaveProperty("exit");
});
