import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { logPath, openLog } from "../../src/daemon/log-file.ts";
import { lastLines, newLines } from "../../src/daemon/read-log.ts";
import { systemClock } from "../../src/std/time.ts";
import { TestClock } from "../support/test-clock.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "snap-log-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const clock = new TestClock();

test("an entry is one line with its time, its facts quoted where they need it, in a file 0600", () => {
  using log = openLog(folder, { clock });
  log.info("a thing", { path: "/a b", count: 2, left: undefined, code: "busy" });
  log.debug("not wanted");
  expect(readFileSync(logPath(folder), "utf8")).toBe(
    '2026-11-21T12:00:00.000Z info  a thing path="/a b" count=2 code=busy\n',
  );
  expect(statSync(logPath(folder)).mode & 0o777).toBe(0o600);
});

test("X16: no name makes a second line or moves the cursor", () => {
  using log = openLog(folder, { clock });
  log.error("a\nb", { name: "x\u001b[2J\u202e\u2028y" });
  expect(readFileSync(logPath(folder), "utf8")).toMatch(/^[\x20-\x7e]+\n$/u);
});

test("X15: a token never reaches the file", () => {
  using log = openLog(folder, { clock });
  log.error("failed", { reason: "Bearer canary0123456789" });
  expect(readFileSync(logPath(folder), "utf8")).not.toContain("canary");
});

test("five files are kept, none larger than the bound, and the newest line is in the first", () => {
  using log = openLog(folder, { clock, bytesMax: 200 });
  for (let number = 0; number < 40; number += 1) log.info(`entry ${number}`);
  const names = readdirSync(folder).toSorted();
  expect(names).toEqual(["snap.log", "snap.log.1", "snap.log.2", "snap.log.3", "snap.log.4"]);
  for (const name of names) expect(statSync(path.join(folder, name)).size).toBeLessThanOrEqual(200);
  expect(lastLines(folder, 2).map((line) => line.slice(31))).toEqual(["entry 38", "entry 39"]);
  expect(lastLines(folder, 0)).toEqual([]);
  expect(lastLines(folder, 1000).length).toBeGreaterThan(10);
});

test("a log that cannot be written loses lines, and nothing else", () => {
  symlinkSync(path.join(folder, "elsewhere"), logPath(folder));
  using log = openLog(folder, { clock });
  log.info("lost");
  expect(readdirSync(folder)).toEqual(["snap.log"]);
  rmSync(logPath(folder));
  log.info("kept");
  expect(lastLines(folder, 9)).toHaveLength(1);
});

test("a guest writes to the file that is the newest now, and puts none aside", () => {
  using guest = openLog(folder, { clock, isGuest: true, bytesMax: 10 });
  guest.info("one");
  guest.info("two");
  expect(readdirSync(folder)).toEqual(["snap.log"]);
  using log = openLog(folder, { clock, bytesMax: 10 });
  log.info("three");
  guest.info("four");
  expect(readFileSync(logPath(folder), "utf8")).toMatch(/three\n.*four\n$/u);
});

test("lines that are written later are followed, also into the next file", async () => {
  using log = openLog(folder, { clock, bytesMax: 100 });
  log.info("before");
  const ending = new AbortController();
  const lines = newLines(folder, { clock: systemClock, signal: ending.signal });
  const first = lines.next();
  log.info("one");
  expect((await first).value).toContain("one");
  log.info("two");
  log.info("three");
  expect((await lines.next()).value).toContain("two");
  expect((await lines.next()).value).toContain("three");
  const last = lines.next();
  ending.abort();
  expect((await last).done).toBe(true);
});
