import { mkdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { Box } from "../support/snap-process.ts";

async function linked(): Promise<Box> {
  const box = new Box();
  box.write("d/a", "one");
  await box.expectExit(0, "login", "--local");
  await box.expectExit(0, "link", box.workspace, "/w", "--initial", "push", "--yes");
  return box;
}

test("status beside a daemon: the quick way says what the whole program says", async () => {
  using box = await linked();
  await box.expectExit(0, "config", "set", "snapshot.schedule", "off");
  await box.expectExit(0, "start");
  try {
    box.write("d/b", "two");
    await box.expectExit(0, "status", "--wait");
    const quick = await box.expectExit(0, "status", "--json");
    const whole = await box.expectExit(0, "status", "--json", "--workspace", box.workspace);
    expect(quick.events).toEqual(whole.events);
    expect(quick.events).toMatchObject([{ type: "result", state: "up-to-date", exit: 0 }]);
    expect((await box.expectExit(0, "status", "d/b")).stdout).toBe("d/b: in sync\n");
    const paused = await box.expectExit(0, "pause", "lunch");
    expect(paused.code).toBe(0);
    expect((await box.expectExit(0, "status")).stdout).toContain("Paused (lunch)");
  } finally {
    await box.snap(["stop"]);
  }
});

test("status --watch and --wait need something that keeps the workspace in sync", async () => {
  using box = await linked();
  box.write("new", "n");
  expect((await box.expectExit(7, "status", "--watch")).stderr).toContain("snap start");
  expect((await box.expectExit(7, "status", "--wait")).stderr).toContain("snap start");
  await box.expectExit(2, "status", "d", "--wait");
  await box.expectExit(0, "sync");
  await box.expectExit(0, "status", "--wait");
});

test("T9, S44: a first sync without consent is exit 3, and binds nothing", async () => {
  using box = new Box();
  box.write("d/a", "one");
  await box.expectExit(0, "login", "--local");
  const words = ["link", box.workspace, "/w", "--initial", "merge"] as const;
  const refused = await box.expectExit(3, ...words);
  expect(refused.stdout).toContain("to upload    1 file, 3 B");
  expect((await box.expectExit(0, "workspaces")).stdout).toContain("No workspaces yet");
  const planned = await box.expectExit(0, ...words, "--dry-run", "--json");
  expect(planned.events).toContainEqual(
    expect.objectContaining({ type: "first-sync", initial: "merge", up: { files: 1, bytes: 3 } }),
  );
  expect((await box.expectExit(0, ...words, "--yes")).stdout).toContain("Linked. Up to date");
});

test("S44: link --initial says what the choice does with a remote folder that is there", async () => {
  using box = await linked();
  const other = path.join(box.top, "other");
  mkdirSync(other);
  const plan = async (initial: string): Promise<string> =>
    (await box.snap(["link", other, "/w", "--initial", initial, "--dry-run"])).stdout;
  expect(await plan("merge")).toContain("are both kept.");
  expect(await plan("push")).toContain("it is made like this folder");
  expect(await plan("pull")).toContain("this folder is made like it");
  expect(await plan("pull")).not.toContain("both kept");
});

test("config and ignore on the command line", async () => {
  using box = await linked();
  await box.expectExit(2, "config", "get", "nothing");
  await box.expectExit(2, "config", "set", "rollback", "maybe");
  await box.expectExit(0, "config", "set", "rollback", "keep");
  expect((await box.expectExit(0, "config", "get", "rollback")).stdout).toBe("keep\n");
  const listed = await box.expectExit(0, "config", "list", "--json");
  expect(listed.events).toContainEqual(
    expect.objectContaining({ type: "setting", name: "rollback", value: "keep", source: "user" }),
  );
  await box.expectExit(0, "ignore", "add", "*.log", "build/");
  expect(box.read(".mignore")).toBe("*.log\nbuild/\n");
  const checked = await box.expectExit(0, "ignore", "check", "x.log", "--json");
  expect(checked.events[0]).toMatchObject({ type: "checked", state: "ignored", line: 1 });
  await box.expectExit(2, "ignore", "add", "# no");
  await box.expectExit(2, "ignore", "add");
});
