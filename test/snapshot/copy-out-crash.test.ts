import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import type { LeftOut } from "../../src/core/snapshot/copy-out.ts";
import type { SnapshotRoot } from "../../src/core/snapshot/root.ts";
import { copyOut } from "../../src/snapshot/copy-out.ts";
import { nodeCopyDisk, type CopyDisk, type CopyStamp } from "../../src/snapshot/copy-disk.ts";
import { runnerHere, type JobRunner } from "../../src/snapshot/copy-runner.ts";
import { DiskStoreFiles } from "../../src/snapshot/disk-files.ts";
import { loadPacks } from "../../src/snapshot/packs.ts";
import { silentLogger } from "../../src/std/log.ts";
import { seededRng } from "../../src/std/random.ts";
import { MemorySource } from "../support/memory-source.ts";
import { SmallDisk } from "../support/small-disk.ts";
import { dyingDisk } from "./dying-disk.ts";
import { ScratchStore, noise } from "./scratch-store.ts";
import { Killed } from "./stopping-files.ts";

const staging = ".snap-tmp-restore";

const contents: Readonly<Record<string, Buffer>> = {
  a: Buffer.from("one"),
  "d/b": noise(3_000, 2),
  "d/e/big": noise(4_500_000, 3),
  "d/e/none": Buffer.alloc(0),
  z: noise(300_000, 4),
};

/** Files, folders, a link, and two names of one file. */
function source(): MemorySource {
  const made = new MemorySource().link("d/l", "b").folder("empty", { mode: "500" });
  for (const [at, content] of Object.entries(contents)) made.write(at, content);
  made.write("d/twin", contents["a"] ?? "");
  return made;
}

async function copyTo(
  scratch: ScratchStore,
  root: SnapshotRoot,
  { to, disk }: { to: string; disk: CopyDisk },
): Promise<void> {
  const files = new DiskStoreFiles(scratch.top, seededRng(1));
  const packs = await loadPacks(files, silentLogger);
  await copyOut({ files, packs, disk, runner: runnerHere(disk) }, { root, to }, {});
}

/** Every file outside the hidden folder is whole. */
function expectWhole(to: string, what: string): void {
  if (!fs.existsSync(to)) return;
  for (const name of fs.readdirSync(to, { recursive: true, encoding: "utf8" })) {
    const at = path.join(to, name);
    if (name.startsWith(staging) || !fs.lstatSync(at).isFile()) continue;
    const wanted = contents[name === "d/twin" ? "a" : name];
    expect(fs.readFileSync(at).equals(wanted ?? Buffer.from("?")), `${what}: ${name}`).toBe(true);
  }
}

test.each([false, true])(
  "T15: killed at each call of the disk, the folder never shows a half file (half writes: %s)",
  async (halfWay) => {
    using scratch = new ScratchStore();
    const { root } = await (await scratch.open()).capture(source(), { reason: "manual" });
    const around = fs.mkdtempSync(path.join(tmpdir(), "snap-out-"));
    const seen = new Set<string>();
    let isDone = false;
    for (let calls = 0; !isDone; calls += 1) {
      const to = path.join(around, String(calls));
      isDone = await copyTo(scratch, root, { to, disk: dyingDisk(calls, { halfWay }) }).then(
        () => true,
        (error: unknown) => {
          if (!(error instanceof Killed)) throw error;
          return false;
        },
      );
      expectWhole(to, `killed at call ${calls}`);
      const left = fs.existsSync(to) ? fs.readdirSync(to) : [];
      seen.add(
        left.includes(staging) ? `${left.length === 1 ? "only staging" : "places"}` : "none",
      );
      // The next run says what is there, and touches nothing; elsewhere it works.
      const again = (await scratch.open()).copyOut({ root, to }, {});
      if (left.length === 0) await again;
      else await expect(again, `after call ${calls}`).rejects.toMatchObject({ code: "refused" });
      expect(calls).toBeLessThan(200);
    }
    expect([...seen].toSorted()).toEqual(["none", "only staging", "places"]);
    fs.rmSync(around, { recursive: true });
  },
);

test("T15: a disk that is full at any moment ends the copy with the missing bytes, and nothing is left", async () => {
  using disk = SmallDisk.mount(8 * 1024 * 1024);
  if (disk === undefined) return;
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const { root } = await store.capture(source(), { reason: "manual" });
  const to = path.join(disk.path, "out");
  const filler = path.join(disk.path, "filler");
  const outcomes = new Set<string>();
  for (let room = 0; room <= 5_400; room += 300) {
    execFileSync("dd", [
      "if=/dev/zero",
      `of=${filler}`,
      "bs=1K",
      `count=${8192 - room}`,
      "status=none",
    ]);
    const outcome = await store.copyOut({ root, to }, {}).then(
      () => "done",
      (error: { code: string; message: string }) =>
        `${error.code} ${/at least \d+ more/u.test(error.message)}`,
    );
    outcomes.add(outcome);
    if (outcome !== "done") expect(fs.readdirSync(disk.path), `room ${room}`).toEqual(["filler"]);
    fs.rmSync(to, { recursive: true, force: true });
    fs.rmSync(filler);
  }
  expect([...outcomes]).toEqual(["disk-full true", "done"]);
});

