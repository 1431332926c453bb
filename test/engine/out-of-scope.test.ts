import { expect, test } from "vitest";
import type { SyncReport } from "../../src/core/plan/sync-report.ts";
import { openEngine } from "../../src/engine/engine.ts";
import { at, LinkedWorkspace } from "./linked-workspace.ts";

async function onServer({ other }: LinkedWorkspace): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of other.list(at(""), { recursive: true })) {
    if (path !== "" && !path.startsWith(".snap/") && path !== ".snap") paths.push(path);
  }
  return paths.toSorted();
}

function sync(workspace: LinkedWorkspace): Promise<SyncReport> {
  return openEngine(workspace.deps).sync();
}

/** Two syncs, of which the second has nothing left to do. */
async function settled(workspace: LinkedWorkspace): Promise<readonly number[]> {
  const first = await sync(workspace);
  const second = await sync(workspace);
  expect(second.left).toEqual([]);
  return [first.exit, second.exit, second.counts.uploaded + second.counts.downloaded];
}

test.each([
  ["an ignored name", "a.tmp"],
  ["the staging name of another client", ".snap-tmp-0123456789abcdef"],
])("S37, S91: an edit is uploaded anew where its file was moved to %s", async (_, name) => {
  await using workspace = await LinkedWorkspace.open({ ".mignore": "*.tmp\n", "a.txt": "one" });
  await workspace.other.move(at("a.txt"), at(name));
  await workspace.write("a.txt", "edited");
  expect(await settled(workspace)).toEqual([0, 0, 0]);
  expect(await onServer(workspace)).toEqual([".mignore", "a.txt", name].toSorted());
  expect((await workspace.other.get(at(name)))?.size).toBe(3);
  expect(await workspace.read("a.txt")).toBe("edited");
});

test("S37: what comes back from there under another name is a new file", async () => {
  await using workspace = await LinkedWorkspace.open({ ".mignore": "*.tmp\n", "a.txt": "one" });
  await workspace.other.move(at("a.txt"), at("a.tmp"));
  await workspace.write("a.txt", "edited");
  await sync(workspace);
  await workspace.other.move(at("a.tmp"), at("b.txt"));
  expect((await sync(workspace)).exit).toBe(0);
  expect(await workspace.read("a.txt")).toBe("edited");
  expect(await workspace.read("b.txt")).toBe("one");
  expect(await onServer(workspace)).toEqual([".mignore", "a.txt", "b.txt"]);
});

test.each([
  ["a file is added", "d/new"],
  ["a file is edited", "d/x"],
  ["a file is added further down", "d/sub/new"],
])(
  "S37, S40: a folder that was moved to an ignored name is made anew where %s",
  async (_, path) => {
    const files = { ".mignore": "ign/\n", "d/x": "one", "d/sub/y": "two" };
    await using workspace = await LinkedWorkspace.open(files);
    await workspace.other.move(at("d"), at("ign"));
    await workspace.write(path, "written here");
    expect(await settled(workspace)).toEqual([0, 0, 0]);
    const there = ["ign", "ign/sub", "ign/sub/y", "ign/x"];
    const here = path.startsWith("d/sub") ? ["d", "d/sub", path] : ["d", path];
    expect(await onServer(workspace)).toEqual([".mignore", ...here, ...there]);
    expect((await workspace.other.get(at("ign/x")))?.size).toBe(3);
    expect(await workspace.read(path)).toBe("written here");
  },
);

test("S37: the edit goes up, too, where its folder was moved to an ignored name and has come back", async () => {
  await using workspace = await LinkedWorkspace.open({ ".mignore": "ign/\n", "d/x": "one" });
  await workspace.other.move(at("d"), at("ign"));
  await workspace.write("d/x", "edited");
  await sync(workspace);
  await workspace.other.move(at("ign"), at("e"));
  expect(await settled(workspace)).toEqual([0, 0, 0]);
  expect(await onServer(workspace)).toEqual([".mignore", "d", "d/x", "e", "e/x"]);
  expect(await workspace.read("e/x")).toBe("one");
});

test("S91: what is ignored on the server outlives its folder, which is removed here", async () => {
  const files = { ".mignore": "*.tmp\n", "d/x": "one", "d/sub/y": "two", "d/empty/": "" };
  await using workspace = await LinkedWorkspace.open(files);
  await workspace.upload("d/sub/a.tmp", "not ours");
  await sync(workspace);
  await workspace.remove("d");
  expect(await settled(workspace)).toEqual([0, 0, 0]);
  expect(await onServer(workspace)).toEqual([".mignore", "d", "d/sub", "d/sub/a.tmp"]);
  expect(workspace.paths(workspace.index.local)).toBe(".mignore, d/, d/sub/");
});
