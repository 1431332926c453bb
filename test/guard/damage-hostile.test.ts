import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { codes, find, packed, rev } from "./damaged.ts";
import { Scratch } from "./repositories.ts";

vi.setConfig({ testTimeout: 60_000 });

test("X16: pipes, links and odd bytes in a gitdir neither hang nor lead out, and names are whole", async () => {
  using scratch = new Scratch();
  scratch.base();
  const oid = rev(scratch, "HEAD");
  for (const place of ["refs/heads/pipe", "packed-refs", "logs/pipe", "objects/ab", "gc.pid"]) {
    rmSync(scratch.at(`.git/${place}`), { recursive: true, force: true });
    execFileSync("mkfifo", [scratch.at(`.git/${place}`)]);
  }
  mkdirSync(join(scratch.root, "away"));
  writeFileSync(join(scratch.root, "away/desktop.ini"), "");
  for (const place of ["refs/away", "objects/cd", "worktrees"]) {
    rmSync(scratch.at(`.git/${place}`), { recursive: true, force: true });
    symlinkSync(join(scratch.root, "away"), scratch.at(`.git/${place}`));
  }
  symlinkSync(".", scratch.at(".git/refs/heads/loop"));
  writeFileSync(scratch.at(".git/refs/heads/a\nb"), `${oid}\n`);
  const { damage, integrity } = await find(scratch);
  expect(damage.filter(({ path }) => path.includes("away"))).toEqual([]);
  expect(codes(damage).filter((code) => !code.endsWith("-missing"))).toEqual([
    "conflict-copy-ref",
    "junk-file",
  ]);
  expect(damage.map(({ path }) => path)).toContain("refs/heads/pipe");
  expect(integrity?.structure.checked).toBe("part");
});

test("G40: refs that are nested without end are looked at in part", async () => {
  using scratch = new Scratch();
  scratch.base();
  scratch.write(`.git/refs/${"a/".repeat(60)}x`, "x");
  const { damage, integrity } = await find(scratch);
  expect(damage).toEqual([]);
  expect(integrity?.structure).toEqual({ checked: "part", reason: "refs-not-read" });
});

test("G40: many signs of one kind are counted, not listed", async () => {
  using scratch = new Scratch();
  scratch.base();
  for (let at = 0; at < 80; at += 1) scratch.write(`.git/objects/pack (${at})`, "");
  const { damage } = await find(scratch);
  expect(damage).toHaveLength(50);
  expect(damage.at(-1)?.detail).toContain("and 30 more");
});

test("G40: an index of a pack that lies about its size is no index, and nothing is called missing", async () => {
  using scratch = new Scratch();
  scratch.base();
  const pack = packed(scratch);
  const index = pack.replace(/pack$/u, "idx");
  const bytes = readFileSync(index);
  rmSync(index);
  bytes.writeUInt32BE(0xffffffff, 8 + 255 * 4);
  writeFileSync(index, bytes);
  const { damage, integrity } = await find(scratch, { engine: "none" });
  expect(codes(damage)).toEqual(["pack-changed"]);
  expect(integrity?.tips).toEqual({ checked: "part", reason: "objects-not-read" });
});

test("G40: a gitdir without its objects is not complete, and each ref is not told again", async () => {
  using scratch = new Scratch();
  const folder = scratch.base();
  execFileSync("git", ["-C", folder, "pack-refs", "--all"]);
  rmSync(scratch.at(".git/objects"), { recursive: true });
  const { damage } = await find(scratch, { path: "" });
  expect(codes(damage)).toContain("gitdir-incomplete");
  expect(codes(damage)).not.toContain("tip-missing");
});

test("G40: an object store of empty files is told as that", async () => {
  using scratch = new Scratch();
  scratch.base();
  const objects = scratch.at(".git/objects");
  const fans = readdirSync(objects).filter((name) => name.length === 2);
  const files = fans.flatMap((fan) =>
    readdirSync(join(objects, fan)).map((name) => join(objects, fan, name)),
  );
  for (const file of files) {
    execFileSync("chmod", ["u+w", file]);
    truncateSync(file);
  }
  const { damage } = await find(scratch);
  expect(damage.filter(({ code }) => code === "object-empty")).toHaveLength(files.length);
});
