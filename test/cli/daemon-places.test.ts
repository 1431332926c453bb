/** The daemon where the ground moves below it: folders that go and come back, and disks. */
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { DaemonBox } from "../support/daemon-box.ts";
import { treeOf } from "../support/snap-process.ts";
import { MountedFolder, SmallDisk } from "../support/small-disk.ts";

const mebibyte = 1024 * 1024;

const files = { "a.txt": "one", "d/b.txt": "two" };

/** A daemon that keeps the workspace and, beside it, a folder that shows what the cloud has. */
class Mirror implements AsyncDisposable {
  readonly box: DaemonBox;
  readonly workspace: string;
  readonly cloud: string;

  private constructor(box: DaemonBox) {
    this.box = box;
    this.workspace = box.box.workspace;
    this.cloud = path.join(box.box.top, "cloud");
  }

  static async running(): Promise<Mirror> {
    const mirror = new Mirror(await DaemonBox.linked());
    const { box, cloud } = mirror;
    for (const [name, text] of Object.entries(files)) box.box.write(name, text);
    mkdirSync(cloud);
    await box.run(0, "link", cloud, "/w");
    await box.run(0, "start");
    await mirror.settled(0);
    expect(await mirror.inCloud()).toEqual(files);
    return mirror;
  }

  /** The workspace is synced as far as it can be, with this exit code. */
  async settled(exit: number): Promise<Readonly<Record<string, unknown>>> {
    const { events } = await this.box.run(exit, "status", "--wait", "--workspace", this.workspace);
    return events.at(-1) ?? {};
  }

  async inCloud(): Promise<Readonly<Record<string, string>>> {
    await this.box.run(0, "status", "--wait", "--workspace", this.cloud);
    return treeOf(this.cloud);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.box[Symbol.asyncDispose]();
  }
}

test("S22: a workspace that is moved away while it is in sync deletes nothing, and goes on by itself when it is back", async () => {
  await using mirror = await Mirror.running();
  const { box, workspace } = mirror;
  const away = `${workspace}-away`;
  renameSync(workspace, away);
  const told = await box.until("waiting", workspace);
  expect(told).toMatchObject({ exit: 7, live: { trouble: { code: "workspace-missing" } } });
  const shown = await box.box.snap(["status", "--workspace", workspace], { cwd: box.box.top });
  expect(shown).toMatchObject({ code: 7, stdout: expect.stringContaining(workspace) });
  expect(shown.stdout).toMatch(/In the way: .*(?:moved or removed|not there)/u);
  expect(shown.stdout).toContain("put the folder back");
  writeFileSync(path.join(away, "new.txt"), "three");
  rmSync(path.join(away, "a.txt"));
  expect(await mirror.inCloud()).toEqual(files);
  renameSync(away, workspace);
  const back = await box.until("idle", workspace);
  expect(back).toMatchObject({ exit: 0, watch: { coverage: "whole", folders: 2 } });
  expect(await mirror.inCloud()).toEqual({ "d/b.txt": "two", "new.txt": "three" });
  // It is watched as before.
  const seen = box.event((event) =>
    event.type === "activity" && event.activity.path === "d/late" ? true : undefined,
  );
  box.box.write("d/late", "four");
  await seen;
});

test("S22: an empty folder in its place is not the workspace: nothing is deleted, and nothing goes there", async () => {
  await using mirror = await Mirror.running();
  const { box, workspace } = mirror;
  const away = `${workspace}-away`;
  renameSync(workspace, away);
  mkdirSync(workspace);
  box.box.write("stray.txt", "not ours");
  expect(await mirror.settled(7)).toMatchObject({
    live: { trouble: { code: "workspace-missing" } },
  });
  writeFileSync(path.join(mirror.cloud, "new.txt"), "three");
  expect(await mirror.inCloud()).toEqual({ ...files, "new.txt": "three" });
  expect(readdirSync(workspace)).toEqual(["stray.txt"]);
  rmSync(workspace, { recursive: true });
  renameSync(away, workspace);
  await box.run(0, "resume");
  await box.until("idle", workspace);
  await mirror.settled(0);
  expect(box.box.tree()).toEqual({ ...files, "new.txt": "three" });
});

