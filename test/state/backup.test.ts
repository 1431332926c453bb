import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RestoreRow } from "../../src/core/snapshot/restore-state.ts";
import { copiesMax, copiesOf, copyIndex, copyIntervalMs } from "../../src/state/backup.ts";
import { openIndex, type OpenIndex } from "../../src/state/database.ts";
import { TestClock } from "../support/test-clock.ts";

let folder: string;
let path: string;
let clock: TestClock;
let open: OpenIndex;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "snap-state-"));
  path = join(folder, "index.db");
  clock = new TestClock();
  open = openIndex(path, { clock });
});
afterEach(() => {
  open.close();
  rmSync(folder, { recursive: true, force: true });
});

const copy = (): Promise<string | undefined> => copyIndex(open, { path, now: clock.now() });

function change(): void {
  const line = { cycle: 1, op: "", kind: "", path: "", before: "", after: "", outcome: "" };
  open.index.transaction(() => open.index.log({ ...line, at: clock.now() }));
}

async function changeAndCopy(cursor: string): Promise<string | undefined> {
  clock.advance(copyIntervalMs);
  change();
  open.index.transaction(() => open.index.setMeta("cursor", cursor));
  return await copy();
}

/** What a copy holds, read without anything that is beside it. */
function cursorIn(file: string): unknown {
  const scratch = join(folder, "read.db");
  writeFileSync(scratch, readFileSync(file));
  using raw = new DatabaseSync(scratch);
  return raw.prepare("SELECT value FROM meta WHERE key = 'cursor'").get()?.["value"];
}

const restore = (state: RestoreRow["state"]): RestoreRow => ({
  id: "r1",
  kind: "restore",
  state,
  snapshot: undefined,
  options: "{}",
  digest: "",
  report: undefined,
  madeAt: clock.now(),
});

test("S11: a copy is a whole index of its own, for nobody else to read, with nothing beside it", async () => {
  const made = await changeAndCopy("one");
  expect(made).toBe(join(folder, "copies", "index-1.db"));
  expect(readdirSync(join(folder, "copies"))).toEqual(["index-1.db"]);
  expect(statSync(made ?? "").mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, "copies")).mode & 0o777).toBe(0o700);
  expect(cursorIn(made ?? "")).toBe("one");
});

test("S11: nothing is copied before something happened, nor again within the hour, nor where nothing changed since", async () => {
  expect(await copy()).toBeUndefined();
  change();
  expect(await copy()).toBeDefined();
  clock.advance(1);
  change();
  clock.advance(copyIntervalMs - 2);
  expect(await copy()).toBeUndefined();
  clock.advance(1);
  expect(await copy()).toBeDefined();
  clock.advance(10 * copyIntervalMs);
  expect(await copy()).toBeUndefined();
});

test("S11: a restore is a change, too", async () => {
  change();
  await copy();
  clock.advance(copyIntervalMs);
  open.journal.putRestore(restore("done"));
  expect(await copy()).toBeDefined();
});

test("S11: a clock that was set back stops no copies, and the newest stays the newest", async () => {
  await changeAndCopy("one");
  clock.advance(-1_000 * copyIntervalMs);
  change();
  const made = await copy();
  expect(copiesOf(path).at(-1)).toBe(made);
  expect(open.index.meta("copied_at")).toBe(String(clock.now()));
});

test("S11: three copies are kept, the newest ones", async () => {
  for (const cursor of ["1", "2", "3", "4", "5"]) await changeAndCopy(cursor);
  expect(copiesOf(path)).toHaveLength(copiesMax);
  expect(copiesOf(path).map(cursorIn)).toEqual(["3", "4", "5"]);
});

test("S11: no copy is made while a fence stands, nor while a restore is not over", async () => {
  change();
  open.index.transaction(() => open.journal.setFence("r1"));
  expect(await copy()).toBeUndefined();
  open.index.transaction(() => open.journal.setFence(undefined));
  open.journal.putRestore(restore("handed"));
  expect(await copy()).toBeUndefined();
  open.journal.putRestore(restore("done"));
  expect(await copy()).toBeDefined();
});

test("S11: what a killed run left half made is no copy, and is made room for", async () => {
  mkdirSync(join(folder, "copies"));
  for (const suffix of ["", "-journal"]) {
    writeFileSync(join(folder, "copies", `new.tmp${suffix}`), "half a copy");
  }
  expect(copiesOf(path)).toEqual([]);
  await changeAndCopy("one");
  expect(readdirSync(join(folder, "copies"))).toEqual(["index-1.db"]);
});

test("S11: a damaged index is never copied over a good copy, and is looked through at the next start", async () => {
  for (const cursor of ["1", "2", "3"]) await changeAndCopy(cursor);
  using raw = new DatabaseSync(path);
  raw.exec("PRAGMA ignore_check_constraints = ON");
  raw.exec("INSERT INTO synced VALUES (1,0,'sofa','a',NULL,'a','id','r',NULL,0,'','',1)");
  raw.close();
  await expect(changeAndCopy("4")).rejects.toMatchObject({ code: "damaged" });
  expect(copiesOf(path).map(cursorIn)).toEqual(["1", "2", "3"]);
  open.close();
  open = openIndex(path, { clock });
  expect([open.movedAside !== undefined, open.index.meta("cursor")]).toEqual([true, "3"]);
});

test("S11: where there is no room, nothing half is left, and the next sync tries again", async () => {
  writeFileSync(join(folder, "copies"), "a file where the folder should be");
  await expect(changeAndCopy("one")).rejects.toMatchObject({ code: "disk-error" });
  rmSync(join(folder, "copies"));
  expect(await copy()).toBeDefined();
});

test("S7: another link begins with a copy of its own", async () => {
  await changeAndCopy("one");
  open.index.transaction(() => open.index.forgetLink());
  expect(open.index.meta("copied_at")).toBeUndefined();
  change();
  expect(await copy()).toBeDefined();
  expect(existsSync(join(folder, "copies", "index-2.db"))).toBe(true);
});
