import fs from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lookAtIndex, openIndex } from "../../src/state/database.ts";
import { TestClock } from "../support/test-clock.ts";
import { World } from "../support/world.ts";

const golden = (name: "schema" | "rows"): string =>
  fs.readFileSync(path.join(import.meta.dirname, `../../fixtures/index/1/${name}.sql`), "utf8");

const clock = new TestClock();
let folder: string;
let file: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(tmpdir(), "snap-state-"));
  file = path.join(folder, "index.db");
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

function makeGolden(): void {
  using raw = new DatabaseSync(file);
  raw.exec("PRAGMA journal_mode = WAL");
  raw.exec(golden("schema"));
  raw.exec(golden("rows"));
}

const tablesOf = (database: DatabaseSync): readonly string[] =>
  database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    .all()
    .map(({ name }) => String(name));

/**
 * Every cell of the tables of schema 1, except what a start writes, and the facts that step 2 drops: the server is listed and
 * all rows are judged once more, since schema 1 kept nothing of what is held or refused there (G20, X1).
 */
function cells(tables: readonly string[]): unknown {
  using raw = new DatabaseSync(file, { readOnly: true });
  return tables.map((table) => {
    const where =
      table === "meta" ? " WHERE key NOT IN ('stopped_cleanly', 'cursor', 'rules_digest')" : "";
    return [table, raw.prepare(`SELECT * FROM ${table}${where}`).all()];
  });
}

test("S13: an index of schema 1 keeps every row, and every node of it is looked at again", () => {
  makeGolden();
  using raw = new DatabaseSync(file);
  // What an upload session keeps is written in another way since: see below.
  const tables = tablesOf(raw).filter((table) => table !== "upload");
  raw.close();
  expect(tables).toHaveLength(12);
  const before = cells(tables);
  const open = openIndex(file, { clock });
  expect([open.fresh, open.movedAside]).toEqual([false, undefined]);
  expect(open.index.dirty(0, 99)).toEqual([1, 2, 3, 4, 5]);
  expect(open.index.meta("cursor")).toBeUndefined();
  open.close();
  expect(cells(tables)).toEqual(before);
});

test("S13: what was read of it by the older version reads the same", () => {
  makeGolden();
  using open = openIndex(file, { clock });
  const { index, journal } = open;
  expect(index.synced.get(2)).toMatchObject({
    name: "Straße.txt",
    localName: "straße.txt",
    size: 2 ** 53 - 1,
  });
  expect(index.local.get(5)).toMatchObject({ hash: undefined, trusted: false });
  expect(index.remote.get(3)?.scope).toBe("ignored");
  expect(index.history(2).map(({ rev }) => rev)).toEqual(["r2", "r1"]);
  expect(index.intents()).toHaveLength(1);
  expect(index.parked()).toHaveLength(1);
  expect(index.upload(5)).toEqual({
    node: 5,
    session: "session",
    kind: "sequential",
    stamp: "4 1 2",
    startedAt: 0,
    acknowledged: [{ from: 0, to: 8_388_608 }],
  });
  expect(journal.items("r1").map(({ rev }) => rev)).toEqual([undefined, "r1"]);
  expect(index.transaction(() => index.newNode())).toBe(6);
});

test("S13: killed in its middle, an upgrade has not begun", () => {
  makeGolden();
  using raw = new DatabaseSync(file);
  // The last statement of the step fails: a table of that name is there.
  raw.exec("CREATE TABLE listed (x TEXT)");
  expect(() => openIndex(file, { clock })).toThrow(/listed/);
  expect(raw.prepare("PRAGMA user_version").get()).toMatchObject({ user_version: 1 });
  expect(tablesOf(raw)).not.toContain("dirty");
  raw.exec("DROP TABLE listed");
  raw.close();
  using open = openIndex(file, { clock });
  expect(open.index.dirtyCount()).toBe(5);
});

test("S13: an index that needs an upgrade is not shown before it, and not changed by looking", () => {
  makeGolden();
  expect(lookAtIndex(file)).toBeUndefined();
});

/** The index of a world, as the older version would have written it. */
function downgrade(index: string): void {
  const older = `${index}.older`;
  {
    using raw = new DatabaseSync(older);
    raw.exec(golden("schema"));
    raw.exec(`DELETE FROM node_counter; ATTACH '${index}' AS now`);
    for (const table of tablesOf(raw)) {
      // No upload is under way.
      if (table === "upload") continue;
      const columns = raw.prepare(`PRAGMA main.table_info(${table})`).all();
      const list = columns.map(({ name }) => String(name)).join(", ");
      raw.exec(`INSERT INTO main.${table} (${list}) SELECT ${list} FROM now.${table}`);
    }
    raw.exec("DETACH now");
  }
  fs.renameSync(older, index);
}

test("S13: the first sync after an upgrade moves nothing in a quiet world, and what comes then moves as ever", async () => {
  await using world = await World.synced("a: 1\nb: 2\nd/c: 3\ne/");
  world.local.write("a", "edited");
  await world.sync();
  const before = world.local.picture();
  world.whileStopped(() => downgrade(world.indexFile));
  world.wire.forget();
  const report = await world.syncOnce();
  expect([report.exit, world.wire.writes(), world.wire.transfers()]).toEqual([
    0,
    [],
    { uploads: 0, downloads: 0 },
  ]);
  expect(world.local.picture()).toBe(before);
  world.local.move("d/c", "c");
  await world.remote.remove("b");
  await world.sync();
  expect(await world.both()).toBe("a: edited\nc: 3\nd/\ne/");
  await world.assertAlways();
});
