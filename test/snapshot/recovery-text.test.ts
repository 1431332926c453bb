import { execFileSync } from "node:child_process";
import { chmodSync, lstatSync, mkdirSync, readFileSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scriptEnd, scriptStart } from "../../src/snapshot/recovery-text.ts";
import { MemorySource } from "../support/memory-source.ts";
import { ScratchStore, noise } from "./scratch-store.ts";

/** The script as it stands in the store's own README.txt, with the two names set. */
function scriptOf(scratch: ScratchStore, root: string): string {
  const text = scratch.read("README.txt").toString();
  const script = text.slice(text.indexOf(scriptStart), text.indexOf(scriptEnd));
  return script
    .replace("store=/path/of/this/store", `store='${scratch.top}'`)
    .replace("root=CHOSEN", `root=${root}`);
}

function runScript(scratch: ScratchStore): { out: string; printed: string } {
  const root = scratch.only("roots", ".json").slice("roots/".length);
  const work = join(scratch.top, "..", "by hand");
  mkdirSync(work);
  const printed = execFileSync("sh", ["-eu"], {
    input: scriptOf(scratch, root),
    cwd: work,
    encoding: "utf8",
  });
  return { out: join(work, "out"), printed };
}

test("N4: the script of README.txt gives every file, folder, link and mode back, whatever the names", async () => {
  using scratch = new ScratchStore();
  const odd = [
    "it's",
    'a "quoted" one',
    "line\nbreak\nbreak\nbreak",
    "-rf",
    "$(touch x)",
    "`y`",
    "ü \\ *?",
    " ",
  ];
  const source = new MemorySource();
  for (const name of odd)
    source.write(`odd/${name}/${name}`, `content of ${name}`).link(`odd/${name}.link`, name);
  source
    .folder("empty folder")
    .write("empty file", "")
    .write("big", noise(9_000_000), { mode: "600" });
  source.write("run.sh", "#!/bin/sh\n", { mode: "755" }).write("locked/file", "x", { mode: "400" });
  source.folder("locked", { mode: "555" });
  await (await scratch.open()).capture(source, { reason: "manual", label: "by hand" });

  const { out, printed } = runScript(scratch);

  expect(printed).not.toContain("damaged");
  expect(printed).toContain("by hand");
  for (const [path, file] of source.files) {
    expect(readFileSync(join(out, path)).equals(file.content), path).toBe(true);
    expect((lstatSync(join(out, path)).mode & 0o7777).toString(8), path).toBe(file.mode);
  }
  for (const name of odd) expect(readlinkSync(join(out, `odd/${name}.link`))).toBe(name);
  expect(readdirSync(join(out, "empty folder"))).toEqual([]);
  expect((lstatSync(join(out, "locked")).mode & 0o777).toString(8)).toBe("555");
  expect(readdirSync(out).toSorted()).toEqual([
    "big",
    "empty file",
    "empty folder",
    "locked",
    "odd",
    "run.sh",
  ]);
  chmodSync(join(out, "locked"), 0o755);
});

test("N4: the script names a damaged pack", async () => {
  using scratch = new ScratchStore();
  await (
    await scratch.open()
  ).capture(new MemorySource().write("a", noise(5000)), { reason: "manual" });
  const pack = scratch.only("data", ".tar.zst");
  scratch.flip(pack, -1);

  const root = scratch.only("roots", ".json").slice("roots/".length);
  const firstStep = scriptOf(scratch, root).split("# 2 ")[0] ?? "";

  expect(execFileSync("sh", ["-eu"], { input: firstStep, encoding: "utf8" })).toBe(
    `damaged: ${join(scratch.top, pack)}\n`,
  );
});

test("N24: jq and sha256sum check a root by hand", async () => {
  using scratch = new ScratchStore();
  const { root } = await (
    await scratch.open()
  ).capture(new MemorySource().write("ü/é", "x"), { reason: "manual", label: "café" });
  const name = scratch.only("roots", ".json");

  expect(scratch.run("sh", "-c", `jq -cS 'del(.id)' ${name} | sha256sum`)).toBe(`${root.id}  -\n`);
});
