import { chmodSync, globSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { getCompileCacheDir } from "node:module";
import path from "node:path";
import { expect, test } from "vitest";
import { keepCompiledCode } from "../../src/cli/compiled-code.ts";
import { isOwnWay } from "../../src/state/code-folder.ts";
import { Box, type Ended } from "../support/snap-process.ts";

function keptIn(box: Box): readonly string[] {
  return globSync("code/**", { cwd: box.home, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .toSorted();
}

/** Where coverage is measured the runner tells every runtime to keep no compiled code. */
async function list(box: Box, ...words: readonly string[]): Promise<Ended> {
  const ended = await box.snap(["list", ...words], {
    env: { NODE_DISABLE_COMPILE_CACHE: undefined },
  });
  expect(ended.code, ended.stderr).toBe(0);
  return ended;
}

test("compiled code is kept in the home from the second command on, and used", async () => {
  using box = new Box();
  await list(box);
  expect(keptIn(box)).toEqual([]);
  await list(box);
  const kept = keptIn(box);
  expect(kept.length).toBeGreaterThan(10);
  await list(box);
  expect(keptIn(box)).toEqual(kept);
});

test("damaged compiled code is made anew, and another version's is taken away", async () => {
  using box = new Box();
  for (let run = 0; run < 2; run += 1) await list(box);
  const whole = new Map(keptIn(box).map((file) => [file, readFileSync(file)]));
  expect(whole.size).toBeGreaterThan(10);
  for (const [at, [file, bytes]] of [...whole].entries()) {
    if (at % 3 === 0) writeFileSync(file, bytes.subarray(0, bytes.length / 2));
    else if (at % 3 === 1) writeFileSync(file, Buffer.alloc(bytes.length, 0x5a));
    else writeFileSync(file, "");
  }
  const { stdout, stderr } = await list(box, "--json");
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toMatchObject({ type: "result", exit: 0 });
  const folder = path.join(box.home, "code");
  const [version = ""] = readdirSync(folder);
  renameSync(path.join(folder, version), path.join(folder, "0.0.0"));
  await list(box);
  expect(readdirSync(folder)).toEqual([version]);
});

test("no compiled code is kept where others can write", async () => {
  using box = new Box();
  await list(box);
  chmodSync(path.join(box.home, "code"), 0o777);
  await list(box);
  expect(keptIn(box)).toEqual([]);
  chmodSync(path.join(box.home, "code"), 0o700);
  chmodSync(box.home, 0o770);
  await list(box);
  expect(keptIn(box)).toEqual([]);
});

test("without a home nothing is kept, and none is made for it", () => {
  using box = new Box();
  const before = getCompileCacheDir();
  keepCompiledCode({ SNAP_HOME: box.home });
  expect(getCompileCacheDir()).toBe(before);
  expect(globSync("*", { cwd: box.top })).toEqual(["workspace"]);
});

test("a way of others, or that others can write to, is none for code", () => {
  const closed = { uid: 0, mode: 0o40755 };
  const own = { uid: 7, mode: 0o40700 };
  expect(isOwnWay([closed, own], 7)).toBe(true);
  expect(isOwnWay([{ uid: 0, mode: 0o41777 }, own], 7)).toBe(true);
  expect(isOwnWay([{ uid: 0, mode: 0o40777 }, own], 7)).toBe(false);
  expect(isOwnWay([{ uid: 0, mode: 0o40775 }, own], 7)).toBe(false);
  expect(isOwnWay([{ uid: 8, mode: 0o40755 }, own], 7)).toBe(false);
  expect(isOwnWay([closed, { uid: 8, mode: 0o40700 }], 7)).toBe(false);
});
