import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { seededRng } from "../../src/std/random.ts";
import { openDatabase } from "../../src/server/store/database.ts";
import type { Database } from "../../src/server/store/database.ts";
import { hasSeen, sightNow } from "../../src/server/store/incarnations.ts";
import { formatVersion, migrations } from "../../src/server/store/tables.ts";

const keep = "INSERT INTO meta (name, value) VALUES (?, ?)";

test("V11: writes that are asked for together share one commit, and a failed one takes none with it", async () => {
  const database = openDatabase(":memory:", seededRng(1));
  const seen: number[] = [];
  const count = (): void => {
    seen.push(database.all("SELECT 1 FROM meta WHERE name LIKE 'w%'").length);
  };
  const writes = [
    database.write(() => (database.run(keep, "w1", "a"), count())),
    database.write(() => {
      database.run(keep, "w2", "b");
      throw new Error("refused");
    }),
    database.write(() => (database.run(keep, "w3", "c"), count())),
  ];
  expect((await Promise.allSettled(writes)).map(({ status }) => status)).toEqual([
    "fulfilled",
    "rejected",
    "fulfilled",
  ]);
  expect(seen).toEqual([1, 2]);
  expect(database.all("SELECT name FROM meta WHERE name LIKE 'w%' ORDER BY name")).toEqual([
    { name: "w1" },
    { name: "w3" },
  ]);
  database.close();
});

test("V37: where the shared commit finds the disk full, each write is tried alone", async () => {
  const database = openDatabase(":memory:", seededRng(1));
  const pages = Number(database.first("PRAGMA page_count")?.["page_count"]);
  database.first(`PRAGMA max_page_count = ${pages + 4}`);
  const small = (name: string) => database.write(() => database.run(keep, name, "a"));
  const large = database.write(() => database.run(keep, "large", "a".repeat(1_000_000)));
  const outcomes = await Promise.allSettled([small("w1"), large, small("w2")]);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(outcomes[1]).toMatchObject({ reason: { error: { ".tag": "insufficient_space" } } });
  expect(database.all("SELECT 1 FROM meta WHERE name LIKE 'w%'")).toHaveLength(2);
  database.close();
});

test("V14: a database of the first format is brought to this one, with all that is in it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "snap-server-"));
  const file = join(folder, "server.sqlite");
  const old = new DatabaseSync(file);
  old.exec(migrations[0] ?? "");
  old.exec("INSERT INTO accounts (id, name, email, namespace) VALUES ('dbid:a', 'A', 'a@b.c', 7)");
  old.exec("PRAGMA user_version = 1");
  old.close();
  const database = openDatabase(file, seededRng(1));
  expect(database.first("SELECT id, epoch FROM accounts")).toEqual({ id: "dbid:a", epoch: 0 });
  expect(database.all("SELECT * FROM apps")).toEqual([]);
  expect(database.first("PRAGMA user_version")).toEqual({ user_version: formatVersion });
  database.close();
  await rm(folder, { recursive: true });
});

test("V31: an opening that only reads writes nothing, and one that writes is marked once, whatever fails", async () => {
  const folder = await mkdtemp(join(tmpdir(), "snap-server-"));
  const file = join(folder, "server.sqlite");
  const marks = (database: Database) => database.all("SELECT start FROM incarnations").length;
  const made = openDatabase(file, seededRng(1));
  made.transaction(() => made.run(keep, "w0", "a"));
  expect(marks(made), "it made the database").toBe(0);
  made.close();
  const database = openDatabase(file, seededRng(2));
  const early = sightNow(database);
  expect(early).toEqual({ incarnation: "", seen: 0 });
  expect(marks(database)).toBe(0);
  const refuse = (): never => {
    throw new Error("refused");
  };
  expect(() => database.transaction(refuse)).toThrow("refused");
  expect(marks(database)).toBe(0);
  const writes = [database.write(refuse), database.write(() => database.run(keep, "w1", "a"))];
  expect((await Promise.allSettled(writes)).map(({ status }) => status)).toEqual([
    "rejected",
    "fulfilled",
  ]);
  database.transaction(() => database.run(keep, "w2", "a"));
  expect(marks(database)).toBe(1);
  expect(sightNow(database).incarnation).not.toBe(early.incarnation);
  expect(hasSeen(database, early), "before this opening wrote").toBe(true);
  expect(hasSeen(database, { ...early, seen: 1 }), "behind where it began").toBe(false);
  expect(hasSeen(database, { ...early, incarnation: "lost" })).toBe(false);
  database.close();
  await rm(folder, { recursive: true });
});
