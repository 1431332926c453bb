import { cpSync, rmSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { Box } from "../support/snap-process.ts";

/** What a platform's snapshot of the disk holds: the workspace, and where `both` the program's own state of it. */
class DiskSnapshot {
  readonly #copy: string;
  readonly #box: Box;
  readonly #both: boolean;

  constructor(box: Box, both: boolean) {
    this.#box = box;
    this.#both = both;
    this.#copy = path.join(box.top, "platform");
    cpSync(box.workspace, path.join(this.#copy, "workspace"), {
      recursive: true,
      preserveTimestamps: true,
    });
    cpSync(path.join(box.home, "workspaces"), path.join(this.#copy, "state"), { recursive: true });
  }

  /** Put it back, as new inodes with new change times. */
  putBack(): void {
    this.#replace(this.#box.workspace, "workspace");
    if (this.#both) this.#replace(path.join(this.#box.home, "workspaces"), "state");
  }

  #replace(folder: string, copy: string): void {
    rmSync(folder, { recursive: true });
    cpSync(path.join(this.#copy, copy), folder, { recursive: true, preserveTimestamps: true });
  }
}

const old = { a: "1", b: "1", keep: "1", d: "1", "sub/s": "1" };
const newer = { a: "2", c: "1", keep: "1", d: "2", "sub/s": "2" };

async function rolledBack(both: boolean): Promise<Box> {
  const box = new Box();
  for (const [file, text] of Object.entries(old)) box.write(file, text);
  await box.expectExit(0, "login", "--local");
  await box.expectExit(0, "link", box.workspace, "/w");
  await box.expectExit(0, "sync");
  const platform = new DiskSnapshot(box, both);
  box.write("a", "2");
  box.write("sub/s", "2");
  box.remove("b");
  box.write("c", "1");
  await box.expectExit(0, "sync");
  using other = new Box();
  const env = { SNAP_HOME: box.home };
  await other.snap(["link", other.workspace, "/w"], { env });
  await other.snap(["sync"], { env });
  other.write("d", "2");
  expect((await other.snap(["sync"], { env })).code).toBe(0);
  await box.expectExit(0, "sync");
  expect(box.tree()).toEqual(newer);
  platform.putBack();
  return box;
}

async function cloudOf(box: Box): Promise<Readonly<Record<string, string>>> {
  using third = new Box();
  const env = { SNAP_HOME: box.home };
  expect((await third.snap(["link", third.workspace, "/w"], { env })).code).toBe(0);
  expect((await third.snap(["sync"], { env })).code).toBe(0);
  return third.tree();
}

test.each([
  ["workspace and index", true],
  ["the workspace alone", false],
] as const)(
  "S117, S118: %s rolled back from outside is held, and nothing moves on either side",
  async (_what, both) => {
    using box = await rolledBack(both);
    for (let again = 0; again < 2; again += 1) {
      const ended = await box.expectExit(3, "sync");
      expect(ended.stderr).toContain("snap rollback");
      expect((await box.expectExit(3, "status")).stdout).toContain("rolled back");
      expect(box.tree()).toEqual(old);
    }
    expect((await box.expectExit(3, "rollback", "show")).stdout).toContain("snap rollback keep");
    expect(await cloudOf(box)).toEqual(newer);
  },
);

test.each([
  ["workspace and index", true],
  ["the workspace alone", false],
] as const)(
  "S52, S104, S118: after %s was rolled back, a dry run and a check say so, and take nothing up",
  async (_what, both) => {
    using box = await rolledBack(both);
    const dry = await box.expectExit(3, "sync", "--dry-run");
    expect(dry.stderr).toContain("snap rollback show");
    expect(dry.stdout).not.toMatch(/here|remote/);
    const checked = await box.expectExit(3, "check");
    expect(checked.stdout).toMatch(/held +\(disk\): This workspace was put back/);
    expect(checked.stdout).toContain("snap rollback show");
    expect(checked.stdout).not.toMatch(/Sound|not synced  |next sync/);
    const { events } = await box.expectExit(3, "check", "--json");
    expect(events.at(-1)).toMatchObject({ exit: 3, isRolledBack: true, counts: { pending: 0 } });
    expect(box.tree()).toEqual(old);
  },
);

test.each([
  ["workspace and index", true],
  ["the workspace alone", false],
] as const)(
  "S119: after %s was rolled back, keep makes the cloud follow the disk, and undo takes that back",
  async (_what, both) => {
    using box = await rolledBack(both);
    await box.expectExit(3, "rollback", "keep");
    expect(await cloudOf(box)).toEqual(newer);
    await box.expectExit(0, "rollback", "keep", "--yes");
    await box.expectExit(0, "sync");
    expect(box.tree()).toEqual(old);
    expect(await cloudOf(box)).toEqual(old);
    await box.expectExit(0, "undo", "--yes");
    expect(await cloudOf(box)).toEqual(newer);
  },
);

test.each([
  ["workspace and index", true],
  ["the workspace alone", false],
] as const)(
  "S119: after %s was rolled back, discard brings the disk to the cloud's state, and saves it first",
  async (_what, both) => {
    using box = await rolledBack(both);
    await box.expectExit(0, "rollback", "discard", "--yes");
    await box.expectExit(0, "sync");
    expect(box.tree()).toEqual(newer);
    expect(await cloudOf(box)).toEqual(newer);
    expect((await box.expectExit(0, "list")).stdout).toContain("before-restore");
  },
);
