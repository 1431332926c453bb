import fs from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { LeftOut } from "../../src/core/snapshot/copy-out.ts";
import type { SnapshotRoot } from "../../src/core/snapshot/root.ts";
import type { OpenedStore } from "../../src/snapshot/store.ts";
import { MemorySource } from "../support/memory-source.ts";
import { ScratchStore, noise } from "./scratch-store.ts";

const manual = { reason: "manual" } as const;
const staging = ".snap-tmp-restore";
let scratch: ScratchStore;
let around: string;
let to: string;

beforeEach(() => {
  scratch = new ScratchStore();
  around = fs.mkdtempSync(path.join(tmpdir(), "snap-out-"));
  to = path.join(around, "out");
});

afterEach(() => {
  scratch[Symbol.dispose]();
  fs.rmSync(around, { recursive: true, force: true });
});

async function captured(source: MemorySource): Promise<{ store: OpenedStore; root: SnapshotRoot }> {
  const store = await scratch.open();
  const { root } = await store.capture(source, manual);
  return { store: await scratch.open(), root };
}

/** Everything below a folder: kind, mode, time in ns and content or target. */
function tree(top: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of fs.readdirSync(top, { recursive: true, encoding: "utf8" }).toSorted()) {
    const at = path.join(top, name);
    const stat = fs.lstatSync(at, { bigint: true });
    const facts = `${(stat.mode & 0o7777n).toString(8)} ${stat.mtimeNs}`;
    if (stat.isSymbolicLink()) found[name] = `l ${fs.readlinkSync(at)}`;
    else if (stat.isDirectory()) found[name] = `d ${facts}`;
    else found[name] = `f ${facts} ${fs.readFileSync(at, "latin1").slice(0, 20)} ${stat.size}`;
  }
  return found;
}

const dated = "1700000000123456000";
const nearly = /17000000001234\d{5}/u;

test("T15: what comes out is what went in: contents, modes, times, empty folders, links", async () => {
  const big = noise(9_000_000, 4);
  const source = new MemorySource()
    .write("a", "one", { modifiedNs: dated })
    .write("run.sh", "#!/bin/sh\n", { mode: "755", modifiedNs: dated })
    .write("none", "", { mode: "600", modifiedNs: dated })
    .write("d/deep/big", big, { mode: "444", modifiedNs: dated })
    .write("d/same", "one", { modifiedNs: dated })
    .folder("empty", { mode: "555", modifiedNs: dated })
    .folder("d/deep", { mode: "500", modifiedNs: dated })
    .folder("d", { mode: "750", modifiedNs: dated })
    .link("d/l", "../a")
    .link("away", "/etc/passwd");
  const { store, root } = await captured(source);
  const totals = await store.copyOut({ root, to }, {});
  const found = tree(to);
  expect(Object.keys(found)).toEqual([
    "a",
    "away",
    "d",
    "d/deep",
    "d/deep/big",
    "d/l",
    "d/same",
    "empty",
    "none",
    "run.sh",
  ]);
  for (const [name, facts] of Object.entries(found)) {
    if (!facts.startsWith("l")) expect(facts, name).toMatch(nearly);
  }
  const shown = (name: string): string => (found[name] ?? "").replace(nearly, "T");
  expect(shown("a")).toBe("f 644 T one 3");
  expect(shown("run.sh")).toBe("f 755 T #!/bin/sh\n 10");
  expect(shown("none")).toBe("f 600 T  0");
  expect(shown("d")).toBe("d 750 T");
  expect(shown("d/deep")).toBe("d 500 T");
  expect(shown("empty")).toBe("d 555 T");
  expect(found["d/l"]).toBe("l ../a");
  expect(found["away"]).toBe("l /etc/passwd");
  expect(fs.readFileSync(path.join(to, "d/deep/big")).equals(big)).toBe(true);
  expect(totals).toEqual({
    files: 5,
    folders: 3,
    links: 2,
    bytes: 9_000_016,
    left: 0,
    ignored: 0,
    changing: 0,
  });
  expect(await store.planCopyOut({ root }, {})).toEqual(totals);
});

