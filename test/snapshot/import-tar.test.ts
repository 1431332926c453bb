import { execFileSync } from "node:child_process";
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { end, member, resultOf } from "./made-archives.ts";

describe("N59: archives of the system's tar", () => {
  function madeBy(...words: readonly string[]): Buffer {
    const top = mkdtempSync(join(tmpdir(), "snap-tar-"));
    try {
      mkdirSync(join(top, "d/empty"), { recursive: true });
      writeFileSync(join(top, "d/a.txt"), "one", { mode: 0o640 });
      utimesSync(join(top, "d/a.txt"), 1_600_000_000.25, 1_600_000_000.25);
      linkSync(join(top, "d/a.txt"), join(top, "d/b.txt"));
      symlinkSync("a.txt", join(top, "d/link"));
      writeFileSync(join(top, `d/${"ü".repeat(120)}`), "long");
      writeFileSync(join(top, "d/sparse"), "");
      truncateSync(join(top, "d/sparse"), 10_000_000);
      return execFileSync("tar", ["-C", top, ...words, "-cf", "-", "d"], { maxBuffer: 2 ** 28 });
    } finally {
      rmSync(top, { recursive: true });
    }
  }

  test.each([
    ["--format=gnu"],
    ["--format=posix"],
    ["--format=pax", "-z"],
    ["--format=gnu", "--zstd"],
  ])("%s %s", async (...words) => {
    const { entries, left } = await resultOf(madeBy(...words));
    expect(left).toEqual([]);
    const facts = new Map(entries.map((entry) => [entry.path, entry]));
    expect([...facts.keys()]).toEqual([
      "d",
      "d/a.txt",
      "d/b.txt",
      "d/empty",
      "d/link",
      "d/sparse",
      `d/${"ü".repeat(120)}`,
    ]);
    expect(facts.get("d/a.txt")).toMatchObject({
      size: 3,
      mode: "640",
      modifiedNs: words.includes("--format=gnu") ? "1600000000000000000" : "1600000000250000000",
    });
    expect(facts.get("d/b.txt")?.blocks).toEqual(facts.get("d/a.txt")?.blocks);
    expect(facts.get("d/b.txt")?.linkGroup).toBe(facts.get("d/a.txt")?.linkGroup);
    expect(facts.get("d/a.txt")?.linkGroup).toBeDefined();
    expect(facts.get("d/link")?.linkTarget).toBe("a.txt");
    expect(facts.get("d/sparse")?.size).toBe(10_000_000);
  });

  test("names from the top, and several frames behind each other, are read", async () => {
    const tar = Buffer.concat([
      member({ name: "./", type: "Directory" }),
      member({ name: "./d/x", content: "y" }),
      end,
    ]);
    const frames = [tar.subarray(0, 700), tar.subarray(700, 900), tar.subarray(900)].map((part) =>
      zstdCompressSync(part),
    );
    const { entries } = await resultOf(Buffer.concat(frames));
    expect(entries.map(({ path, type }) => `${path} ${type}`)).toEqual(["d folder", "d/x file"]);
    const members = [tar.subarray(0, 700), tar.subarray(700)].map((part) => gzipSync(part));
    expect((await resultOf(Buffer.concat(members))).paths).toEqual(["d", "d/x"]);
  });

  test.each([
    ["--format=gnu"],
    ["--format=posix", "--sparse-version=0.1"],
    ["--format=posix", "--sparse-version=1.0"],
  ])("sparse files are refused and told: %s %s", async (...words) => {
    const { paths, left } = await resultOf(madeBy("-S", ...words));
    expect(left).toEqual([expect.stringMatching(/^d\/sparse: Refused: it is stored sparse/)]);
    expect(paths).toContain("d/link");
  });
});
