import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { tarHeaders } from "../../src/snapshot/tar-header.ts";
import { end, good, imported, member, raw, resultOf } from "./made-archives.ts";
import { ScratchStore } from "./scratch-store.ts";

describe("X13: bounds and damage", () => {
  const refused = async (bytes: Uint8Array): Promise<unknown> => {
    using scratch = new ScratchStore();
    const store = await scratch.open();
    const error: unknown = await imported(store, bytes).catch((each: unknown) => each);
    expect(await store.list()).toEqual([]);
    expect(scratch.names("tmp")).toEqual([]);
    return error;
  };

  test.each<[string, string, Buffer]>([
    ["no archive", "usage", Buffer.from("hello, this is a text".repeat(100))],
    ["nothing", "usage", Buffer.alloc(0)],
    ["an archive without an end", "damaged", good],
    [
      "a size beyond the end",
      "damaged",
      Buffer.concat([member({ name: "x", content: "x" }).subarray(0, 600)]),
    ],
    [
      "a header with a wrong sum",
      "damaged",
      Buffer.concat([good, Buffer.from("garbage ".repeat(64)), end]),
    ],
    ["a second archive behind the first", "damaged", Buffer.concat([good, end, good, end])],
    [
      "a pax header beyond 1 MiB",
      "too-large",
      Buffer.concat([raw("x", "p", "x".repeat(1_100_000)), good, end]),
    ],
    [
      "a long name beyond 1 MiB",
      "too-large",
      Buffer.concat([raw("L", "p", "x".repeat(1_100_000)), good, end]),
    ],
    [
      "a pax record that lies about its length",
      "damaged",
      Buffer.concat([raw("x", "p", "99 path=x\n"), good, end]),
    ],
    [
      "a pax record without a length",
      "damaged",
      Buffer.concat([raw("x", "p", "path=x\n"), good, end]),
    ],
    [
      "a pax size that is none",
      "damaged",
      Buffer.concat([raw("x", "p", "12 size=-12\n"), good, end]),
    ],
    [
      "a packed archive that is cut off",
      "damaged",
      gzipSync(Buffer.concat([good, end])).subarray(0, 60),
    ],
    [
      "a damaged zstd frame",
      "damaged",
      Buffer.concat([
        zstdCompressSync(Buffer.concat([good, end])).subarray(0, -3),
        Buffer.from("xyz"),
      ]),
    ],
    [
      "a manifest that is none",
      "damaged",
      Buffer.concat([member({ name: ".snap/manifest.jsonl", content: "no\n" }), end]),
    ],
    [
      "a manifest with a path that climbs",
      "damaged",
      Buffer.concat([
        member({ name: ".snap/manifest.jsonl", content: '{"p":"../x","t":"d"}\n' }),
        end,
      ]),
    ],
  ])("%s is refused as a whole", async (_what, code, bytes) => {
    expect(await refused(bytes)).toMatchObject({ code });
  });

  test("an archive that grows beyond all bounds is refused, the same archive unpacked is not", async () => {
    const zeros = Buffer.alloc(80 * 2 ** 20);
    const parts = [
      tarHeaders({
        name: Buffer.from("zeros"),
        type: "File",
        size: zeros.length,
        mode: 0o644,
        modifiedNs: "0",
      }),
      zeros,
      end,
    ];
    const tar = Buffer.concat(parts);
    expect(await refused(gzipSync(tar))).toMatchObject({ code: "too-large" });
    expect(await refused(zstdCompressSync(tar))).toMatchObject({ code: "too-large" });
    expect((await resultOf(tar)).root.counts.bytes).toBe(zeros.length);
  });

  test("an import that is interrupted leaves no snapshot", async () => {
    using scratch = new ScratchStore();
    const store = await scratch.open();
    const controller = new AbortController();
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (let at = 0; ; at += 1) {
        if (at === 50) controller.abort();
        yield member({ name: `f${at}`, content: "x".repeat(1000) });
      }
    }
    const { signal } = controller;
    await expect(imported(store, endless(), { signal })).rejects.toMatchObject({
      code: "interrupted",
    });
    expect(await store.list()).toEqual([]);
    expect(scratch.names("tmp")).toEqual([]);
  });
});

describe("X12: a manifest in an archive", () => {
  const manifest = (...lines: readonly object[]): Buffer =>
    member({
      name: ".snap/manifest.jsonl",
      content: lines.map((line) => `${JSON.stringify(line)}\n`).join(""),
    });
  const link = member({ name: "l", type: "SymbolicLink", target: "good" });

  test("does not make another link of a member, nor one that leads out", async () => {
    using scratch = new ScratchStore();
    const store = await scratch.open();
    const lying = Buffer.concat([manifest({ p: "l", t: "l", l: "/etc" }), link, end]);
    await expect(imported(store, lying)).rejects.toMatchObject({ code: "damaged" });
    const { paths, left, root } = await resultOf(
      Buffer.concat([manifest({ p: "l", t: "l", l: "/etc" }), good, end]),
    );
    expect(paths).toEqual(["good"]);
    expect(left).toEqual(["l: Refused: the link leads out of the archive"]);
    expect(root.completeness).toBe("partial");
  });

  test("is told with its member once, and counts only as the first one", async () => {
    const outward = member({ name: "l", type: "SymbolicLink", target: "/etc" });
    const twice = await resultOf(
      Buffer.concat([manifest({ p: "l", t: "l", l: "/etc" }), outward, end]),
    );
    expect(twice.left).toEqual(["l: Refused: the link leads out of the archive"]);
    const late = await resultOf(Buffer.concat([good, manifest({ p: "x", t: "d" }), end]));
    expect(late.paths).toEqual(["good"]);
    expect(late.left).toEqual([expect.stringContaining("program's own name")]);
  });

  test("X9: brings no special bits, and no content that is not there", async () => {
    const lines = [
      { p: "d", t: "d", x: "7777" },
      { p: "f", t: "f", s: 1, b: ["1".repeat(64)] },
    ];
    const folder = member({ name: "d/", type: "Directory" });
    using scratch = new ScratchStore();
    const store = await scratch.open();
    await expect(
      imported(store, Buffer.concat([manifest(...lines), folder, end])),
    ).rejects.toMatchObject({ code: "damaged", path: "f" });
    const { entries } = await resultOf(
      Buffer.concat([manifest({ p: "d", t: "d", x: "7777" }), folder, end]),
    );
    expect(entries[0]?.mode).toBe("777");
  });
});
