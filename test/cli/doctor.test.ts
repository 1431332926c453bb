import { rmSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { DaemonBox } from "../support/daemon-box.ts";

test("doctor: one check event each, exit 0 with warnings, the worst problem else", async () => {
  await using box = await DaemonBox.linked();
  const fine = await box.run(0, "doctor");
  const checks = fine.events.filter(({ type }) => type === "check");
  expect(checks).toContainEqual(
    expect.objectContaining({ check: "server", state: "ok", workspace: null }),
  );
  expect(checks).toContainEqual(
    expect.objectContaining({
      check: "sync",
      state: "warning",
      workspace: box.box.workspace,
      message: "It was never synced",
    }),
  );
  expect(fine.events.at(-1)).toMatchObject({
    type: "result",
    command: "doctor",
    exit: 0,
    problems: 0,
    checks: checks.length,
  });
  const offline = await box.run(0, "doctor", "--offline");
  expect(offline.events.filter(({ check }) => check === "server")).toEqual([]);
  rmSync(path.join(box.box.workspace, ".snap/root.json"));
  const told = await box.box.snap(["doctor", "--quiet", "--offline"]);
  expect(told.code).toBe(7);
  expect(told.stdout).toMatch(/^problem {2}folder .* is not the workspace of this link$/m);
  expect(told.stdout).not.toMatch(/^ok /m);
  expect(told.stdout).toMatch(/^1 problem/m);
});

test("doctor beside the daemon: it has the lock, and watches the folders", async () => {
  await using box = await DaemonBox.linked();
  box.box.write("d/a", "one");
  await box.run(0, "start");
  await box.until("idle");
  const { events } = await box.run(0, "doctor");
  const find = (name: string): unknown => events.find(({ check }) => check === name);
  expect(find("background")).toMatchObject({ state: "ok" });
  expect(find("lock")).toMatchObject({ state: "ok", message: "The background sync has it" });
  expect(find("sync")).toMatchObject({ state: "ok" });
  expect(find("watch")).toBeDefined();
});
