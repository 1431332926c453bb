import { execFileSync } from "node:child_process";
import {
  closeSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { SnapshotEntry } from "../../src/core/snapshot/entry.ts";
import { encodeEntry } from "../../src/core/snapshot/entry.ts";
import { tarHeaders } from "../../src/snapshot/tar-header.ts";
import { MemorySource } from "../support/memory-source.ts";
import { exported } from "./made-archives.ts";
import { ScratchStore, all, noise } from "./scratch-store.ts";

const manual = { reason: "manual" } as const;

/** Unpack with the system's tar, as root or not. */
function unpacked(scratch: ScratchStore, bytes: Buffer): string {
  const folder = join(scratch.top, "../out");
  mkdirSync(folder);
  execFileSync("tar", ["-xpf", "-", "-C", folder], { input: bytes, stdio: "pipe" });
  return folder;
}

const long = `${"d".repeat(120)}/${"ü".repeat(100)}/${"f".repeat(200)}`;

function tree(): MemorySource {
  const source = new MemorySource()
    .write("a.txt", "one", { mode: "640", modifiedNs: "1700000000123456789" })
    .write("empty", "", { modifiedNs: "-1500000000" })
    .write("line\nfeed", "x", { modifiedNs: "99999999999000000001" })
    .write("large", noise(9_000_000), { mode: "755" })
    .write(long, "deep")
    .folder("empty folder", { mode: "700", modifiedNs: "1600000000000000001" })
    .link("link", "a.txt")
    .link("long link", `${"t/".repeat(100)}ü`);
  const pathBytes = Buffer.from([0x6e, 0xff]).toString("base64");
  return source.entry({
    path: "n\\xff",
    pathBytes,
    type: "symlink",
    linkTarget: "a.txt",
    flags: [],
  });
}

test("N58: the system's tar gives every file, mode, time and link back", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = tree();
  const { root } = await store.capture(source, manual);
  const out = unpacked(scratch, await exported(store, root));
  expect(readFileSync(join(out, "a.txt"), "utf8")).toBe("one");
  expect(readFileSync(join(out, long), "utf8")).toBe("deep");
  expect(readFileSync(join(out, "line\nfeed"), "utf8")).toBe("x");
  expect(readFileSync(join(out, "large")).equals(noise(9_000_000))).toBe(true);
  expect(readlinkSync(join(out, "link"))).toBe("a.txt");
  expect(readlinkSync(join(out, "long link"))).toBe(`${"t/".repeat(100)}ü`);
  expect(readdirSync(join(out, "empty folder"))).toEqual([]);
  const stat = (path: string): string => {
    const { mode, mtimeNs } = lstatSync(join(out, path), { bigint: true });
    return `${(mode & 0o7777n).toString(8)} ${mtimeNs}`;
  };
  expect(stat("a.txt")).toBe("640 1700000000123456789");
  expect(stat("empty folder")).toBe("700 1600000000000000001");
  expect(stat("empty")).toBe("644 -1500000000");
  expect(stat("large")).toMatch(/^755 /);
  const names = readdirSync(out, { encoding: "buffer" }).map((name) => name.toString("hex"));
  expect(names).toContain("6eff");
});

test("N58: the manifest stands first, with every entry as the snapshot has it", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const { root } = await store.capture(tree(), manual);
  const bytes = await exported(store, root);
  const [first, second] = scratch.run("tar", "-tf", written(scratch, bytes)).split("\n");
  expect([first, second]).toEqual([".snap/manifest.jsonl", ".snap/export.json"]);
  const manifest = scratch.run("tar", "-xOf", written(scratch, bytes), ".snap/manifest.jsonl");
  const lines = (await all(store.entries(root.id))).map((entry) => `${encodeEntry(entry)}\n`);
  expect(manifest).toBe(lines.join(""));
});

function written(scratch: ScratchStore, bytes: Buffer): string {
  const file = join(scratch.top, "../archive.tar");
  writeFileSync(file, bytes);
  return file;
}

test("N58: equal content gives equal bytes, whatever store it comes from", async () => {
  using one = new ScratchStore();
  using other = new ScratchStore();
  const stores = [await one.open(), await other.open()] as const;
  // The other store has packs of another history.
  await stores[1].capture(new MemorySource().write("a.txt", "one").write("z", "z"), manual);
  const archives: Buffer[] = [];
  for (const store of stores) {
    const { root } = await store.capture(tree(), manual);
    const bytes = await exported(store, root);
    expect((await exported(store, root)).equals(bytes)).toBe(true);
    archives.push(withoutAbout(bytes));
  }
  expect(archives[0]?.length).toBeGreaterThan(9_000_000);
  expect(archives[0]?.equals(archives[1] ?? Buffer.alloc(0))).toBe(true);
});

/** Without what is said of the capture itself: its time, its parent, what it added to the store. */
function withoutAbout(archive: Buffer): Buffer {
  const at = archive.indexOf('{"format":1,"snapshot"');
  expect(at).toBeGreaterThan(0);
  const end = Math.ceil(archive.indexOf("\n", at) / 512) * 512;
  return Buffer.concat([archive.subarray(0, at - 512), archive.subarray(end)]);
}