test("T15: a folder that holds anything is refused, and nothing in it changes", async () => {
  const { store, root } = await captured(new MemorySource().write("a", "1"));
  fs.mkdirSync(to);
  fs.writeFileSync(path.join(to, "mine"), "mine");
  await expect(store.copyOut({ root, to }, {})).rejects.toMatchObject({ code: "refused", exit: 3 });
  expect(fs.readdirSync(to)).toEqual(["mine"]);
  const file = path.join(around, "file");
  fs.writeFileSync(file, "x");
  await expect(store.copyOut({ root, to: file }, {})).rejects.toMatchObject({ exit: 3 });
});

test("T15: an empty folder is filled and stays the folder that it was", async () => {
  const { store, root } = await captured(new MemorySource().write("a", "1"));
  fs.mkdirSync(to);
  const { ino } = fs.statSync(to);
  await store.copyOut({ root, to }, {});
  expect(fs.statSync(to).ino).toBe(ino);
  expect(fs.readdirSync(to)).toEqual(["a"]);
});

test("T15: what a killed restore left is told, and never removed", async () => {
  const { store, root } = await captured(new MemorySource().write("a", "1"));
  fs.mkdirSync(path.join(to, staging), { recursive: true });
  await expect(store.copyOut({ root, to }, {})).rejects.toMatchObject({
    code: "refused",
    message: expect.stringMatching(/cut off, or that is under way.*nothing else/u),
    hint: expect.stringContaining(`remove "${to}"`),
  });
  expect(fs.readdirSync(to)).toEqual([staging]);
});

test("N38: names of one file are one file again, also over many others; other content is a file of its own", async () => {
  const source = new MemorySource();
  const add = (name: string, content: string, linkGroup: string): void => {
    source.write(name, content);
    const entry = {
      path: name,
      type: "file",
      size: content.length,
      mode: "640",
      modifiedNs: dated,
    } as const;
    source.files.delete(name);
    source.entry({ ...entry, linkGroup, flags: [] });
    source.open = async (at) => {
      const text = at.startsWith("odd") ? "odd" : "shared";
      return await new MemorySource().write(at, text, { mode: "640", modifiedNs: dated }).open(at);
    };
  };
  add("d/one", "shared", "g");
  add("e/two", "shared", "g");
  add("three", "shared", "g");
  add("odd", "odd", "g");
  const { store, root } = await captured(source);
  await store.copyOut({ root, to }, {});
  const inode = (name: string): number => fs.statSync(path.join(to, name)).ino;
  expect(inode("e/two")).toBe(inode("d/one"));
  expect(inode("three")).toBe(inode("d/one"));
  expect(fs.readFileSync(path.join(to, "odd"), "utf8")).toBe("odd");
  expect(fs.statSync(path.join(to, "three")).nlink).toBe(3);
});

describe("N8: damage ends the copy with block, pack and path named, and nothing is left", () => {
  test.each(["small", "large"])("%s file", async (kind) => {
    const content = kind === "small" ? noise(300_000) : noise(6_000_000);
    const { root } = await captured(new MemorySource().write("d/hit", content).write("a", "1"));
    scratch.flip(scratch.only("data", ".tar.zst"), 2_000);
    const left: LeftOut[] = [];
    const request = { root, to, onLeft: (one: LeftOut) => left.push(one) };
    await expect((await scratch.open()).copyOut(request, {})).rejects.toMatchObject({
      code: "damaged",
      exit: 5,
      path: "d/hit",
      message: expect.stringMatching(
        /"d\/hit" cannot be restored: Block [0-9a-f]{64} in pack "data/u,
      ),
    });
    expect(fs.readdirSync(around)).toEqual([]);
    await (await scratch.open()).copyOut({ ...request, leaveDamaged: true }, {});
    expect(left.map((one) => one.path)).toEqual(["d/hit"]);
    expect(Object.keys(tree(to))).toEqual(["a", "d"]);
  });

  test("a block that another pack has sound is taken from there", async () => {
    const content = noise(5_000);
    const { root } = await captured(new MemorySource().write("a", content));
    const pack = scratch.only("data", ".tar.zst");
    scratch.flip(pack, 2_000);
    const store = await scratch.open();
    expect(
      (await Array.fromAsync(store.verify({ level: 2 }))).some(({ type }) => type === "damaged"),
    ).toBe(true);
    await (
      await scratch.open()
    ).capture(new MemorySource().write("b", content).write("c", "x"), manual);
    await (await scratch.open()).copyOut({ root, to }, {});
    expect(fs.readFileSync(path.join(to, "a")).equals(content)).toBe(true);
  });
});

