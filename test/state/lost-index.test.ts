import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
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
import type { LocalEntry } from "../../src/core/tree/node.ts";
import { pathKeyOf } from "../../src/core/path/path-key.ts";
import { copiesOf, copyIndex, copyIntervalMs } from "../../src/state/backup.ts";
import { openIndex, type OpenIndex } from "../../src/state/database.ts";
import { noteLoss, untoldLoss } from "../../src/state/index-loss.ts";
import { present } from "../../src/std/assert.ts";
import { TestClock } from "../support/test-clock.ts";

let folder: string;
let path: string;
let clock: TestClock;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "snap-state-"));
  path = join(folder, "index.db");
  clock = new TestClock();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const absent: LocalEntry = {
  node: 1,
  parent: 0,
  kind: "file",
  name: "a",
  key: pathKeyOf("a"),
  hash: "h",
  size: 1,
  fileId: "f",
  stamp: "1 2 3",
  trusted: true,
  absentAt: 7,
};

/** Copies of an index with these cursors, oldest first; it goes on to the last one. */
async function copied(...cursors: readonly string[]): Promise<void> {
  using open = openIndex(path, { clock });
  const line = { cycle: 1, op: "", kind: "", path: "", before: "", after: "", outcome: "" };
  for (const cursor of cursors) {
    clock.advance(copyIntervalMs);
    open.index.transaction(() => {
      open.index.setMeta("cursor", cursor);
      open.index.setMeta("link", "l1");
      open.index.setMeta("generation", "7");
      open.index.setMeta("marked", "7");
      open.index.local.put(absent);
      open.index.putUpload({
        node: 1,
        session: "s",
        kind: "sequential",
        acknowledged: [],
        stamp: "1 2 3",
        startedAt: 1,
      });
      open.holds.putHold({
        digest: "d",
        kind: "mass-delete",
        items: [],
        state: "confirmed",
        madeAt: 1,
      });
      open.tokens.put("r", 1, new Map([[1, "h"]]));
      open.index.log({ ...line, at: clock.now() });
    });
    await copyIndex(open, { path, now: clock.now() });
  }
}

function lose(): void {
  for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
}

const damage = (file: string): void => truncateSync(file, Math.floor(statSync(file).size / 2));

const facts = ({ index, fresh, copy }: OpenIndex): unknown => [
  index.meta("cursor"),
  fresh,
  copy?.slice(folder.length + 1),
];

