/** What somebody who makes a repository on purpose cannot do to who looks at it (G32, X24). */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { deflateSync } from "node:zlib";
import { expect, test, vi } from "vitest";
import { readPacked, type GitObject, type ReadProblem } from "../../src/guard/git-pack-read.ts";
import { parseCommit, parseTag, parseTree } from "../../src/guard/object-text.ts";
import { OpenFile } from "../../src/guard/open-file.ts";
import { codes, find, loose, packed, pathOf, rev } from "./damaged.ts";
import { Scratch } from "./repositories.ts";

vi.setConfig({ testTimeout: 60_000 });

const mebibyte = 1024 * 1024;

function numbersOf(finding: Awaited<ReturnType<typeof find>>): readonly string[] {
  const { unpushed, staged } = finding.facts?.work ?? {};
  return [unpushed, staged].map((one) =>
    one?.precision === "notComputed" ? one.reason : `${one?.precision} ${one?.value}`,
  );
}

test("G32: an index of a pack that lies about how much it lists is believed by nobody", async () => {
  using scratch = new Scratch();
  scratch.base();
  const index = packed(scratch).replace(/pack$/u, "idx");
  const bytes = readFileSync(index);
  // Four thousand million names, in a file of a kilobyte.
  bytes.fill(0xff, 8 + 4 * 255, 8 + 4 * 256);
  rmSync(index);
  writeFileSync(index, bytes);
  const finding = await find(scratch, { engine: "isomorphic-git" });
  expect(numbersOf(finding)).toEqual(["objects-not-read", "objects-not-read"]);
  expect(codes(finding.damage)).toContain("pack-changed");
});

test("G32: an object that is another than its name says proves no number", async () => {
  using scratch = new Scratch();
  scratch.base();
  expect(loose(scratch).length).toBeGreaterThan(0);
  const [here, before] = [rev(scratch, "HEAD"), rev(scratch, "HEAD~1")];
  rmSync(pathOf(scratch, here));
  writeFileSync(pathOf(scratch, here), readFileSync(pathOf(scratch, before)));
  const finding = await find(scratch, { engine: "isomorphic-git" });
  expect(numbersOf(finding)).toEqual(["objects-not-read", "objects-not-read"]);
});

test("X24: rules to ignore files that take hours to match are passed over, and the count says so", async () => {
  using scratch = new Scratch();
  scratch.base();
  scratch.write(".gitignore", `${"*a".repeat(40)}*b\n`);
  scratch.write("a".repeat(200), "");
  const { facts } = await find(scratch, { engine: "isomorphic-git" });
  expect(facts?.work.untracked).toEqual({ precision: "approximate", value: 2 });
});

/** Head of an entry: three bits of type, then a size of seven bits a byte. */
function entryHead(type: number, size: number): Buffer {
  const bytes = [(type << 4) | (size & 0x0f)];
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 0x80;
    bytes.push(rest & 0x7f);
  }
  return Buffer.from(bytes);
}

/** How far back the base of a delta begins. */
function distance(bytes: number): Buffer {
  const digits = [bytes & 0x7f];
  for (let rest = (bytes >> 7) - 1; rest >= 0; rest = (rest >> 7) - 1) {
    digits.unshift(0x80 | (rest & 0x7f));
  }
  return Buffer.from(digits);
}

/** A delta that copies all of a mebibyte, and is filled up with what is read and not needed. */
const copyAll: Buffer = Buffer.concat([
  Buffer.from([0x80, 0x80, 0x40, 0x80, 0x80, 0x40]),
  // Sixteen times 64 KiB; the offset in three bytes, of which only the third is not zero.
  ...Array.from({ length: 16 }, (_, at) => Buffer.from(at === 0 ? [0x80] : [0x84, at])),
]);

/** A pack with one blob and a chain of deltas on it; what the last of them is read as. */
function lastOfChain(
  scratch: Scratch,
  length: number,
  bytesMax: number,
): GitObject | ReadProblem | undefined {
  const parts: Buffer[] = [Buffer.alloc(12)];
  let end = 12;
  const add = (...pieces: readonly Buffer[]): number => {
    const start = end;
    parts.push(...pieces);
    end += Buffer.concat(pieces).length;
    return start;
  };
  let last = add(entryHead(3, mebibyte), deflateSync(Buffer.alloc(mebibyte, "x")));
  for (let depth = 0; depth < length; depth += 1) {
    const here = end;
    add(entryHead(6, copyAll.length), distance(here - last), deflateSync(copyAll));
    last = here;
  }
  add(Buffer.alloc(20));
  writeFileSync(scratch.at("pack"), Buffer.concat(parts));
  using pack = OpenFile.open(Buffer.from(scratch.at("pack")));
  if (pack === undefined) return undefined;
  return readPacked({ pack, hashBytes: 20, baseOf: () => undefined }, last, bytesMax);
}

test("G32: a few kilobytes of deltas do not make the reader copy without end", () => {
  using scratch = new Scratch();
  const object = lastOfChain(scratch, 50, mebibyte);
  expect(object).toMatchObject({ type: "blob" });
  expect(typeof object === "object" && object.content.length).toBe(mebibyte);
  expect(lastOfChain(scratch, 300, mebibyte)).toBe("too-large");
  expect(lastOfChain(scratch, 5_000, mebibyte)).not.toBeTypeOf("object");
});

test("G32: an entry that announces ten gigabytes is not made room for", () => {
  using scratch = new Scratch();
  const parts = [Buffer.alloc(12), entryHead(3, 10 ** 10), deflateSync(Buffer.from("x"))];
  writeFileSync(scratch.at("pack"), Buffer.concat([...parts, Buffer.alloc(20)]));
  using pack = OpenFile.open(Buffer.from(scratch.at("pack")));
  const place = pack && { pack, hashBytes: 20, baseOf: () => undefined };
  expect(place && readPacked(place, 12, mebibyte)).toBe("too-large");
});

test("G40: what no commit, tag or tree of Git's would hold is none", () => {
  const oid = "a".repeat(40);
  const commit = parseCommit(Buffer.from(`tree ${oid}\nparent ${oid}\nauthor x\n\nparent ${oid}`));
  expect(commit).toEqual({ tree: oid, parents: [oid] });
  expect(parseCommit(Buffer.from(`parent ${oid}\n\n`))).toBeUndefined();
  expect(parseTag(Buffer.from(`object ${oid}\ntype commit\n\n`))).toEqual({ oid, type: "commit" });
  expect(parseTag(Buffer.from(`object ${oid}\n`))).toBeUndefined();
  const row = Buffer.concat([Buffer.from("100644 name\0"), Buffer.alloc(20, 0xaa)]);
  expect(parseTree(row, 20)).toEqual([{ mode: "100644", path: "name", oid, type: "blob" }]);
  for (const broken of [row.subarray(0, 30), Buffer.from("name\0"), Buffer.from("1 \0")]) {
    expect(parseTree(broken, 20)).toBeUndefined();
  }
});
