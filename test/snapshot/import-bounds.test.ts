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