test("T14: only what is selected comes, in folders with their own modes", async () => {
  const source = new MemorySource()
    .write("notes/one", "1")
    .write("notes/two", "2")
    .write("other/x", "3")
    .folder("notes", { mode: "700", modifiedNs: dated });
  const { store, root } = await captured(source);
  const selects = (at: string): boolean => at === "notes/two";
  const totals = await store.copyOut({ root, to, selects }, {});
  expect(Object.keys(tree(to))).toEqual(["notes", "notes/two"]);
  expect(tree(to)["notes"]).toMatch(/^d 700 17000000001234/u);
  expect(await store.planCopyOut({ root, selects }, {})).toEqual(totals);
});

test("N40: what the store does not hold is told and left out", async () => {
  const source = new MemorySource().write("thin", "x").write("b", "y");
  source.isThin = true;
  source.entry({ path: "s", type: "other", flags: [] });
  source.entry({ path: "u", type: "file", size: 1, flags: ["unreadable"] });
  const { store, root } = await captured(source);
  const left: LeftOut[] = [];
  const totals = await store.copyOut({ root, to, onLeft: (one) => left.push(one) }, {});
  expect(left.map((one) => one.path)).toEqual(["b", "s", "thin", "u"]);
  expect(totals).toMatchObject({ files: 0, left: 4 });
});

test("X12: a link of an archive that leads out is left out, and one of our own is not", async () => {
  const source = new MemorySource().link("d/in", "../a").link("d/out", "../../a").link("abs", "/x");
  const { store, root } = await captured(source);
  const left: string[] = [];
  const archive = { ...root, reason: "import" } as const;
  await store.copyOut({ root: archive, to, onLeft: (one) => left.push(one.path) }, {});
  expect(left).toEqual(["abs", "d/out"]);
  expect(Object.keys(tree(to))).toEqual(["d", "d/in"]);
});

test("X12: no link of an archive leads out through another one", async () => {
  const source = new MemorySource()
    .write("d/e/f", "1")
    .link("d/e/here", ".")
    .link("d/through", "e/here/here/../../../..")
    .link("d/to", "e/here/here/f");
  const { store, root } = await captured(source);
  const left: string[] = [];
  const archive = { ...root, reason: "import" } as const;
  await store.copyOut({ root: archive, to, onLeft: (one) => left.push(one.path) }, {});
  expect(left).toEqual(["d/through"]);
  expect(fs.realpathSync(path.join(to, "d/to"))).toBe(fs.realpathSync(path.join(to, "d/e/f")));
});

test("X9: setuid and setgid come back only when they are asked for", async () => {
  const { store, root } = await captured(new MemorySource().write("s", "1", { mode: "6755" }));
  await store.copyOut({ root, to }, {});
  expect(fs.statSync(path.join(to, "s")).mode & 0o7777).toBe(0o755);
  await store.copyOut({ root, to: `${to}2`, specialModes: true }, {});
  expect(fs.statSync(path.join(`${to}2`, "s")).mode & 0o7777).toBe(0o6755);
});

test("X9: what has no mode in the snapshot gets what the umask leaves", async () => {
  const source = new MemorySource().write("d/f", "1");
  source.entry({ path: "d", type: "folder", flags: [] });
  source.entry({ path: "d/e", type: "folder", flags: [] });
  const { store, root } = await captured(source);
  await store.copyOut({ root, to }, {});
  const mode = 0o777 & ~process.umask();
  for (const name of ["d", "d/e"]) expect(fs.statSync(path.join(to, name)).mode & 0o777).toBe(mode);
});

test("an interrupted copy leaves the folder as it was found", async () => {
  const source = new MemorySource();
  for (let at = 0; at < 600; at += 1) source.write(`d/f${at}`, noise(2_000, at));
  const { store, root } = await captured(source);
  const controller = new AbortController();
  const work = {
    signal: controller.signal,
    onProgress: ({ done }: { readonly done: number }) => {
      if (done > 20) controller.abort();
    },
  };
  await expect(store.copyOut({ root, to }, work)).rejects.toMatchObject({ code: "interrupted" });
  expect(fs.readdirSync(around)).toEqual([]);
});
