import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { Box, treeOf } from "../support/snap-process.ts";
import { SmallDisk } from "../support/small-disk.ts";

const mebibyte = 1024 * 1024;

/** Bytes that no compressor takes back. */
function noise(sizeBytes: number): Buffer {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(Math.min(sizeBytes, 65_536)))).subarray(
    0,
    sizeBytes,
  );
}

test("a home on a full disk: capture and sync end with 7, earlier snapshots stay whole, and room heals it", async () => {
  using disk = SmallDisk.mount(24 * mebibyte);
  if (disk === undefined) return;
  using box = new Box();
  const env = { SNAP_HOME: path.join(disk.path, "home") };
  const snap = (...words: readonly string[]) => box.snap(words, { env });
  box.write("a.txt", "one");
  expect((await snap("login", "--local")).code).toBe(0);
  expect((await snap("link", box.workspace, "/w")).code).toBe(0);
  expect((await snap("sync")).code).toBe(0);
  expect((await snap("capture", "--label", "early")).code).toBe(0);
  for (let number = 0; number < 400; number += 1) {
    writeFileSync(path.join(box.workspace, `noise ${number}`), noise(60_000));
  }
  const makeRoom = disk.fill();
  const before = box.tree();
  const captured = await snap("capture", "--label", "late");
  expect(captured.code, captured.stderr).toBe(7);
  expect(captured.stderr).toMatch(/full|room|space/i);
  const synced = await snap("sync");
  expect([4, 7], synced.stderr + synced.stdout).toContain(synced.code);
  expect(box.tree()).toEqual(before);
  makeRoom();
  for (const name of readdirSync(box.workspace)) {
    if (name.startsWith("noise") && !name.endsWith("7")) rmSync(path.join(box.workspace, name));
  }
  expect((await snap("verify", "--level", "2")).code).toBe(0);
  expect((await snap("sync")).code).toBe(0);
  expect((await snap("capture")).code).toBe(0);
  expect((await snap("verify", "latest", "--level", "4")).code).toBe(0);
});

test("a workspace on a full disk: what does not fit waits, nothing is lost, and room heals it", async () => {
  using disk = SmallDisk.mount(36 * mebibyte);
  if (disk === undefined) return;
  using box = new Box();
  const small = path.join(disk.path, "workspace");
  mkdirSync(small);
  await box.expectExit(0, "login", "--local");
  await box.expectExit(0, "link", box.workspace, "/w");
  for (let number = 0; number < 80; number += 1) {
    writeFileSync(path.join(box.workspace, `noise ${number}`), noise(60_000));
  }
  await box.expectExit(0, "sync");
  expect((await box.snap(["link", small, "/w"], { cwd: small })).code).toBe(0);
  const held = await box.snap(["sync"], { cwd: small });
  expect([4, 7], held.stderr + held.stdout).toContain(held.code);
  disk.grow(80 * mebibyte);
  expect((await box.snap(["sync"], { cwd: small })).code).toBe(0);
  expect(treeOf(small)).toEqual(box.tree());
});

test("a workspace on a read-only disk: a download ends with 4 or 7 and says so, the cloud is not touched", async () => {
  using disk = SmallDisk.mount(64 * mebibyte);
  if (disk === undefined) return;
  using box = new Box();
  const fixed = path.join(disk.path, "workspace");
  mkdirSync(fixed);
  box.write("a.txt", "one");
  await box.expectExit(0, "login", "--local");
  await box.expectExit(0, "link", box.workspace, "/w");
  await box.expectExit(0, "sync");
  expect((await box.snap(["link", fixed, "/w"], { cwd: fixed })).code).toBe(0);
  expect((await box.snap(["sync"], { cwd: fixed })).code).toBe(0);
  box.write("a.txt", "two");
  await box.expectExit(0, "sync");
  disk.remount("ro");
  const ended = await box.snap(["sync"], { cwd: fixed });
  expect([4, 7], ended.stderr + ended.stdout).toContain(ended.code);
  expect(ended.stderr + ended.stdout).toMatch(/read-only/i);
  disk.remount("rw");
  expect((await box.snap(["sync"], { cwd: fixed })).code).toBe(0);
  expect(treeOf(fixed)).toEqual({ "a.txt": "two" });
});

test("a read-only home ends with 7 and says so", async () => {
  using disk = SmallDisk.mount(4 * mebibyte);
  if (disk === undefined) return;
  using box = new Box();
  disk.remount("ro");
  const ended = await box.snap(["login", "--local"], {
    env: { SNAP_HOME: path.join(disk.path, "home") },
  });
  expect(ended.code, ended.stderr).toBe(7);
  expect(ended.stderr).toMatch(/read-only/i);
});