test("T15: a folder that nobody may write in is told", async () => {
  using disk = SmallDisk.mount(1024 * 1024);
  if (disk === undefined) return;
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const { root } = await store.capture(new MemorySource().write("a", "1"), { reason: "manual" });
  disk.remount("ro");
  await expect(store.copyOut({ root, to: path.join(disk.path, "out") }, {})).rejects.toMatchObject({
    code: "disk-read-only",
    exit: 7,
  });
  disk.remount("rw");
});

test("T15: what somebody else wrote in the folder meanwhile stays, and the copy is refused", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const { root } = await store.capture(source(), { reason: "manual" });
  const around = fs.mkdtempSync(path.join(tmpdir(), "snap-out-"));
  const to = path.join(around, "out");
  const onProgress = (): void => fs.writeFileSync(path.join(to, "a"), "mine");
  await expect(store.copyOut({ root, to }, { onProgress })).rejects.toMatchObject({
    code: "refused",
  });
  expect(fs.readdirSync(to)).toEqual(["a"]);
  expect(fs.readFileSync(path.join(to, "a"), "utf8")).toBe("mine");
  fs.rmSync(around, { recursive: true });
});

test("the first files are written while most of the snapshot is still to be read", async () => {
  using scratch = new ScratchStore();
  const many = new MemorySource();
  for (let file = 0; file < 1_000; file += 1) many.write(`d${file}/f`, `${file}`);
  const { root } = await (await scratch.open()).capture(many, { reason: "manual" });
  const around = fs.mkdtempSync(path.join(tmpdir(), "snap-out-"));
  const here = runnerHere(nodeCopyDisk);
  const foldersAtFirst: number[] = [];
  const runner: JobRunner = {
    ...here,
    run: (job) => {
      foldersAtFirst.push(fs.readdirSync(path.join(around, staging)).length);
      return here.run(job);
    },
  };
  const files = new DiskStoreFiles(scratch.top, seededRng(1));
  const packs = await loadPacks(files, silentLogger);
  const parts = { files, packs, disk: nodeCopyDisk, runner };
  expect(await copyOut(parts, { root, to: around }, {})).toMatchObject({ files: 1_000 });
  expect(foldersAtFirst[0]).toBeLessThan(800);
  fs.rmSync(around, { recursive: true });
});

test("N38: what the system does not let this user give away is whole, and told", async () => {
  using scratch = new ScratchStore();
  const owner = { owner: "1000:33" };
  const source = new MemorySource()
    .folder("d", owner)
    .folder("d/e", owner)
    .write("d/e/f", "1", owner)
    .write("d/none", "", owner)
    .write("d/long", Buffer.alloc(9_000_000, 7), owner);
  const { root } = await (await scratch.open()).capture(source, { reason: "manual" });
  const around = fs.mkdtempSync(path.join(tmpdir(), "snap-out-"));
  const given: unknown[] = [];
  const refuse =
    <A>(call: (at: A, stamp: CopyStamp) => boolean) =>
    (at: A, { owner: to, ...stamp }: CopyStamp): boolean => {
      given.push(to);
      return call(at, stamp) && to === undefined;
    };
  const { finish, settle } = nodeCopyDisk;
  const disk: CopyDisk = { ...nodeCopyDisk, finish: refuse(finish), settle: refuse(settle) };
  const files = new DiskStoreFiles(scratch.top, seededRng(1));
  const parts = {
    files,
    packs: await loadPacks(files, silentLogger),
    disk,
    runner: runnerHere(disk),
  };
  const left: string[] = [];
  const request = {
    root,
    to: around,
    owners: true,
    onLeft: ({ path: at }: LeftOut) => left.push(at),
  };
  expect(await copyOut(parts, request, {})).toMatchObject({ files: 3, folders: 2, left: 5 });
  expect(left.toSorted()).toEqual(["d", "d/e", "d/e/f", "d/long", "d/none"]);
  expect(fs.readFileSync(path.join(around, "d/e/f"), "utf8")).toBe("1");
  expect(given).toEqual(Array.from({ length: 5 }, () => "1000:33"));
  fs.rmSync(path.join(around, "d"), { recursive: true });
  given.length = 0;
  const archive = { ...root, reason: "import" } as const;
  await copyOut(parts, { ...request, root: archive }, {});
  expect(given, "an archive may call others by these numbers").toEqual(given.map(() => undefined));
  fs.rmSync(around, { recursive: true });
});

test("X2: a link that takes the place of a folder in the last moment is not followed", () => {
  const around = fs.mkdtempSync(path.join(tmpdir(), "snap-out-"));
  const victim = path.join(around, "victim");
  fs.mkdirSync(victim, { mode: 0o755 });
  fs.symlinkSync(victim, path.join(around, "d"));
  expect(() => nodeCopyDisk.settle(path.join(around, "d"), { mode: 0o777 })).toThrow(
    /ENOTDIR|ELOOP/u,
  );
  expect(fs.statSync(victim).mode & 0o777).toBe(0o755);
  fs.rmSync(around, { recursive: true });
});
