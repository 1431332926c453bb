import fs from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { nodeDisk, type Disk } from "../../src/local/disk.ts";
import { joinedSyncs } from "../../src/local/joined-syncs.ts";
import { turn } from "../../src/std/turn.ts";

let top: string;
let opened: number[];

beforeEach(() => {
  top = fs.mkdtempSync(path.join(tmpdir(), "snap-syncs-"));
  opened = [];
});

afterEach(() => {
  for (const fd of opened) fs.closeSync(fd);
  fs.rmSync(top, { recursive: true });
});

function open(at: string): number {
  const fd = fs.openSync(at, "r");
  opened.push(fd);
  return fd;
}

/** A disk whose `fsync` ends when it is told to. */
class SlowDisk {
  readonly begun: { readonly fd: number; readonly end: (error?: Error) => void }[] = [];
  readonly disk: Disk = joinedSyncs({
    ...nodeDisk,
    sync: (fd) =>
      new Promise((resolve, reject) => {
        this.begun.push({ fd, end: (error) => (error === undefined ? resolve() : reject(error)) });
      }),
  });

  /** What became of a call, as soon as something has. */
  ask(fd: number): string[] {
    const told: string[] = [];
    this.disk.sync(fd).then(
      () => told.push("done"),
      (error: Error) => told.push(error.message),
    );
    return told;
  }

  async end(number: number, error?: Error): Promise<void> {
    this.begun[number]?.end(error);
    await turn();
  }
}

test("S73: who waits for a folder while it is written out shares the next time, not the present one", async () => {
  const slow = new SlowDisk();
  const [one, two, three] = [open(top), open(top), open(top)];
  const first = slow.ask(one);
  const second = slow.ask(two);
  const third = slow.ask(three);
  expect(slow.begun.map(({ fd }) => fd)).toEqual([one]);
  await slow.end(0);
  expect([first, second, third]).toEqual([["done"], [], []]);
  expect(slow.begun.map(({ fd }) => fd)).toEqual([one, two]);
  const late = slow.ask(one);
  await slow.end(1);
  expect([second, third, late]).toEqual([["done"], ["done"], []]);
  await slow.end(2);
  expect(late).toEqual(["done"]);
  const after = slow.ask(one);
  await slow.end(3);
  expect([after, slow.begun.length]).toEqual([["done"], 4]);
});

test("S73: a failure is told to all who shared it, and to nobody else", async () => {
  const slow = new SlowDisk();
  const fd = open(top);
  const told = [slow.ask(fd), slow.ask(fd), slow.ask(fd)];
  await slow.end(0, new Error("EIO"));
  const later = slow.ask(fd);
  await slow.end(1, new Error("ENOSPC"));
  await slow.end(2);
  expect([...told, later]).toEqual([["EIO"], ["ENOSPC"], ["ENOSPC"], ["done"]]);
});

test("S73: other folders, and files, are written out by themselves", () => {
  const slow = new SlowDisk();
  fs.mkdirSync(path.join(top, "d"));
  fs.writeFileSync(path.join(top, "f"), "1");
  const fds = [open(top), open(path.join(top, "d")), open(path.join(top, "f"))];
  for (const fd of [...fds, ...fds.slice(2)]) slow.ask(fd);
  expect(slow.begun).toHaveLength(4);
});
