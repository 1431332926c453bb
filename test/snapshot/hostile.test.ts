import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hash } from "node:crypto";
import { encodeSidecar } from "../../src/core/snapshot/pack-index.ts";
import { encodeRoot, sealRoot } from "../../src/core/snapshot/root.ts";
import { compressFrame } from "../../src/snapshot/compress-frame.ts";
import { endOfArchive, tarEntry } from "../../src/snapshot/frame.ts";
import { rootFileName } from "../../src/snapshot/root-files.ts";
import { MemorySource, memoryFacts } from "../support/memory-source.ts";
import { ScratchStore, all } from "./scratch-store.ts";
import { atOnce } from "../../src/std/steps.ts";

function sha256(bytes: Uint8Array | string): string {
  return hash("sha256", bytes, "hex");
}

/** Put a metadata pack with these pieces in place, without asking what they are. */
async function plantPieces(scratch: ScratchStore, pieces: readonly Buffer[]): Promise<void> {
  const entries = pieces.map((piece) => tarEntry(`m/${sha256(piece)}.jsonl`, piece));
  const pack = compressFrame(Buffer.concat([...entries, endOfArchive]), { fast: false });
  const name = sha256(pack);
  mkdirSync(join(scratch.top, "meta", name.slice(0, 2)), { recursive: true });
  writeFileSync(join(scratch.top, "meta", name.slice(0, 2), `${name}.tar.zst`), pack);
}

/** A snapshot whose only page has these bytes, with every hash right. */
async function plant(
  scratch: ScratchStore,
  page: string,
  listed: { n: number; a: string },
): Promise<string> {
  await (await scratch.open()).capture(new MemorySource(), { reason: "manual" });
  const bytes = Buffer.from(page);
  const list = Buffer.from(`${JSON.stringify({ m: sha256(bytes), ...listed })}\n`);
  await plantPieces(scratch, [bytes, list]);
  const root = sealRoot({
    ...memoryFacts,
    format: 1,
    time: "2026-11-22T00:00:00Z",
    tool: "evil",
    completeness: "full",
    tags: [],
    reason: "manual",
    lists: [sha256(list)],
    counts: { files: 0, folders: 0, others: 0, bytes: 0 },
    stored: 0,
    left: { count: 0, items: [] },
  });
  scratch.write(`roots/${rootFileName(root)}`, encodeRoot(root));
  return root.id;
}

const good = '{"p":"a","t":"d"}\n';

test("a planted snapshot that is well made can be read", async () => {
  using scratch = new ScratchStore();
  const id = await plant(scratch, good, { n: 1, a: "a" });
  expect(await all((await scratch.open()).entries(id))).toEqual([
    { path: "a", type: "folder", flags: [] },
  ]);
});

describe("X12, X13, X27: a hostile manifest with right hashes is refused as damaged", () => {
  const digest = "ab".repeat(32);
  const pages: readonly (readonly [string, string, { n: number; a: string }])[] = [
    [
      "upward path",
      '{"p":"../../etc/cron.d/x","t":"f","s":0,"b":[]}\n',
      { n: 1, a: "../../etc/cron.d/x" },
    ],
    ["absolute path", '{"p":"/etc/passwd","t":"d"}\n', { n: 1, a: "/etc/passwd" }],
    ["our own folder", '{"p":".snap/root.json","t":"d"}\n', { n: 1, a: ".snap/root.json" }],
    ["bad JSON", "{p:1}\n", { n: 1, a: "a" }],
    ["no line feed", '{"p":"a","t":"d"}', { n: 1, a: "a" }],
    ["no text", "\u0000\n", { n: 1, a: "a" }],
    ["path twice", good + good, { n: 2, a: "a" }],
    ["out of order", '{"p":"b","t":"d"}\n{"p":"a","t":"d"}\n', { n: 2, a: "b" }],
    ["giant count in the list", good, { n: Number.MAX_SAFE_INTEGER, a: "a" }],
    ["count that is none", good, { n: 1e300, a: "a" }],
    ["another first path", good, { n: 1, a: "b" }],
    ["giant size", `{"p":"a","t":"f","s":9007199254740991,"b":["${digest}"]}\n`, { n: 1, a: "a" }],
    ["too many lines", '{"p":"a","t":"d"}\n'.repeat(600), { n: 600, a: "a" }],
  ];
  test.each(pages)("%s", async (_name, page, listed) => {
    using scratch = new ScratchStore();
    const id = await plant(scratch, page, listed);
    const store = await scratch.open();
    await expect(all(store.entries(id))).rejects.toMatchObject({ code: "damaged", exit: 5 });
    const events = await all(store.verify({ level: 0 }));
    expect(events.filter(({ type, what }) => type === "damaged" && what === "page")).toHaveLength(
      1,
    );
  });
});

