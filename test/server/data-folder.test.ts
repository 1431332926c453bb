import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { seededRng } from "../../src/std/random.ts";
import { makeOnce } from "../../src/server/front/private-file.ts";
import { openDataFolder } from "../../src/server/store/data-folder.ts";
import { CheckedServer } from "../support/checked-server.ts";
import { SmallDisk } from "../support/small-disk.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "snap-data-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Open a data folder and let it go again. */
async function openOnce(data: string): Promise<void> {
  const opened = await openDataFolder(data, seededRng(1));
  opened.database.close();
  opened.release();
}

/** A path below the test's folder that is exactly so many bytes long. */
function pathOf(bytes: number): string {
  let path = folder;
  while (path.length + 102 < bytes) path += `/${"d".repeat(100)}`;
  return `${path}/${"e".repeat(bytes - path.length - 1)}`;
}

test.skipIf(process.platform !== "linux")(
  "V14: a place where no folder can be made is told, and not tried for ever",
  async () => {
    await expect(openOnce("/proc/x/y")).rejects.toMatchObject({ code: "disk-error", exit: 7 });
    const file = { path: "/proc/x/ca.key", text: "key", mode: 0o600, rng: seededRng(1) };
    await expect(makeOnce(file)).rejects.toMatchObject({ code: "disk-error" });
  },
);

test("V14: parents are made, closed to others; what stands in the way is told", async () => {
  await openOnce(join(folder, "a/b/c"));
  for (const made of ["a", "a/b", "a/b/c"]) {
    expect(statSync(join(folder, made)).mode & 0o777, made).toBe(0o700);
  }
  await writeFile(join(folder, "file"), "");
  await symlink(join(folder, "nowhere"), join(folder, "dangling"));
  for (const taken of ["file", "file/data", "dangling"]) {
    const opening = openOnce(join(folder, taken));
    await expect(opening, taken).rejects.toMatchObject({ code: "disk-error" });
  }
});

test("V14: a path that SQLite cannot take is refused before anything is made", async () => {
  const longest = pathOf(490);
  await openOnce(longest);
  await rm(join(folder, "d".repeat(100)), { recursive: true });
  const tooLong = { code: "path-invalid", exit: 2 };
  await expect(openOnce(pathOf(491))).rejects.toMatchObject(tooLong);
  await expect(openOnce(join(folder, "f", "n".repeat(256)))).rejects.toMatchObject(tooLong);
  await expect(openOnce(join(folder, "ü".repeat(128)))).rejects.toMatchObject(tooLong);
  expect(await readdir(folder)).toEqual([]);
});

test("V7: a lock file that holds something else is damaged, and stays as it is", async () => {
  const lock = join(folder, "lock.sqlite");
  await writeFile(lock, Buffer.alloc(8192, "no database "));
  await expect(openOnce(folder)).rejects.toMatchObject({ code: "damaged", exit: 5, path: lock });
  expect(await readdir(folder)).toEqual(["lock.sqlite"]);
  await rm(lock);
  await mkdir(lock);
  await expect(openOnce(folder)).rejects.toMatchObject({ code: "disk-error", exit: 7 });
});

test("V7: a disk without room for the lock, or one that is only read, is told as such", async () => {
  using disk = SmallDisk.mount(64 * 1024);
  if (disk === undefined) return;
  const data = join(disk.path, "data");
  await mkdir(data);
  const filler = join(disk.path, "filler");
  await expect(writeFile(filler, Buffer.alloc(128 * 1024))).rejects.toThrow("ENOSPC");
  await expect(openOnce(data)).rejects.toMatchObject({ code: "disk-full", exit: 7 });
  await rm(filler);
  disk.remount("ro");
  const reading = { code: "disk-error", exit: 7 };
  await expect(openOnce(data)).rejects.toMatchObject(reading);
  await expect(openOnce(join(disk.path, "other"))).rejects.toMatchObject(reading);
  disk.remount("rw");
  await rm(data, { recursive: true });
  await mkdir(data);
  await writeFile(join(data, "lock.sqlite"), "");
  disk.remount("ro");
  await expect(openOnce(data)).rejects.toMatchObject(reading);
});

test("V78: in a folder that others may look into, they can read nothing that the server made", async () => {
  await chmod(folder, 0o755);
  const before = process.umask(0);
  try {
    await using checked = await CheckedServer.open({ data: folder });
    await checked.upload("/large", Buffer.alloc(100_000, 1));
    const names = ["server.sqlite", "server.sqlite-wal", "server.sqlite-shm", "lock.sqlite"];
    for (const name of names) {
      expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600);
    }
    expect(statSync(join(folder, "blocks")).mode & 0o777).toBe(0o700);
    expect(statSync(folder).mode & 0o777, "the user's own folder").toBe(0o755);
  } finally {
    process.umask(before);
  }
});

test("V7: an attempt on a folder that is held does not loosen the lock", async () => {
  const held = await openDataFolder(folder, seededRng(1));
  // Within one process SQLite counts its locks itself; another one sees those of the system.
  await expect(openOnce(folder)).rejects.toMatchObject({ code: "busy", exit: 6 });
  const take = `new (require("node:sqlite").DatabaseSync)(process.argv[1]).exec("BEGIN EXCLUSIVE")`;
  const words = ["-e", take, join(folder, "lock.sqlite")];
  const other = () => spawnSync(process.execPath, words, { encoding: "utf8" });
  expect(other().stderr).toContain("database is locked");
  held.database.close();
  held.release();
  expect(other().status).toBe(0);
});
