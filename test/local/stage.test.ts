import { lstatSync, mkdirSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import type { StageRequest } from "../../src/core/plan/local-act.ts";
import { plannedDisk } from "./stopping-disk.ts";
import { rel, Scratch, staging, trash, treeOf } from "./scratch.ts";

function request(text: string, facts: Partial<StageRequest> = {}): StageRequest {
  const bytes = Buffer.from(text);
  const expect_ = { hash: contentHashOf(bytes), size: bytes.length };
  const content = { bytes: [bytes.subarray(0, 2), bytes.subarray(2)], expect: expect_ };
  return { to: { area: staging, path: rel("d/a.txt") }, content, ...facts };
}

describe("S64: staging", () => {
  test("writes checked content below .snap/, private until it is placed", async () => {
    using scratch = new Scratch();
    const stat = await scratch
      .side()
      .stage(request("hello", { mode: 0o6755, modifiedNs: "1700000000123456789" }));
    expect(scratch.area(staging)).toEqual({ "d/a.txt": "hello" });
    expect(stat).toMatchObject({ kind: "file", size: 5, mode: 0o755 });
    const offNs = BigInt(stat.modifiedNs) - 1_700_000_000_123_456_789n;
    expect(offNs > -1000n && offNs < 1000n, "to a microsecond").toBe(true);
    for (const folder of [".snap", ".snap/staging", ".snap/staging/op1/d"]) {
      expect(lstatSync(scratch.at(folder)).mode & 0o777).toBe(0o700);
    }
  });

  test.each(["-1500000000123456789", "-250000000", "-1999999000"])(
    "X9: sets a time before 1970: %s ns",
    async (modifiedNs) => {
      using scratch = new Scratch();
      const side = scratch.side();
      const isNear = (found: string): boolean => {
        const off = BigInt(found) - BigInt(modifiedNs);
        return off > -1000n && off < 1000n;
      };
      const staged = await side.stage(request("x", { modifiedNs }));
      expect(isNear(staged.modifiedNs), staged.modifiedNs).toBe(true);
      writeFileSync(scratch.at("f"), "");
      mkdirSync(scratch.at("d"));
      symlinkSync("f", scratch.at("l"));
      for (const path of ["f", "d", "l"]) {
        const stat = await side.setMetadata(rel(path), { modifiedNs });
        expect(isNear(stat.modifiedNs), `${path} ${stat.modifiedNs}`).toBe(true);
      }
    },
  );

  test("takes the mode of the umask where none is given", async () => {
    using scratch = new Scratch();
    const stat = await scratch.side().stage(request("x"));
    expect(stat.mode).toBe(0o666 & ~process.umask());
  });

  test.each([
    ["a wrong byte", { hash: contentHashOf(Buffer.from("hellO")), size: 5 }],
    ["too little", { hash: contentHashOf(Buffer.from("hello")), size: 6 }],
    ["too much", { hash: contentHashOf(Buffer.from("hello")), size: 4 }],
  ])("refuses %s and leaves no file", async (_, expected) => {
    using scratch = new Scratch();
    const content = { bytes: [Buffer.from("hello")], expect: expected };
    const staged = scratch.side().stage(request("", { content }));
    await expect(staged).rejects.toThrow(expect.objectContaining({ code: "content-wrong" }));
    expect(scratch.area(staging)).toEqual({ d: "/" });
  });

  test.each([
    ["write", "ENOSPC", "disk-full"],
    ["write", "EDQUOT", "disk-full"],
    ["sync", "EIO", "disk-error"],
    ["open", "EROFS", "disk-read-only"],
    ["mkdir", "EACCES", "permission-denied"],
  ] as const)("%s failing with %s is %s, and leaves no file", async (call, code, ours) => {
    using scratch = new Scratch();
    const { disk } = plannedDisk({ never: { call, code } });
    await expect(scratch.side(disk).stage(request("hello"))).rejects.toThrow(
      expect.objectContaining({ code: ours }),
    );
    expect(Object.values(scratch.area(staging)).filter((text) => text !== "/")).toEqual([]);
  });

  test("stops when it is interrupted", async () => {
    using scratch = new Scratch();
    const signal = AbortSignal.abort();
    await expect(scratch.side().stage(request("hello"), { signal })).rejects.toThrow(
      expect.objectContaining({ code: "interrupted" }),
    );
  });

  test("never writes over anything (X10)", async () => {
    using scratch = new Scratch();
    await scratch.side().stage(request("one"));
    await expect(scratch.side().stage(request("two"))).rejects.toThrow(
      expect.objectContaining({ code: "place-taken" }),
    );
    expect(scratch.area(staging)).toEqual({ "d/a.txt": "one" });
  });

  test("makes links and folders", async () => {
    using scratch = new Scratch();
    const side = scratch.side();
    const link = { linkTarget: "../elsewhere" };
    const linked = await side.stage({ to: { area: staging, path: rel("l") }, content: link });
    const made = await side.stage({
      to: { area: staging, path: rel("f") },
      content: { folder: true },
      mode: 0o750,
    });
    expect(linked).toMatchObject({ kind: "symlink", linkTarget: "../elsewhere" });
    expect(made).toMatchObject({ kind: "folder", mode: 0o750 });
    expect(readlinkSync(scratch.at(".snap/staging/op1/l"))).toBe("../elsewhere");
  });

  test("does not follow a .snap that is a link (X2)", async () => {
    using scratch = new Scratch();
    const outside = join(scratch.root, "outside");
    mkdirSync(outside);
    symlinkSync(outside, scratch.at(".snap"));
    await expect(scratch.side().stage(request("x"))).rejects.toThrow(
      expect.objectContaining({ code: "conflict" }),
    );
    expect(treeOf(outside)).toEqual({});
  });
});

describe("areas", () => {
  test("are listed by id, read, and removed with all that is in them", async () => {
    using scratch = new Scratch({ ".snap/staging/stray": "a file is no area" });
    const side = scratch.side();
    await scratch.stage("a/b/c", "deep");
    await scratch.stage("x", "other", { kind: "staging", id: "op2" });
    expect(await side.areas("staging")).toEqual([staging, { kind: "staging", id: "op2" }]);
    expect(await side.areas("undo")).toEqual([]);
    {
      await using file = await side.openInArea({ area: staging, path: rel("a/b/c") });
      expect(Buffer.from(await file.read(0, 10)).toString()).toBe("deep");
    }
    await side.removeArea(staging);
    await side.removeArea(staging);
    expect(await side.areas("staging")).toEqual([{ kind: "staging", id: "op2" }]);
  });

  test("X5: a link in an area is unlinked, what it leads to stays; read-only folders are no obstacle", async () => {
    using scratch = new Scratch();
    const outside = join(scratch.root, "outside");
    mkdirSync(outside);
    writeFileSync(join(outside, "kept"), "kept");
    mkdirSync(scratch.at(".snap/trash/op1/ro"), { recursive: true });
    symlinkSync(outside, scratch.at(".snap/trash/op1/ro/link"));
    const odd = Buffer.concat([Buffer.from(scratch.at(".snap/trash/op1/")), Buffer.from([0xff])]);
    writeFileSync(odd, "x");
    await scratch.side().removeArea(trash);
    expect(await scratch.side().areas("trash")).toEqual([]);
    expect(treeOf(outside)).toEqual({ kept: "kept" });
  });
});
