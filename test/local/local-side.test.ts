import { lstatSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { plannedDisk, Stopped } from "./stopping-disk.ts";
import { rel, Scratch } from "./scratch.ts";

test("S10: the root marker is written whole, read back, and removed", async () => {
  using scratch = new Scratch();
  const side = scratch.side();
  expect(await side.readMarker()).toBeUndefined();
  await side.writeMarker({ workspace: "w1", link: "l1", generation: 7 });
  await side.writeMarker({ workspace: "w1", generation: 8 });
  expect(await side.readMarker()).toEqual({ workspace: "w1", generation: 8 });
  expect(Object.keys(scratch.user())).toEqual([]);
  expect(lstatSync(scratch.at(".snap")).mode & 0o777).toBe(0o700);
  expect(lstatSync(scratch.at(".snap/root.json")).mode & 0o777).toBe(0o600);
  await side.removeMarker();
  await side.removeMarker();
  expect(await side.readMarker()).toBeUndefined();
});

test.each([
  "",
  "{",
  "[]",
  "null",
  `{"workspace":1,"generation":1}`,
  `{"workspace":"w"}`,
  `{"workspace":"w","generation":1,"excluded":"d"}`,
  `{"workspace":"w","generation":1,"excluded":[1]}`,
  `{"workspace":"w","generation":1,"excluded":["d/../../x"]}`,
])("a marker that reads %j is none", async (text) => {
  using scratch = new Scratch({ ".snap/root.json": text });
  expect(await scratch.side().readMarker()).toBeUndefined();
});

test("S116: the marker names what is excluded, however many folders; one without that line is read, too", async () => {
  using scratch = new Scratch();
  const side = scratch.side();
  const excluded = Array.from({ length: 2_000 }, (_, at) => rel(`folder ${at}/s`));
  await side.writeMarker({ workspace: "w", generation: 1, excluded });
  expect(await side.readMarker()).toEqual({ workspace: "w", generation: 1, excluded });
  const tooMany = Array.from({ length: 5_000 }, (_, at) => rel(`${"x".repeat(1_000)}${at}`));
  const writing = side.writeMarker({ workspace: "w", generation: 2, excluded: tooMany });
  await expect(writing).rejects.toMatchObject({ code: "settings-invalid" });
  expect(await side.readMarker(), "the old one stays").toMatchObject({ generation: 1, excluded });
  writeFileSync(scratch.at(".snap/root.json"), `{"workspace":"w","link":"l","generation":3}\n`);
  expect(await side.readMarker()).toEqual({ workspace: "w", link: "l", generation: 3 });
});

test("a marker that is a link is none, and is replaced, not followed", async () => {
  using scratch = new Scratch({ ".snap/": "", victim: "kept" });
  symlinkSync("../victim", scratch.at(".snap/root.json"));
  expect(await scratch.side().readMarker()).toBeUndefined();
  await scratch.side().writeMarker({ workspace: "w", generation: 1 });
  expect(scratch.read("victim")).toBe("kept");
});

test("S73: the marker is the old one or the new one wherever its writing stops", async () => {
  for (let at = 0; ; at += 1) {
    using scratch = new Scratch();
    await scratch.side().writeMarker({ workspace: "w", generation: 1 });
    const { disk, calls } = plannedDisk({ stop: { at, when: "before" } });
    const stopped = await scratch
      .side(disk)
      .writeMarker({ workspace: "w", generation: 2 })
      .then(() => false)
      .catch((error: unknown) => error instanceof Stopped);
    const marker = await scratch.side().readMarker();
    expect([1, 2]).toContain(marker?.generation);
    if (calls.length <= at) {
      expect(stopped).toBe(false);
      break;
    }
  }
});

test("S67: a folder is made, or adopted if one is there; anything else is in the way", async () => {
  using scratch = new Scratch({ "there/": "", file: "x" });
  const side = scratch.side();
  const made = await side.makeFolder(rel("new"));
  expect(made).toMatchObject({ kind: "folder", mode: 0o777 & ~process.umask() });
  expect((await side.makeFolder(rel("there"))).kind).toBe("folder");
  await expect(side.makeFolder(rel("file"))).rejects.toThrow(
    expect.objectContaining({ code: "place-taken" }),
  );
  await expect(side.makeFolder(rel("no/sub"))).rejects.toThrow(
    expect.objectContaining({ code: "not-found" }),
  );
  await expect(side.makeFolder(rel("n".repeat(256)))).rejects.toThrow(
    expect.objectContaining({ code: "name-refused" }),
  );
});

test("X9: mode and mtime are set without special bits, a link's mtime without its target's", async () => {
  using scratch = new Scratch({ a: "x", l: "->a", "d/": "" });
  const side = scratch.side();
  const modifiedNs = "1600000000000000000";
  expect(await side.setMetadata(rel("a"), { mode: 0o7640, modifiedNs })).toMatchObject({
    mode: 0o640,
    modifiedNs,
  });
  expect((await side.setMetadata(rel("d"), { modifiedNs })).modifiedNs).toBe(modifiedNs);
  await side.setMetadata(rel("l"), { modifiedNs: "1500000000000000000" });
  expect((await side.stat(rel("a")))?.modifiedNs).toBe(modifiedNs);
  expect((await side.stat(rel("l")))?.modifiedNs).toBe("1500000000000000000");
  const early = await side.setMetadata(rel("a"), { modifiedNs: "-5000000000" });
  expect(early.modifiedNs, "before 1970").toBe("-5000000000");
  await expect(side.setMetadata(rel("gone"), {})).rejects.toThrow(
    expect.objectContaining({ code: "not-found" }),
  );
});

test("nothing is touched before the first call, and free space is told", async () => {
  using scratch = new Scratch();
  const { disk, calls } = plannedDisk({});
  const side = scratch.side(disk);
  expect(calls).toEqual([]);
  expect(side.top).toBe(scratch.top);
  expect((await side.freeBytes()) > 0n).toBe(true);
  rmSync(scratch.top, { recursive: true });
  writeFileSync(scratch.top, "");
  await expect(side.freeBytes()).rejects.toThrow(
    expect.objectContaining({ code: "workspace-missing" }),
  );
});
