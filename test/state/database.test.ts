import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lookAtIndex, openIndex, type OpenIndex } from "../../src/state/database.ts";
import { SnapError } from "../../src/std/error.ts";
import { TestClock } from "../support/test-clock.ts";

const clock = new TestClock(Date.UTC(2026, 10, 21, 17, 50, 42));
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "snap-state-"));
  path = join(folder, "index.db");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const note = (open: OpenIndex, value: string): void =>
  open.index.transaction(() => open.index.setMeta("cursor", value));

/** As a killed process leaves it: the file with its log, never closed. */
function kill(open: OpenIndex): void {
  const copies = ["", "-wal"].map(
    (suffix) => [path + suffix, readFileSync(path + suffix)] as const,
  );
  open.close();
  rmSync(`${path}-shm`, { force: true });
  for (const [name, bytes] of copies) writeFileSync(name, bytes);
}

test("S9: the file is in WAL mode with full sync, and its code is not trusted", () => {
  using open = openIndex(path, { clock });
  expect(open.fresh).toBe(true);
  using other = new DatabaseSync(path);
  expect({ ...other.prepare("PRAGMA journal_mode").get() }).toEqual({ journal_mode: "wal" });
});

test("S10: the file and its log can be read by nobody else", () => {
  using open = openIndex(path, { clock });
  note(open, "c");
  const modes = ["", "-wal", "-shm"].map((suffix) => statSync(path + suffix).mode & 0o777);
  expect(modes).toEqual([0o600, 0o600, 0o600]);
});

test("what was committed is there after a clean stop and after a kill", () => {
  const first = openIndex(path, { clock });
  note(first, "one");
  first.close();
  const second = openIndex(path, { clock });
  expect([second.fresh, second.index.meta("cursor")]).toEqual([false, "one"]);
  note(second, "two");
  kill(second);
  using third = openIndex(path, { clock });
  expect([third.movedAside, third.index.meta("cursor")]).toEqual([undefined, "two"]);
});

test("S11: a clean stop is noted, and only while nothing runs", () => {
  const open = openIndex(path, { clock });
  expect(open.index.meta("stopped_cleanly")).toBeUndefined();
  open.close();
  open.close();
  using look = lookAtIndex(path);
  expect(look?.index.meta("stopped_cleanly")).toBe("1");
});

test("S7: the history of a file does not grow for ever on the disk", () => {
  const open = openIndex(path, { clock });
  open.index.transaction(() => {
    for (let count = 0; count < 40; count += 1) open.index.addHistory(1, `rev${count}`, "h");
  });
  open.close();
  using raw = new DatabaseSync(path);
  expect({ ...raw.prepare("SELECT count(*) AS count FROM history").get() }).toEqual({ count: 16 });
});

test("S7: lines of the op log go after 90 days", () => {
  const day = 24 * 3_600_000;
  const line = { cycle: 1, op: "", kind: "", path: "", before: "", after: "", outcome: "" };
  const open = openIndex(path, { clock });
  open.index.transaction(() => {
    for (const age of [91, 89]) open.index.log({ ...line, at: clock.now() - age * day });
  });
  open.close();
  using again = openIndex(path, { clock });
  expect(again.index.logged(9).map((row) => row.at)).toEqual([clock.now() - 89 * day]);
});

test("S77: a file that is no database is moved aside with its name told, and an empty index is open", () => {
  writeFileSync(path, "this is not a database, it only lies where one should".repeat(100));
  using open = openIndex(path, { clock });
  expect(open.movedAside).toBe(`${path}.damaged-2026-11-21T175042Z`);
  expect(readFileSync(open.movedAside ?? "", "utf8")).toContain("not a database");
  expect([open.fresh, open.index.synced.count()]).toEqual([true, 0]);
});

test("S77: a second damaged index gets a name of its own", () => {
  for (const number of [1, 2]) {
    writeFileSync(path, `damaged ${number} `.repeat(200));
    openIndex(path, { clock }).close();
  }
  expect(existsSync(`${path}.damaged-2026-11-21T175042Z-2`)).toBe(true);
});

test("S11: after an unclean stop a damaged page is found before anything is believed", () => {
  const open = openIndex(path, { clock });
  open.index.transaction(() => {
    for (let count = 0; count < 3_000; count += 1) open.index.addHistory(count, `rev${count}`, "h");
  });
  open.close();
  using raw = new DatabaseSync(path);
  raw.exec("DELETE FROM meta WHERE key = 'stopped_cleanly'; PRAGMA wal_checkpoint(TRUNCATE)");
  raw.close();
  const bytes = readFileSync(path);
  bytes.fill(0x5a, bytes.length - 40_000, bytes.length - 8_000);
  writeFileSync(path, bytes);
  using again = openIndex(path, { clock });
  expect([again.fresh, again.movedAside !== undefined]).toEqual([true, true]);
});