test("S77: the newest copy takes the place of a missing index", async () => {
  await copied("old", "new");
  lose();
  using open = openIndex(path, { clock });
  expect(facts(open)).toEqual(["new", false, "copies/index-2.db"]);
  expect([open.movedAside, open.badCopies]).toEqual([undefined, []]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(copiesOf(path)).toHaveLength(2);
});

test("S77: it takes the place of a damaged one, which is put aside", async () => {
  await copied("one");
  damage(path);
  using open = openIndex(path, { clock });
  expect(facts(open)).toEqual(["one", false, "copies/index-1.db"]);
  expect(existsSync(open.movedAside ?? "")).toBe(true);
});

test("S77: an index of no bytes is a missing one, and an index without copies is a new one", async () => {
  await copied("one");
  lose();
  writeFileSync(path, "");
  using open = openIndex(path, { clock });
  expect(facts(open)).toEqual(["one", false, "copies/index-1.db"]);
  open.close();
  lose();
  rmSync(join(folder, "copies"), { recursive: true });
  using other = openIndex(path, { clock });
  expect(facts(other)).toEqual([undefined, true, undefined]);
  expect(other.index.meta("removals_frozen")).toBeUndefined();
});

test("S77: a log whose index is gone is not taken for the log of the copy", async () => {
  await copied("one");
  const open = openIndex(path, { clock });
  open.index.transaction(() => open.index.setMeta("cursor", "in the log only"));
  const log = readFileSync(`${path}-wal`);
  open.close();
  lose();
  writeFileSync(`${path}-wal`, log);
  using again = openIndex(path, { clock });
  expect(facts(again)).toEqual(["one", false, "copies/index-1.db"]);
});

test("S77: what was true only then is forgotten, and removals are frozen", async () => {
  await copied("one");
  lose();
  using open = openIndex(path, { clock });
  const { index } = open;
  expect([index.meta("generation"), index.meta("marked")]).toEqual([undefined, undefined]);
  expect(index.meta("removals_frozen")).toBe("1");
  expect(index.local.get(1)).toEqual({ ...absent, absentAt: undefined });
  expect([index.upload(1), open.holds.holds(), open.tokens.wanted(1)]).toEqual([
    undefined,
    [],
    undefined,
  ]);
});

test("S77: removals are frozen where nothing of a damaged index is left, too", () => {
  writeFileSync(path, "no index ".repeat(1_000));
  using open = openIndex(path, { clock });
  expect([open.copy, open.index.meta("removals_frozen")]).toEqual([undefined, "1"]);
});

test("S77: bad copies are passed over, and named", async () => {
  await copied("good", "cut", "empty");
  const [, cut = "", empty = ""] = copiesOf(path);
  damage(cut);
  writeFileSync(empty, "");
  lose();
  using open = openIndex(path, { clock });
  expect(facts(open)).toEqual(["good", false, "copies/index-1.db"]);
  expect(open.badCopies).toEqual([empty, cut]);
  expect(existsSync(cut)).toBe(true);
});

test("S77, X26: a copy with a wrong word, or with foreign code, is a bad one", async () => {
  await copied("good", "word", "code");
  const [, word = "", code = ""] = copiesOf(path);
  const spoil = (file: string, sql: string): void => {
    using raw = new DatabaseSync(file);
    raw.exec("PRAGMA ignore_check_constraints = ON");
    raw.exec(sql);
  };
  spoil(word, "INSERT INTO synced VALUES (1,0,'sofa','a',NULL,'a','id','r',NULL,0,'','',1)");
  spoil(code, "CREATE TRIGGER t AFTER DELETE ON upload BEGIN DELETE FROM local; END");
  lose();
  using open = openIndex(path, { clock });
  expect(facts(open)).toEqual(["good", false, "copies/index-1.db"]);
  expect(open.badCopies).toEqual([code, word]);
});

test("S77, X26: a copy with a wrong fact is a bad one", async () => {
  await copied("good", "wrong");
  const [, wrong = ""] = copiesOf(path);
  using raw = new DatabaseSync(wrong);
  raw.exec("INSERT INTO meta (key, value) VALUES ('excluded', '{')");
  raw.close();
  lose();
  using open = openIndex(path, { clock });
  expect(facts(open)).toEqual(["good", false, "copies/index-1.db"]);
  expect(open.badCopies).toEqual([wrong]);
});

test("S77: the loss stays known until it was told, also where the index is opened again before", async () => {
  await copied("one");
  damage(path);
  openIndex(path, { clock }).close();
  const open = openIndex(path, { clock });
  const { movedAside, copy, badCopies } = present(untoldLoss(open.index), "a loss");
  expect([movedAside?.startsWith(`${path}.damaged-`), copy, badCopies]).toEqual([
    true,
    join(folder, "copies/index-1.db"),
    [],
  ]);
  open.index.transaction(() => noteLoss(open.index, undefined));
  expect(untoldLoss(open.index)).toBeUndefined();
  open.index.transaction(() => open.index.setMeta("index_lost", "no JSON"));
  expect(untoldLoss(open.index)).toEqual({ movedAside: undefined, copy: undefined, badCopies: [] });
  open.close();
});

test("S77: where every copy is bad, an empty index is open", async () => {
  await copied("one");
  damage(copiesOf(path)[0] ?? "");
  lose();
  using open = openIndex(path, { clock });
  expect(facts(open)).toEqual([undefined, true, undefined]);
  expect(open.badCopies).toHaveLength(1);
});

test("S77: the copy of another link is never used, and is not called bad", async () => {
  await copied("one");
  lose();
  using other = openIndex(path, { clock, link: "l2" });
  expect([facts(other), other.badCopies]).toEqual([[undefined, true, undefined], []]);
  other.close();
  lose();
  using same = openIndex(path, { clock, link: "l1" });
  expect(facts(same)).toEqual(["one", false, "copies/index-1.db"]);
});

test("S13, S77: a copy of a later version is no reason to begin anew", async () => {
  await copied("one");
  using raw = new DatabaseSync(copiesOf(path)[0] ?? "");
  raw.exec("PRAGMA user_version = 999");
  raw.close();
  lose();
  for (const _ of [1, 2]) {
    expect(() => openIndex(path, { clock })).toThrow(
      expect.objectContaining({ code: "version-too-new", exit: 2 }),
    );
  }
  expect(readdirSync(folder)).toEqual(["copies"]);
});

test("S97: a copy from the middle of a restore would bring its journal back, and is not used", async () => {
  await copied("one");
  using raw = new DatabaseSync(copiesOf(path)[0] ?? "");
  raw.exec("INSERT INTO fence (only, restore) VALUES (1, 'r1')");
  raw.close();
  lose();
  using open = openIndex(path, { clock });
  expect([open.copy, open.journal.fence(), open.badCopies.length]).toEqual([
    undefined,
    undefined,
    1,
  ]);
});

test("S77: what a killed run left of its copying is not in the way", async () => {
  await copied("one");
  lose();
  copyFileSync(copiesOf(path)[0] ?? "", `${path}.new`);
  writeFileSync(`${path}.new-journal`, "half");
  using open = openIndex(path, { clock });
  expect(facts(open)).toEqual(["one", false, "copies/index-1.db"]);
  expect(readdirSync(folder).filter((name) => name.includes(".new"))).toEqual([]);
});

test("X14: a copy that others may read does not make the index so", async () => {
  await copied("one");
  chmodSync(copiesOf(path)[0] ?? "", 0o644);
  lose();
  openIndex(path, { clock }).close();
  expect(statSync(path).mode & 0o777).toBe(0o600);
});
