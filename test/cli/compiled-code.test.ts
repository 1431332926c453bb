import {
  chmodSync,
  globSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { getCompileCacheDir } from "node:module";
import path from "node:path";
import { expect, test } from "vitest";
import { keepCompiledCode } from "../../src/cli/compiled-code.ts";
import { isOwnCode, isOwnWay } from "../../src/state/code-folder.ts";
import { Box } from "../support/snap-process.ts";

function keptIn(box: Box): readonly string[] {
  return globSync("code/**", { cwd: box.home, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .toSorted();
}

/** For whoever reads why it failed. */
function waysTo(folder: string): string {
  const { uid, mode } = lstatSync(folder);
  const line = `${folder}: of ${uid}, mode ${mode.toString(8)}`;
  return path.dirname(folder) === folder ? line : `${waysTo(path.dirname(folder))}\n${line}`;
}

test("compiled code is kept in the home from the second command on, and used", async () => {
  using box = new Box();
  await box.expectExit(0, "list");
  expect(keptIn(box)).toEqual([]);
  await box.expectExit(0, "list");
  const kept = keptIn(box);
  // Where the folder for temporary files is one that others can exchange, none is kept.
  const isOwn = isOwnCode(path.join(box.home, "code"));
  expect(kept.length > 10, waysTo(box.home)).toBe(isOwn);
  await box.expectExit(0, "list");
  expect(keptIn(box)).toEqual(kept);
});

test("damaged compiled code is made anew, and another version's is taken away", async () => {
  using box = new Box();
  for (let run = 0; run < 2; run += 1) await box.expectExit(0, "list");
  const whole = new Map(keptIn(box).map((file) => [file, readFileSync(file)]));
  for (const [at, [file, bytes]] of [...whole].entries()) {
    if (at % 3 === 0) writeFileSync(file, bytes.subarray(0, bytes.length / 2));
    else if (at % 3 === 1) writeFileSync(file, Buffer.alloc(bytes.length, 0x5a));
    else writeFileSync(file, "");
  }
  const { stdout, stderr } = await box.expectExit(0, "list", "--json");
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toMatchObject({ type: "result", exit: 0 });
  const folder = path.join(box.home, "code");
  const [version = ""] = readdirSync(folder);
  renameSync(path.join(folder, version), path.join(folder, "0.0.0"));
  await box.expectExit(0, "list");
  expect(readdirSync(folder)).toEqual([version]);
});

test("no compiled code is kept where others can write", async () => {
  using box = new Box();
  await box.expectExit(0, "list");
  chmodSync(path.join(box.home, "code"), 0o777);
  await box.expectExit(0, "list");
  expect(keptIn(box)).toEqual([]);
  chmodSync(path.join(box.home, "code"), 0o700);
  chmodSync(box.home, 0o770);
  await box.expectExit(0, "list");
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