test("S77: damage that is met while running is found at the next start, though the stop was orderly", () => {
  const open = openIndex(path, { clock });
  note(open, "x");
  open.close();
  using raw = new DatabaseSync(path);
  raw.exec("PRAGMA ignore_check_constraints = ON");
  raw.exec("INSERT INTO synced VALUES (1,0,'sofa','a',NULL,'a','id','r',NULL,0,'','',1)");
  raw.close();
  const met = openIndex(path, { clock });
  expect(() => met.index.synced.get(1)).toThrow(expect.objectContaining({ code: "damaged" }));
  met.close();
  using again = openIndex(path, { clock });
  expect(again.movedAside).toBeDefined();
});

/** A fact that only a damaged disk, or somebody else, can have put there. */
function spoil(key: string, value: string): void {
  using raw = new DatabaseSync(path);
  raw.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)").run(key, value);
}

test.each([
  ["generation", "x"],
  ["marked", "-1"],
  ["excluded", "[1]"],
  ["excluding", "not JSON"],
  ["relist", '["../up"]'],
  ["beacon", "one"],
  ["last_synced_at", "yesterday"],
] as const)(
  "S77, X26: a wrong %s of an index that SQLite finds sound is damage, and the next start puts the index aside",
  (key, value) => {
    openIndex(path, { clock }).close();
    spoil(key, value);
    const met = openIndex(path, { clock });
    expect(() => met.index.meta(key)).toThrow(expect.objectContaining({ code: "damaged" }));
    met.close();
    using again = openIndex(path, { clock });
    expect([again.movedAside !== undefined, again.index.meta(key)]).toEqual([true, undefined]);
    again.close();
    using third = openIndex(path, { clock });
    expect(third.movedAside).toBeUndefined();
    expect(existsSync(`${path}.wrong`)).toBe(false);
  },
);

test("S77, X26: an intent that is no JSON is damage, too", () => {
  openIndex(path, { clock }).close();
  using raw = new DatabaseSync(path);
  raw.exec("INSERT INTO intent (op, kind, node, detail) VALUES ('1', 'act', 1, '{')");
  raw.close();
  const met = openIndex(path, { clock });
  expect(() => met.index.intents()).toThrow(expect.objectContaining({ code: "damaged" }));
  met.close();
  using again = openIndex(path, { clock });
  expect(again.movedAside).toBeDefined();
});

test("S77: a note of damage says nothing of another file in the same place", () => {
  openIndex(path, { clock }).close();
  writeFileSync(`${path}.wrong`, "1 1");
  using open = openIndex(path, { clock });
  expect(open.movedAside).toBeUndefined();
});

test("S77: damage that a look meets is told with what helps, and the next start puts the index aside", () => {
  openIndex(path, { clock }).close();
  spoil("marked", "x");
  using look = lookAtIndex(path);
  expect(() => look?.index.meta("marked")).toThrow(
    expect.objectContaining({ code: "damaged", hint: expect.stringContaining("Run `snap sync`") }),
  );
  look?.close();
  writeFileSync(`${path}.none`, "no index ".repeat(1_000));
  expect(() => lookAtIndex(`${path}.none`)).toThrow(
    expect.objectContaining({ code: "damaged", hint: expect.stringContaining("Run `snap sync`") }),
  );
  using again = openIndex(path, { clock });
  expect(again.movedAside).toBeDefined();
});

test("a cut file is moved aside", () => {
  const open = openIndex(path, { clock });
  note(open, "x");
  open.close();
  truncateSync(path, 5_000);
  using again = openIndex(path, { clock });
  expect(again.movedAside).toBeDefined();
});

test("S13: a newer schema is refused and left as it is", () => {
  openIndex(path, { clock }).close();
  using raw = new DatabaseSync(path);
  raw.exec("PRAGMA user_version = 999");
  raw.close();
  expect(() => openIndex(path, { clock })).toThrow(
    expect.objectContaining({ code: "version-too-new", exit: 2 }),
  );
  expect(existsSync(`${path}.damaged-2026-11-21T175042Z`)).toBe(false);
});

test("X26: an index with a planted trigger or view is not used", () => {
  for (const plant of [
    "CREATE TRIGGER t AFTER INSERT ON meta BEGIN DELETE FROM synced; END",
    "CREATE VIEW v AS SELECT * FROM meta",
  ]) {
    openIndex(path, { clock }).close();
    using raw = new DatabaseSync(path);
    raw.exec(plant);
    raw.close();
    using open = openIndex(path, { clock });
    expect(open.movedAside).toBeDefined();
  }
});

test("a folder that is missing is a clear error, and nothing is made", () => {
  const missing = join(folder, "none", "index.db");
  expect(() => openIndex(missing, { clock })).toThrow(
    expect.objectContaining({ code: "disk-error", path: missing, hint: expect.any(String) }),
  );
});

test("looking reads beside a writer, never writes, and finds nothing where nothing is", () => {
  expect(lookAtIndex(path)).toBeUndefined();
  using writer = openIndex(path, { clock });
  note(writer, "one");
  using look = lookAtIndex(path);
  expect(look?.index.meta("cursor")).toBe("one");
  note(writer, "two");
  expect(look?.index.meta("cursor")).toBe("two");
  expect(() => look !== undefined && note(look, "three")).toThrow(SnapError);
  expect(writer.index.meta("cursor")).toBe("two");
});
