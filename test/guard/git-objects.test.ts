import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { applyDelta } from "../../src/guard/git-delta.ts";
import { alternatesOf, ObjectStore, oidOf } from "../../src/guard/git-objects.ts";
import { git, Scratch } from "./repositories.ts";

const bytesMax = 1024 * 1024;

function open(folder: string, hashBytes = 20): ObjectStore {
  return new ObjectStore(Buffer.from(join(folder, ".git/objects")), hashBytes);
}

/** Versions of one large file, so that packs have chains of deltas. */
function versions(scratch: Scratch, format: "sha1" | "sha256"): string {
  git(scratch.top, "init", "-q", "-b", "main", `--object-format=${format}`);
  const lines = Array.from({ length: 400 }, (_, line) => `line ${line * line}`);
  for (let version = 0; version < 12; version += 1) {
    lines[version * 30] = `changed in ${version}`;
    scratch.write("file", lines.join("\n"));
    git(scratch.top, "add", "file");
    scratch.commit(scratch.top, `other${version}`);
  }
  git(scratch.top, "tag", "-am", "tag", "v1");
  return scratch.top;
}

function expectAll(folder: string, hashBytes: number): void {
  const list = git(folder, "cat-file", "--batch-all-objects", "--batch-check").trim().split("\n");
  using store = open(folder, hashBytes);
  for (const [oid = "", type] of list.map((line) => line.split(" "))) {
    const object = store.read(oid, bytesMax);
    expect(object).toMatchObject({ type });
    expect(store.find(oid)).toBe("there");
    if (typeof object === "object") expect(oidOf(object, hashBytes)).toBe(oid);
  }
  expect(list.length).toBeGreaterThan(40);
}

describe("G40: objects are read by our own code, as Git reads them", () => {
  test.each([
    ["loose", "sha1", []],
    ["packed with deltas by offset", "sha1", ["repack", "-adfq", "--depth=50"]],
    [
      "packed with deltas by id",
      "sha1",
      ["-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq"],
    ],
    ["with an index of version 1", "sha1", ["-c", "pack.indexVersion=1", "repack", "-adfq"]],
    ["with ids of SHA-256", "sha256", ["repack", "-adfq"]],
  ] as const)("%s", { timeout: 60_000 }, (_, format, words) => {
    using scratch = new Scratch();
    const folder = versions(scratch, format);
    if (words.length > 0) git(folder, ...words);
    expectAll(folder, format === "sha1" ? 20 : 32);
  });

  test("an object that is not there is missing; one in a pack that cannot be searched is unknown", () => {
    using scratch = new Scratch();
    const folder = scratch.base();
    git(folder, "repack", "-adq");
    const nobody = "0".repeat(40);
    {
      using store = open(folder);
      expect([store.find(nobody), store.read(nobody, bytesMax)]).toEqual(["missing", "missing"]);
    }
    const packs = scratch.at(".git/objects/pack");
    const index = readdirSync(packs).find((name) => name.endsWith(".idx")) ?? "";
    const bytes = readFileSync(join(packs, index));
    rmSync(join(packs, index));
    writeFileSync(join(packs, index), bytes.subarray(0, 900));
    using store = open(folder);
    expect([store.find(nobody), store.read(nobody, bytesMax)]).toEqual(["unknown", "unknown"]);
  });

  test("alternates are searched, in turn, and loops end", () => {
    using scratch = new Scratch();
    const oid = git(scratch.base("a"), "rev-parse", "HEAD").trim();
    for (const name of ["b", "c"]) git(scratch.folder(name), "init", "-q");
    scratch.write("c/.git/objects/info/alternates", "../../../b/.git/objects\n");
    scratch.write(
      "b/.git/objects/info/alternates",
      `# a comment\n"${scratch.at("a/.git/objects")}"\n../../../c/.git/objects\n/nowhere\n`,
    );
    using store = open(scratch.at("c"));
    expect(store.read(oid, bytesMax)).toMatchObject({ type: "commit" });
    expect(store.missingAlternates).toEqual(["/nowhere"]);
    expect(alternatesOf(Buffer.from(scratch.at("b/.git/objects")))).toHaveLength(3);
  });

  test("what is too large, cut off, a pipe or a link is not held, and does not hang", () => {
    using scratch = new Scratch();
    git(scratch.top, "init", "-q");
    const place = (oid: string): string => {
      mkdirSync(scratch.at(`.git/objects/${oid.slice(0, 2)}`), { recursive: true });
      return scratch.at(`.git/objects/${oid.slice(0, 2)}/${oid.slice(2)}`);
    };
    const [bomb, cut, pipe, link] = ["11", "22", "33", "44"].map((fan) => fan.repeat(20));
    if (!bomb || !cut || !pipe || !link) throw new Error("four ids");
    writeFileSync(
      place(bomb),
      deflateSync(Buffer.concat([Buffer.from("blob 50000000\0"), Buffer.alloc(50_000_000)])),
    );
    writeFileSync(place(cut), deflateSync(Buffer.from("blob 9\0too long for it")));
    execFileSync("mkfifo", [place(pipe)]);
    symlinkSync(place(cut), place(link));
    using store = open(scratch.top);
    expect(store.read(bomb, bytesMax)).toBe("corrupt");
    expect(store.read(cut, bytesMax)).toBe("corrupt");
    expect(store.read(pipe, bytesMax)).toBe("corrupt");
    expect(store.read(link, bytesMax)).toBe("corrupt");
  });
});

describe("G40: a delta that does not fit is no object", () => {
  const base = Buffer.from("0123456789");
  test.each([
    ["copies and inserts", [10, 5, 0x91, 2, 3, 2, 0x41, 0x42], "234AB"],
    ["another base", [9, 3, 0x91, 0, 3], undefined],
    ["a copy behind the end", [10, 5, 0x91, 8, 5], undefined],
    ["more than it says", [10, 1, 2, 0x41, 0x42], undefined],
    ["less than it says", [10, 3, 1, 0x41], undefined],
    ["an insert that is cut off", [10, 3, 3, 0x41], undefined],
    ["a reserved order", [10, 1, 0], undefined],
    ["a size that does not end", [0x8a, 0x80], undefined],
    ["nothing", [], undefined],
  ])("%s", (_, delta, expected) => {
    expect(applyDelta(base, Buffer.from(delta), 100)?.toString()).toBe(expected);
  });

  test("nothing larger than allowed is made", () => {
    expect(applyDelta(base, Buffer.from([10, 5, 0x91, 0, 5]), 4)).toBeUndefined();
  });
});
