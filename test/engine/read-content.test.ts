import { constants, rmSync } from "node:fs";
import { symlink, truncate } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openEngine } from "../../src/engine/engine.ts";
import { unprovenGroups } from "../../src/engine/disk/unproven.ts";
import { openLocalSide } from "../../src/local/local-side.ts";
import { seededRng } from "../../src/std/random.ts";
import { quickDisk } from "../local/stopping-disk.ts";
import { pathOfCall, watchedDisk, whereIs, type DiskCall } from "../support/watched-disk.ts";
import { at, LinkedWorkspace } from "./linked-workspace.ts";
import { MemoryLook, parse } from "./memory-look.ts";

/** From here on, the files that are opened are written down, folders left out. */
function watchOpens(
  workspace: LinkedWorkspace,
  onOpen: (path: string) => void = () => {},
): string[] {
  const opened: string[] = [];
  const before = (call: DiskCall): void => {
    if (call.name !== "open" || isOfFolder(call)) return;
    const path = whereIs(pathOfCall(call)).slice(workspace.top.length + 1);
    if (path.startsWith(".snap/")) return;
    opened.push(path);
    onOpen(path);
  };
  const { top, clock } = workspace;
  const disk = watchedDisk(quickDisk, { before });
  const local = openLocalSide({ top, clock, rng: seededRng(3), disk });
  workspace.deps = { ...workspace.deps, local };
  return opened;
}

function isOfFolder({ parameters }: DiskCall): boolean {
  return (Number(parameters[1]) & constants.O_DIRECTORY) !== 0;
}

const many = Object.fromEntries(
  Array.from({ length: 150 }, (_, file) => [`d${file % 3}/s/f${file}`, `${file}`]),
);

test("S5, S18: after a sync, a look at everything opens no file, and one that changed is the only one", async () => {
  await using workspace = await LinkedWorkspace.open();
  for (const [path, content] of Object.entries(many)) await workspace.write(path, content);
  await symlink("d0/s/f0", join(workspace.top, "link"));
  await openEngine(workspace.deps).sync();
  const opened = watchOpens(workspace);
  await workspace.look();
  expect(opened).toEqual([]);
  await openEngine(workspace.deps).sync();
  expect(opened).toEqual([]);
  await workspace.write("d1/s/f1", "edited");
  await workspace.look();
  expect(opened).toEqual(["d1/s/f1"]);
});

test("S25: a look at new files opens each once, whatever their sizes, and has the hash of each", async () => {
  await using workspace = await LinkedWorkspace.open();
  for (const [path, content] of Object.entries(many)) await workspace.write(path, content);
  await workspace.write("large", "x".repeat(70_000));
  await workspace.write("largest", "");
  await truncate(join(workspace.top, "largest"), 2 * 1024 * 1024);
  const opened = watchOpens(workspace);
  await workspace.look();
  expect(opened.toSorted()).toEqual([...Object.keys(many), "large", "largest"].toSorted());
  for (const row of workspace.index.local.all()) expect(row.hash).toBeDefined();
  expect(workspace.index.unproven(0, 1)).toEqual([]);
});

test("S25, S29: one that goes while the others are read is unknown, and those are read once", async () => {
  await using workspace = await LinkedWorkspace.open();
  for (const name of ["a", "b", "c"]) await workspace.write(`d/${name}`, name);
  let isGone = false;
  const opened = watchOpens(workspace, () => {
    if (isGone) return;
    isGone = true;
    rmSync(join(workspace.top, "d/b"));
  });
  const wasRead: string[] = [];
  const side = workspace.deps.local;
  const single = side.hash.bind(side);
  side.hash = async (path, work) => {
    wasRead.push(path);
    return await single(path, work);
  };
  const { local } = await workspace.look();
  expect(wasRead).toEqual(["d/b"]);
  expect(opened.filter((path) => path !== "d/b")).toEqual(["d/a", "d/c"]);
  expect(local.left.map(({ path, kind }) => `${kind} ${path}`)).toEqual(["unknown d/b"]);
});

test("S26, S107: small files are read in groups of bounded size, others alone, and what is unknown is left out", async () => {
  await using workspace = await LinkedWorkspace.open();
  for (const [path, content] of Object.entries(many)) await workspace.write(path, content);
  await workspace.write("e/big", "x".repeat(64 * 1024 + 1));
  for (let file = 0; file < 20; file += 1)
    await workspace.write(`e/g${file}`, "x".repeat(64 * 1024));
  const { index, deps } = workspace;
  const enough = (): Promise<never> => Promise.reject(new Error("enough is seen"));
  Object.assign(deps.local, { hash: enough, hashEach: enough });
  await expect(workspace.look()).rejects.toThrow("enough is seen");
  const unknown = workspace.nodeAt(index.local, "d2");
  const groups = [...unprovenGroups(index, (node) => node === unknown)];
  const sizes = groups.map((files) => files.length);
  expect(Math.max(...sizes)).toBe(64);
  const withBig = groups.filter((files) => files.some(({ path }) => path === at("e/big")));
  expect(withBig.map((files) => files.length)).toEqual([1]);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(100 + 21);
  for (const files of groups) {
    const bytes = files.reduce((sum, { row }) => sum + row.size, 0);
    expect(bytes).toBeLessThan(1024 * 1024 + 64 * 1024);
  }
});

test("S107: the rest of the program has turns during a look, and can stop it there", async () => {
  const folders = Array.from({ length: 20 }, (_, folder) => [
    `d${folder}/`,
    ...Array.from({ length: 150 }, (_file, file) => `d${folder}/f${file}`),
  ]);
  using memory = new MemoryLook({ synced: [], seen: parse(folders.flat().join(",")) });
  const stop = new AbortController();
  setImmediate(() => stop.abort());
  await expect(memory.look({ signal: stop.signal })).rejects.toThrow(
    expect.objectContaining({ code: "interrupted" }),
  );
  expect(memory.listed.length).toBeGreaterThan(5);
  expect(memory.listed.length).toBeLessThan(10);
});
