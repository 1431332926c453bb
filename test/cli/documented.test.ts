/** `snap restore --procedure documented`, as a person runs it (T36, T37). */
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { DaemonBox } from "../support/daemon-box.ts";

test("T36: with the background sync on, planned by digest, up to date at the end, undone, and the old index kept", async () => {
  await using box = await DaemonBox.linked();
  box.box.write("a", "1");
  box.box.write("d/b", "2");
  await box.run(0, "capture", "--label", "S");
  await box.run(0, "start");
  await box.run(0, "status", "--wait");
  box.box.write("a", "9");
  box.box.write("new", "5");
  await box.run(0, "status", "--wait");
  const words = ["restore", "S", "--procedure", "documented"];
  const { events } = await box.run(0, ...words, "--dry-run");
  const plan = events.find(({ type }) => type === "plan");
  expect(plan).toMatchObject({ procedure: "documented", remote: { uploaded: 2, calls: 5 } });
  await box.run(3, ...words, "--no-delete", "--plan", String(plan?.["digest"]));
  await box.run(0, ...words, "--plan", String(plan?.["digest"]));
  expect(box.box.tree()).toEqual({ a: "1", "d/b": "2" });
  await box.run(0, "status", "--wait");
  await box.run(0, "verify", "S", "--level", "4");
  const [workspace = ""] = readdirSync(path.join(box.home, "workspaces"));
  const copies = readdirSync(path.join(box.home, "workspaces", workspace, "copies"));
  expect(copies.filter((name) => name.startsWith("before-"))).toHaveLength(1);
  await box.run(0, "undo", "--yes");
  await box.run(0, "status", "--wait");
  expect(box.box.tree()).toEqual({ a: "9", "d/b": "2", new: "5" });
});

test("T37: what does not go together is refused, and nothing is asked of Dropbox", async () => {
  await using box = await DaemonBox.linked();
  box.box.write("a", "1");
  await box.run(0, "capture", "--label", "S");
  const words = ["restore", "S", "--procedure", "documented", "--yes"];
  await box.run(2, ...words, "a");
  await box.run(2, ...words, "--server-side", "never");
  await box.run(2, ...words, "--to", path.join(box.box.top, "copy"));
  await box.run(2, "restore", "S", "--procedure", "other");
  expect(existsSync(path.join(box.box.top, "copy"))).toBe(false);
});
