/** `snap restore --offline`, as a person runs it (T27). */
import { expect, test } from "vitest";
import { DaemonBox } from "../support/daemon-box.ts";

test("T27: the disk is restored at once, the next sync brings Dropbox along, and undo takes it back", async () => {
  await using box = await DaemonBox.linked();
  box.box.write("a", "1");
  await box.run(0, "capture", "--label", "S");
  await box.run(0, "sync");
  box.box.write("a", "9");
  await box.run(0, "sync");
  const { events } = await box.run(4, "restore", "S", "--offline", "--yes");
  expect(events.at(-1)).toMatchObject({ type: "result", command: "restore", exit: 4 });
  expect(JSON.stringify(events.at(-1))).toContain("not pushed yet: Dropbox was left out");
  expect(box.box.read("a")).toBe("1");
  const shown = await box.box.snap(["restores"]);
  expect(shown.stdout).toContain("committed");
  await box.run(0, "sync");
  await box.run(0, "verify", "S", "--level", "4");
  await box.run(0, "undo", "--yes");
  await box.run(0, "sync");
  expect(box.box.read("a")).toBe("9");
});

test("T27: the background sync brings Dropbox along by itself", async () => {
  await using box = await DaemonBox.linked();
  box.box.write("a", "1");
  await box.run(0, "capture", "--label", "S");
  box.box.write("a", "9");
  await box.run(0, "start");
  await box.run(0, "status", "--wait");
  await box.run(4, "restore", "S", "--offline", "--yes");
  await box.run(0, "status", "--wait");
  await box.run(0, "verify", "S", "--level", "4");
});

test("T27: what needs Dropbox does not go without it", async () => {
  await using box = await DaemonBox.linked();
  box.box.write("a", "1");
  await box.run(0, "capture", "--label", "S");
  await box.run(2, "restore", "S", "--offline", "--procedure", "documented", "--yes");
  await box.run(2, "restore", "S", "--offline", "--to", "there");
  await box.run(2, "restore", "S", "--offline", "--remote-only", "--remote", "/w");
  const refused = await box.run(3, "restore", "S", "--offline", "--yes");
  expect(refused.stdout).toContain("never read to its end");
});
