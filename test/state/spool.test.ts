import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Spool } from "../../src/state/spool.ts";
import { SmallDisk } from "../support/small-disk.ts";

function scratch(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), "snap-spool-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("S107: lines come back in their order, however many there are, and how long", () => {
  const folder = scratch();
  for (const count of [0, 1, 999, 1_000, 1_001, 25_000]) {
    using spool = new Spool(path.join(folder, "lines"));
    const lines = Array.from({ length: count }, (_, index) =>
      index % 997 === 5 ? "ü".repeat(70_000) : index % 7 === 0 ? "" : `line ${index} €`,
    );
    for (const line of lines) spool.add(line);
    expect([...spool.lines()]).toEqual(lines);
    expect([...spool.lines()]).toEqual(lines);
    expect(readdirSync(folder)).toEqual([]);
  }
});

test("S107: a file that was left behind is in nobody's way", () => {
  const folder = scratch();
  const file = path.join(folder, "lines");
  writeFileSync(file, "from another day\n");
  using spool = new Spool(file);
  for (let line = 0; line < 1_500; line += 1) spool.add(`${line}`);
  expect([...spool.lines()]).toHaveLength(1_500);
  expect(readdirSync(folder)).toEqual([]);
});

test("a disk without room for the lines is told of, and has its room back", () => {
  using disk = SmallDisk.mount(256 * 1024);
  if (disk === undefined) return;
  {
    using spool = new Spool(path.join(disk.path, "lines"));
    const fill = (): void => {
      for (let line = 0; line < 20_000; line += 1) spool.add("a line of thirty-odd bytes, or so");
    };
    expect(fill).toThrow(expect.objectContaining({ code: "disk-full" }));
  }
  using again = new Spool(path.join(disk.path, "lines"));
  for (let line = 0; line < 2_000; line += 1) again.add(`${line}`);
  expect([...again.lines()]).toHaveLength(2_000);
});