test("a block that is in no pack is told by verification and by reading", async () => {
  using scratch = new ScratchStore();
  const digest = "ab".repeat(32);
  const id = await plant(scratch, `{"p":"a","t":"f","s":1,"b":["${digest}"]}\n`, { n: 1, a: "a" });
  const store = await scratch.open();
  const [entry] = await all(store.entries(id));
  await expect(
    all(store.open(entry ?? { path: "", type: "other", flags: [] })),
  ).rejects.toMatchObject({ code: "damaged" });
  const damage = (await all(store.verify({ level: 0 }))).filter(({ type }) => type === "damaged");
  expect(damage).toMatchObject([{ what: "block", name: digest, paths: ["a"] }]);
});

test("a piece that does not have the hash it is named by is refused", async () => {
  using scratch = new ScratchStore();
  const id = await plant(scratch, good, { n: 1, a: "a" });
  const pieces = Buffer.from(
    tarEntry(`m/${sha256(good)}.jsonl`, Buffer.from('{"p":"b","t":"d"}\n')),
  );
  const pack = compressFrame(Buffer.concat([pieces, endOfArchive]), { fast: false });
  for (const name of scratch.names("meta").filter((one) => one.endsWith(".tar.zst")))
    scratch.run("rm", name);
  const folder = join(scratch.top, "meta", sha256(pack).slice(0, 2));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${sha256(pack)}.tar.zst`), pack);
  await expect(all((await scratch.open()).entries(id))).rejects.toMatchObject({ code: "damaged" });
});

test("X13: a pack that unpacks to far more than its sidecar says is refused without unpacking it", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  await store.capture(new MemorySource().write("a", "1"), { reason: "manual" });
  scratch.run("rm", scratch.only("data", ".tar.zst"), scratch.only("data", ".idx"));
  const bomb = compressFrame(Buffer.alloc(60_000_000), { fast: false });
  const folder = join(scratch.top, "data", sha256(bomb).slice(0, 2));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${sha256(bomb)}.tar.zst`), bomb);
  const frames = [{ offset: 0, length: bomb.length, rawLength: 1000 }];
  const entries = [{ hash: sha256("1"), frame: 0, offset: 0, length: 10 }];
  writeFileSync(
    join(folder, `${sha256(bomb)}.idx`),
    atOnce(encodeSidecar({ packLength: bomb.length, frames, entries })),
  );
  const damage = (await all(store.verify({ level: 2 }))).filter(({ type }) => type === "damaged");
  expect(damage).toMatchObject([{ what: "block", name: sha256("1"), paths: ["a"] }]);
});

test("X13: a giant file in the place of a root is not read", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  await store.capture(new MemorySource().write("a", "1"), { reason: "manual" });
  scratch.run("truncate", "-s", "1T", `roots/20300101T000000Z-${"ab".repeat(8)}.json`);
  expect(await store.list()).toHaveLength(1);
  const damage = (await all(store.verify({ level: 0 }))).filter(({ type }) => type === "damaged");
  expect(damage).toMatchObject([{ what: "root" }]);
});
