import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import type { FolderListing, LocalStat, ReadContent } from "../../src/core/tree/local-stat.ts";
import { SqliteContentMemory } from "../../src/state/content-memory.ts";
import { silentLogger } from "../../src/std/log.ts";

const hash = "ab".repeat(32);
const other = "cd".repeat(32);
const granularityNs = 20_000_000n;

let top: string;
let file: string;

beforeEach(() => {
  top = mkdtempSync(path.join(tmpdir(), "snap-contents-"));
  file = path.join(top, "contents.db");
});

afterEach(() => rmSync(top, { recursive: true }));

function statOf(name: string, facts: Partial<LocalStat> = {}): LocalStat {
  const times = { modifiedNs: "1000000000", newestNs: "1000000000" };
  return {
    name,
    kind: "file",
    size: 1,
    fileId: "7:7",
    stamp: "1 2 3",
    mode: 0o644,
    ...times,
    ...facts,
  };
}

function read(at: string, facts: Partial<ReadContent> = {}): ReadContent {
  const stat = statOf(path.basename(at));
  return { path: parseRelPath(at), stat, startedAt: 5_000, hash, ...facts };
}

function listing(folder: string, ...entries: readonly LocalStat[]): FolderListing {
  return { path: parseRelPath(folder), entries, unsyncable: [], odd: [], trouble: undefined };
}

/** What a later process knows of a folder. */
function known(folder: string, ...entries: readonly LocalStat[]): Readonly<Record<string, string>> {
  using memory = new SqliteContentMemory(file, silentLogger);
  return Object.fromEntries(memory.hashesIn(listing(folder, ...entries)));
}

function note(...files: readonly ReadContent[]): void {
  using memory = new SqliteContentMemory(file, silentLogger);
  for (const one of files) memory.note(one, granularityNs);
}

test("N35: what was read is known again under the same stat, in a file that is the user's alone", () => {
  note(read("a"), read("d/b"), read("d/c", { hash: other }));
  expect(known("", statOf("a"), statOf("b"))).toEqual({ a: hash });
  expect(known("d", statOf("b"), statOf("c"))).toEqual({ b: hash, c: other });
  expect(known("e", statOf("b"))).toEqual({});
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("N35: another stamp or another file of the same name is not known", () => {
  note(read("a"));
  expect(known("", statOf("a", { stamp: "1 2 4" }))).toEqual({});
  expect(known("", statOf("a", { fileId: "8:7" }))).toEqual({});
});

test("S24, N35: a file whose stat was too young when it was read is not noted", () => {
  const at = (newestNs: string, startedAt: number): ReadContent =>
    read("a", { stat: statOf("a", { newestNs }), startedAt });
  note(at("1000000000", 1_020));
  expect(known("", statOf("a"))).toEqual({});
  note(at("1000000000", 1_021));
  expect(known("", statOf("a"))).toEqual({ a: hash });
});

test("N35: what is noted later joins what was known of the folder, without what is gone or has changed", () => {
  note(read("d/a"), read("d/b"), read("d/c"));
  {
    using memory = new SqliteContentMemory(file, silentLogger);
    const now = [statOf("a"), statOf("b", { stamp: "9 9 9" }), statOf("new")];
    expect([...memory.hashesIn(listing("d", ...now)).keys()]).toEqual(["a"]);
    memory.note(read("d/new"), granularityNs);
  }
  expect(known("d", statOf("a"), statOf("b"), statOf("c"), statOf("new"))).toEqual({
    a: hash,
    new: hash,
  });
});

test("N35: many folders and files are all kept", () => {
  const files = Array.from({ length: 9_000 }, (_, at) => read(`d${at % 900}/f${at}`));
  note(...files);
  expect(known("d1", statOf("f1"), statOf("f901"), statOf("f902"))).toEqual({
    f1: hash,
    f901: hash,
  });
  expect(known("d899", statOf("f899"), statOf("f8999"))).toEqual({ f899: hash, f8999: hash });
});

test("X26: a damaged file is made anew, and nothing is known", () => {
  note(read("a"));
  writeFileSync(file, Buffer.concat([Buffer.from("no database at all"), readFileSync(file)]));
  rmSync(`${file}-wal`, { force: true });
  expect(known("", statOf("a"))).toEqual({});
  note(read("a"));
  expect(known("", statOf("a"))).toEqual({ a: hash });
});

test.each([
  "",
  "[]",
  "null",
  "{",
  '{"a":1}',
  '{"a":["1 2 3","7:7"]}',
  '{"a":["1 2 3","7:7","no hash"]}',
])("X26: a row that holds %j tells nothing", (files) => {
  note(read("a"));
  using database = new DatabaseSync(file);
  database.prepare("UPDATE contents_1 SET files = ?").run(files);
  expect(known("", statOf("a"))).toEqual({});
});

test("N35: a file that cannot be opened costs nothing but speed", () => {
  mkdirSync(file);
  note(read("a"));
  expect(known("", statOf("a"))).toEqual({});
  expect(statSync(file).isDirectory()).toBe(true);
});

test("N6: of many files few are kept in memory, and what is noted later of their folders loses none", () => {
  const names = Array.from({ length: 9_000 }, (_, index) => `f${index}`);
  const folders = ["x", "y", "z"];
  note(...folders.flatMap((folder) => names.map((name) => read(`${folder}/${name}`))));
  {
    using memory = new SqliteContentMemory(file, silentLogger);
    const entries = names.map((name) => statOf(name));
    for (const folder of folders) {
      expect(memory.hashesIn(listing(folder, ...entries)).size).toBe(names.length);
    }
    for (const folder of folders) memory.note(read(`${folder}/new`), granularityNs);
  }
  for (const folder of folders) {
    const all = known(folder, ...names.map((name) => statOf(name)), statOf("new"));
    expect(Object.keys(all)).toHaveLength(names.length + 1);
  }
});
