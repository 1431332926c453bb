import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { find } from "./damaged.ts";
import { Scratch } from "./repositories.ts";

vi.setConfig({ testTimeout: 60_000 });

function hg(folder: string, ...words: string[]): void {
  execFileSync("hg", words, {
    cwd: folder,
    env: { PATH: process.env["PATH"], HGRCPATH: "", HGUSER: "A <a@example.org>" },
  });
}

function base(scratch: Scratch): void {
  hg(scratch.top, "init");
  for (const name of ["a", "b"]) {
    scratch.write(name, name.repeat(100));
    hg(scratch.top, "commit", "-A", "-q", "-m", name);
  }
}

test("G40: a whole repository of Mercurial's passes, and none of its code is run", async () => {
  using scratch = new Scratch();
  base(scratch);
  const canary = join(scratch.root, "canary");
  scratch.write("extension.py", `open(${JSON.stringify(canary)}, "w").close()\n`);
  scratch.write(
    ".hg/hgrc",
    `[extensions]\ncanary = ${scratch.at("extension.py")}\n[alias]\nverify = !touch ${canary}\n`,
  );
  const { damage, integrity } = await find(scratch, { deep: true });
  expect(damage).toEqual([]);
  expect(integrity?.connectivity).toEqual({ checked: "all" });
  expect(existsSync(canary)).toBe(false);
});

test("G40: content that is not what was written, of the same length, is found by `hg verify` alone", async () => {
  using scratch = new Scratch();
  base(scratch);
  const file = scratch.at(".hg/store/data/a.i");
  const bytes = readFileSync(file);
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 3) ^ 0x20, bytes.length - 3);
  rmSync(file);
  writeFileSync(file, bytes);
  expect((await find(scratch)).damage).toEqual([]);
  const { damage, integrity } = await find(scratch, { deep: true });
  expect(damage[0]).toMatchObject({ code: "object-corrupt", tier: 3 });
  expect(integrity?.connectivity).toEqual({ checked: "all" });
});

test("G36: without the program nothing is said to be whole", async () => {
  using scratch = new Scratch();
  base(scratch);
  const { integrity } = await find(scratch, { deep: true, path: "" });
  expect(integrity?.connectivity).toEqual({ checked: "none", reason: "no-hg" });
});

test("G36: a format that the program does not know is not verified, and is no damage", async () => {
  using scratch = new Scratch();
  base(scratch);
  writeFileSync(scratch.at(".hg/requires"), "store\nrevlogv1\nexp-from-the-future\n");
  const { damage, integrity } = await find(scratch, { deep: true });
  expect(damage).toEqual([]);
  expect(integrity?.connectivity).toEqual({ checked: "none", reason: "hg-failed" });
});
