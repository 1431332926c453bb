import { renameSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { Box } from "../support/snap-process.ts";

async function worked(): Promise<Box> {
  const box = new Box();
  box.write("notes/a.txt", "one");
  box.write("notes-2/b.txt", "two");
  await box.expectExit(0, "login", "--local");
  await box.expectExit(0, "link", box.workspace, "/w");
  await box.expectExit(0, "sync");
  box.write("notes/a.txt", "edited");
  await box.expectExit(0, "sync");
  renameSync(path.join(box.workspace, "notes/a.txt"), path.join(box.workspace, "moved a.txt"));
  await box.expectExit(0, "sync");
  return box;
}

test("P10: what was done is told in words, newest first", async () => {
  using box = await worked();
  const { stdout } = await box.expectExit(0, "history");
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => line.replace(/^.{16} \S+ +/, ""));
  expect(lines[0]).toBe("moved there        moved a.txt (was notes/a.txt)");
  expect(lines).toContain("uploaded           notes-2/b.txt");
  expect(lines.filter((line) => line === "uploaded           notes/a.txt")).toHaveLength(2);
  expect(stdout).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d [+-]\d{4} {2}/);
});

test("P10: a path stands for itself, for what is in it, and for what was moved away from it", async () => {
  using box = await worked();
  const pathsOf = async (...words: readonly string[]): Promise<readonly unknown[]> => {
    const { events } = await box.expectExit(0, "history", ...words, "--json");
    expect(events.at(-1)).toMatchObject({ type: "result", lines: events.length - 1 });
    return events.slice(0, -1).map((event) => `${String(event["op"])} ${String(event["path"])}`);
  };
  const ofNotes = ["R.move moved a.txt", "R.put notes/a.txt", "R.put notes/a.txt", "R.mkdir notes"];
  expect(await pathsOf("notes")).toEqual(expect.arrayContaining(ofNotes));
  expect(await pathsOf("notes")).not.toContain("R.put notes-2/b.txt");
  expect(await pathsOf("notes/a.txt")).not.toContain("R.mkdir notes");
  expect(await pathsOf(path.join(box.workspace, "notes-2"))).toContain("R.put notes-2/b.txt");
  expect(await pathsOf("never/was")).toEqual([]);
  expect(await pathsOf("--limit", "2")).toHaveLength(2);
  const below = { cwd: path.join(box.workspace, "notes") };
  expect((await box.snap(["history", "a.txt"], below)).stdout).toContain("notes/a.txt");
  expect((await box.snap(["history", "%"], below)).stdout).toContain("Nothing was done yet");
});

test("a limit or path that makes no sense is refused", async () => {
  using box = await worked();
  for (const words of [
    ["--limit", "0"],
    ["--limit", "many"],
    ["--limit", "-1"],
    ["../elsewhere"],
  ]) {
    await box.expectExit(2, "history", ...words);
  }
});
