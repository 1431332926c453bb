import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { openEngine } from "../../src/engine/engine.ts";
import { at, LinkedWorkspace } from "./linked-workspace.ts";

const [composed, parted] = ["Zo\u00eb.txt", "Zoe\u0308.txt"];

async function sync({ deps }: LinkedWorkspace): Promise<readonly number[]> {
  const { exit, counts } = await openEngine(deps).sync();
  return [exit, counts.conflicts];
}

async function onDisk({ top }: LinkedWorkspace): Promise<string[]> {
  return (await readdir(top)).filter((name) => !name.startsWith(".snap")).toSorted();
}

async function onServer({ other }: LinkedWorkspace): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, path } of other.list(at(""), { recursive: false })) {
    if (path !== ".snap") names.push(name);
  }
  return names.toSorted();
}

test("S16, S42: two Unicode forms of one name keep their names on disk", async () => {
  await using workspace = await LinkedWorkspace.open({ keep: "k" });
  await workspace.write(composed, "1");
  await workspace.write(parted, "22");
  expect(await sync(workspace)).toEqual([0, 0]);
  expect(await sync(workspace)).toEqual([0, 0]);
  expect(await onDisk(workspace)).toEqual([composed, parted, "keep"].toSorted());
  expect(await onServer(workspace)).toEqual(
    ["Zo\u00eb (case conflict).txt", composed, "keep"].toSorted(),
  );
});

test("S19: each of them stays itself when it is edited, and when the index is lost", async () => {
  await using workspace = await LinkedWorkspace.open({ keep: "k" });
  await workspace.write(composed, "1");
  await workspace.write(parted, "22");
  await sync(workspace);
  await workspace.write(parted, "333");
  await workspace.write(composed, "4444");
  expect(await sync(workspace)).toEqual([0, 0]);
  await workspace.loseIndex();
  expect(await sync(workspace)).toEqual([0, 0]);
  expect(await onDisk(workspace)).toEqual([composed, parted, "keep"].toSorted());
  expect(await workspace.read(parted)).toBe("333");
  expect(await workspace.read(composed)).toBe("4444");
});

test("S42: one of them may go, and the other stays", async () => {
  await using workspace = await LinkedWorkspace.open({ keep: "k" });
  await workspace.write(composed, "1");
  await workspace.write(parted, "22");
  await sync(workspace);
  await workspace.remove(parted);
  expect(await sync(workspace)).toEqual([0, 0]);
  expect(await onDisk(workspace)).toEqual([composed, "keep"].toSorted());
  expect(await onServer(workspace)).toEqual(["Zo\u00eb (case conflict).txt", "keep"].toSorted());
});