test("N58: one file with several names is held once, and tar links the others", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = new MemorySource().write("a", noise(100_000)).write("b/c", noise(100_000));
  source.write("odd", "changed meanwhile");
  const plain = source.entries.bind(source);
  source.entries = async function* (onLeft) {
    for await (const run of plain(onLeft))
      yield run.map((entry) => (entry.type === "file" ? { ...entry, linkGroup: "7" } : entry));
  };
  const { root } = await store.capture(source, manual);
  const bytes = await exported(store, root);
  expect(bytes.length).toBeLessThan(150_000);
  const out = unpacked(scratch, bytes);
  expect(lstatSync(join(out, "a")).ino).toBe(lstatSync(join(out, "b/c")).ino);
  expect(readFileSync(join(out, "odd"), "utf8")).toBe("changed meanwhile");
});

test("N58: since another snapshot only what changed is held, and what is gone is listed", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = new MemorySource()
    .write("a", "1")
    .write("d/b", "2")
    .write("d/c", "3")
    .write("e", "4");
  for (let at = 0; at < 2000; at += 1) source.write(`many/${at}`, "x");
  const { root: since } = await store.capture(source, manual);
  source.remove("d/b").write("e", "5").write("new", "6");
  source.folder("d", { mode: "700" });
  const { root } = await store.capture(source, manual);
  const file = written(scratch, await exported(store, root, { since }));
  expect(scratch.run("tar", "-tf", file).trim().split("\n")).toEqual([
    ".snap/manifest.jsonl",
    ".snap/deleted.jsonl",
    ".snap/export.json",
    "d/",
    "e",
    "new",
  ]);
  expect(scratch.run("tar", "-xOf", file, ".snap/deleted.jsonl")).toBe('{"p":"d/b"}\n');
  const about = JSON.parse(scratch.run("tar", "-xOf", file, ".snap/export.json"));
  expect(about).toMatchObject({ format: 1, since: since.id, snapshot: { id: root.id } });
});

test("N58: paths narrow an archive", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = new MemorySource().write("d/a", "1").write("d/b/c", "2").write("db", "3");
  const { root } = await store.capture(source, manual);
  const file = written(scratch, await exported(store, root, { paths: ["d/b", "db"] }));
  expect(scratch.run("tar", "-tf", file).trim().split("\n").slice(2)).toEqual([
    "d/b/",
    "d/b/c",
    "db",
  ]);
});

test("N58: what the store does not hold is told, listed in the manifest, and not in the archive", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = new MemorySource()
    .write("a", "1")
    .entry({ path: "pipe", type: "other", flags: [] });
  source.isThin = true;
  const { root } = await store.capture(source, manual);
  const left: SnapshotEntry[] = [];
  const archive = await store.export(root.id, { onLeft: (entry) => left.push(entry) });
  const totals = await archive.totals();
  expect(totals).toEqual({ entries: 0, bytes: 0, left: 2, deleted: 0 });
  expect(left.map(({ path }) => path)).toEqual(["a", "pipe"]);
  const file = written(scratch, Buffer.concat(await all(archive.bytes(totals))));
  expect(scratch.run("tar", "-tf", file).trim().split("\n")).toHaveLength(2);
});

test("N58: a link whose target is no UTF-8 has its own bytes in the archive", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const target = Buffer.from([0x63, 0xe9, 0x2f, 0xff]);
  const linkBytes = target.toString("base64");
  const link = { path: "l", type: "symlink", linkTarget: "c\ufffd/\ufffd", linkBytes } as const;
  const { root } = await store.capture(new MemorySource().entry({ ...link, flags: [] }), manual);
  const out = unpacked(scratch, await exported(store, root));
  expect(readlinkSync(join(out, "l"), { encoding: "buffer" })).toEqual(target);
});

test("N58: a folder that could not be listed is told: what was in it is not in the archive", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  const source = new MemorySource().entry({ path: "d", type: "folder", flags: ["unreadable"] });
  const { root } = await store.capture(source, manual);
  const left: string[] = [];
  const archive = await store.export(root.id, { onLeft: ({ path }) => left.push(path) });
  expect(await archive.totals()).toEqual({ entries: 1, bytes: 0, left: 1, deleted: 0 });
  expect(left).toEqual(["d"]);
});

test("N58: a file beyond 8 GiB is listed with its size by the system's tar", () => {
  using scratch = new ScratchStore();
  mkdirSync(scratch.top);
  const size = 9 * 2 ** 30;
  const file = join(scratch.top, "huge.tar");
  const header = tarHeaders({
    name: Buffer.from("huge"),
    type: "File",
    size,
    mode: 0o600,
    modifiedNs: "0",
  });
  const handle = openSync(file, "w");
  writeSync(handle, header);
  ftruncateSync(handle, header.length + size + 1024);
  closeSync(handle);
  expect(scratch.run("tar", "--numeric-owner", "-tvf", file)).toMatch(
    /^-rw------- 0\/0 +9663676416 .* huge\n$/,
  );
});

test("N58: damage ends an export", async () => {
  using scratch = new ScratchStore();
  const { root } = await (await scratch.open()).capture(tree(), manual);
  for (const name of scratch.names("data").filter((each) => each.endsWith(".zst")))
    scratch.flip(name, 300);
  await expect(exported(await scratch.open(), root)).rejects.toMatchObject({ code: "damaged" });
});