test("S22: a disk that is unmounted while it is in sync deletes nothing, and goes on when it is mounted again", async () => {
  await using box = await DaemonBox.linked();
  const { workspace, top } = box.box;
  const disk = path.join(top, "disk");
  renameSync(workspace, disk);
  mkdirSync(workspace);
  using mounted = MountedFolder.mount(disk, workspace);
  if (mounted === undefined) return;
  for (const [name, text] of Object.entries(files)) box.box.write(name, text);
  const status = ["status", "--wait", "--workspace", workspace];
  await box.run(0, "start");
  await box.run(0, ...status);
  mounted.unmount();
  const missing = await box.run(7, ...status);
  expect(missing.events.at(-1)).toMatchObject({ live: { trouble: { code: "workspace-missing" } } });
  expect(readdirSync(workspace)).toEqual([]);
  rmSync(path.join(disk, "a.txt"));
  writeFileSync(path.join(disk, "new.txt"), "three");
  mounted.mount();
  await box.until("idle", workspace);
  await box.run(0, ...status);
  const cloud = path.join(top, "cloud");
  mkdirSync(cloud);
  await box.run(0, "link", cloud, "/w");
  await box.run(0, "status", "--wait", "--workspace", cloud);
  expect(treeOf(cloud)).toEqual({ "d/b.txt": "two", "new.txt": "three" });
  expect(box.box.tree()).toEqual({ "d/b.txt": "two", "new.txt": "three" });
});

test("a disk that is too small for what comes down: it waits, everything else goes on, and room heals it", async () => {
  using disk = SmallDisk.mount(34 * mebibyte);
  if (disk === undefined) return;
  await using mirror = await Mirror.running();
  const { box } = mirror;
  const small = path.join(disk.path, "small");
  mkdirSync(small);
  await box.run(0, "link", small, "/w");
  const status = ["status", "--wait", "--workspace", small];
  await box.run(0, ...status);
  const large = "x".repeat(4 * mebibyte);
  box.box.write("large", large);
  await mirror.settled(0);
  const full = await box.run(4, ...status);
  expect(full.events).toContainEqual(
    expect.objectContaining({
      type: "left",
      path: "large",
      reason: expect.stringMatching(/room|full|space/iu),
    }),
  );
  writeFileSync(path.join(small, "up.txt"), "goes up");
  await box.run(4, ...status);
  expect(await mirror.inCloud()).toEqual({ ...files, large, "up.txt": "goes up" });
  expect(treeOf(small)).toEqual({ ...files, "up.txt": "goes up" });
  disk.grow(80 * mebibyte);
  await box.run(0, ...status);
  expect(treeOf(small)).toEqual({ ...files, large, "up.txt": "goes up" });
  // The daemon holds its files there until it has ended.
  await box.run(0, "stop");
});

test("a home on a full disk: the daemon says so and waits, and goes on by itself when there is room", async () => {
  using disk = SmallDisk.mount(24 * mebibyte);
  if (disk === undefined) return;
  await using box = await DaemonBox.linked(path.join(disk.path, "home"));
  await box.run(0, "start");
  await box.until("idle");
  const makeRoom = disk.fill();
  const noise = Array.from({ length: 20 }, (_, number): [string, string] => [
    `f${number}`,
    `${number}`.repeat(20_000),
  ]);
  for (const [name, text] of noise) box.box.write(name, text);
  const told = await box.until("waiting");
  expect(told).toMatchObject({ exit: 7, live: { trouble: { code: "disk-full" } } });
  const shown = await box.run(7, "status");
  expect(shown.events.at(-1)).toMatchObject({ live: { trouble: { code: "disk-full" } } });
  makeRoom();
  expect(await box.until("idle")).toMatchObject({ exit: 0, pending: 0 });
  await box.run(0, "check", "--rehash");
  expect(box.box.tree()).toEqual(Object.fromEntries(noise));
  await box.run(0, "stop");
});
