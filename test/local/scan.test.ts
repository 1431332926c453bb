import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync, renameSync } from "node:fs";
import { expect, test } from "vitest";
import type { Disk } from "../../src/local/disk.ts";
import { plannedDisk, quickDisk } from "./stopping-disk.ts";
import { rel, Scratch } from "./scratch.ts";

test("S14, S22: a listing has every entry by byte order, links unfollowed, .snap left out", async () => {
  using scratch = new Scratch({
    "b.txt": "12345",
    "a/": "",
    ".snap/root.json": "{}",
    "\u00e9": "",
    link: "->/etc/passwd",
    Z: "",
  });
  execFileSync("mkfifo", [scratch.at("pipe")]);
  const listing = await scratch.side().list(rel(""));
  expect(listing.entries.map(({ name, kind, size }) => [name, kind, size])).toEqual([
    ["Z", "file", 0],
    ["a", "folder", 0],
    ["b.txt", "file", 5],
    ["link", "symlink", 0],
    ["pipe", "special", 0],
    ["\u00e9", "file", 0],
  ]);
  expect(listing.entries[3]?.linkTarget).toBe("/etc/passwd");
  expect(listing).toMatchObject({ path: "", unsyncable: [], trouble: undefined });
});

test("S14: names that are no UTF-8 are listed with their bytes escaped", async () => {
  using scratch = new Scratch({ good: "" });
  for (const bytes of [
    [0x63, 0xe9],
    [0xed, 0xa0, 0x80],
  ]) {
    writeFileSync(Buffer.concat([Buffer.from(`${scratch.top}/`), Buffer.from(bytes)]), "x");
  }
  const listing = await scratch.side().list(rel(""));
  expect(listing.entries.map((entry) => entry.name)).toEqual(["good"]);
  expect(listing.unsyncable).toEqual([String.raw`c\xe9`, String.raw`\xed\xa0\x80`]);
  expect(listing.odd.map(({ name, size }) => [name, size])).toEqual([
    ["c\udce9", 1],
    ["\udced\udca0\udc80", 1],
  ]);
});

test("S14: a name may begin with a byte order mark, or hold the character that stands for bytes that are none", async () => {
  using scratch = new Scratch({ "\ufeffa": "", "\ufffd": "", "d/\ufffd": "" });
  writeFileSync(Buffer.concat([Buffer.from(`${scratch.top}/`), Buffer.from([0xff])]), "x");
  const listing = await scratch.side().list(rel(""));
  expect(listing.entries.map((entry) => entry.name)).toEqual(["d", "\ufeffa", "\ufffd"]);
  expect(listing.unsyncable).toEqual([String.raw`\xff`]);
  const inside = await scratch.side().list(rel("d"));
  expect(inside).toMatchObject({ entries: [{ name: "\ufffd" }], unsyncable: [] });
});

test("S20: names of one file with several links are in one group, others in none", async () => {
  using scratch = new Scratch({ a: "x", c: "y" });
  linkSync(scratch.at("a"), scratch.at("b"));
  const { entries } = await scratch.side().list(rel(""));
  const [a, b, c] = entries;
  expect(a?.linkGroup).toBeDefined();
  expect(a?.linkGroup).toBe(b?.linkGroup);
  expect(a?.fileId).toBe(b?.fileId);
  expect(c && "linkGroup" in c).toBe(false);
});

test("S18: an edit with its mtime set back changes the stamp", async () => {
  using scratch = new Scratch({ a: "one" });
  const side = scratch.side();
  const before = await side.setMetadata(rel("a"), { modifiedNs: "1700000000000000000" });
  writeFileSync(scratch.at("a"), "two");
  const after = await side.setMetadata(rel("a"), { modifiedNs: "1700000000000000000" });
  expect(after.modifiedNs).toBe(before.modifiedNs);
  expect(after.fileId).toBe(before.fileId);
  expect(after.stamp).not.toBe(before.stamp);
});

test.each([
  ["a missing folder", "gone", "not-found"],
  ["a file", "file", "conflict"],
  ["a symlink to a folder", "link", "conflict"],
  ["a folder behind a symlink", "link/inner", "conflict"],
])("S29: trouble with %s is part of its listing", async (_, path, code) => {
  using scratch = new Scratch({ file: "", "real/inner/": "" });
  symlinkSync("real", scratch.at("link"));
  const listing = await scratch.side().list(rel(path));
  expect(listing.entries).toEqual([]);
  expect(listing.trouble).toMatchObject({ name: "SnapError", code });
});

test.each([
  ["EACCES", "permission-denied"],
  ["EIO", "disk-error"],
  ["EMFILE", "volatile"],
])("S29: %s while a folder is read is %s", async (system, code) => {
  using scratch = new Scratch({ "a/b": "" });
  const { disk } = plannedDisk({ never: { call: "readNames", code: system } });
  expect((await scratch.side(disk).list(rel("a"))).trouble).toMatchObject({ code, path: "a" });
});

test("S22: without its top there is no workspace, in any call", async () => {
  using scratch = new Scratch();
  const side = scratch.side();
  rmSync(scratch.top, { recursive: true });
  symlinkSync(scratch.root, scratch.top);
  const missing = expect.objectContaining({ code: "workspace-missing" });
  await expect(side.list(rel(""))).rejects.toThrow(missing);
  await expect(side.readMarker()).rejects.toThrow(missing);
  await expect(side.stat(rel("a"))).rejects.toThrow(missing);
  await expect(side.freeBytes()).rejects.toThrow(missing);
});

test("a stat of what is not there is undefined, also where its folder is not there", async () => {
  using scratch = new Scratch({ a: "x" });
  const side = scratch.side();
  expect(await side.stat(rel("b"))).toBeUndefined();
  expect(await side.stat(rel("no/b"))).toBeUndefined();
  expect((await side.stat(rel("")))?.kind).toBe("folder");
  await expect(side.stat(rel("a/b"))).rejects.toThrow(
    expect.objectContaining({ code: "conflict" }),
  );
});

test("X25: names of object members are names", async () => {
  using scratch = new Scratch({ __proto__x: "", constructor: "" });
  mkdirSync(scratch.at("__proto__"));
  const { entries } = await scratch.side().list(rel(""));
  expect(entries.map((entry) => entry.name)).toEqual(["__proto__", "__proto__x", "constructor"]);
});

test.each(["before", "while"])(
  "X2: a folder that becomes a link %s its entries are looked at is in trouble, and nothing of the other is told",
  async (when) => {
    using scratch = new Scratch({ "a/secret": "", "a/z": "" });
    mkdirSync(`${scratch.root}/elsewhere`);
    writeFileSync(`${scratch.root}/elsewhere/secret`, "longer");
    const swap = (): void => {
      renameSync(scratch.at("a"), scratch.at("b"));
      symlinkSync(`${scratch.root}/elsewhere`, scratch.at("a"));
    };
    const disk: Disk = {
      ...quickDisk,
      readNames: (path) => {
        const names = quickDisk.readNames(path);
        if (when === "before") swap();
        return names;
      },
      lstat: (path) => {
        if (when === "while" && String(path).endsWith("/a/secret")) swap();
        return quickDisk.lstat(path);
      },
    };
    const listing = await scratch.side(disk).list(rel("a"));
    expect(listing.entries).toEqual([]);
    expect(listing.trouble).toMatchObject({ code: "conflict", path: "a" });
  },
);
