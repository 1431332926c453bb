/** Beacons of a device that is always in sync (G49). */
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { git } from "../guard/repositories.ts";
import { Cloud, LiveDevice } from "./cloud.ts";

function commit(folder: string, text: string): void {
  writeFileSync(path.join(folder, "file"), text);
  git(folder, "add", "file");
  git(folder, "commit", "-q", "-m", text);
}

test("G25, G49: a switch of branches goes up as it comes to rest, and the other device is told", async () => {
  await using cloud = await Cloud.open();
  const desk = await cloud.device("desk");
  git(desk.place, "init", "-q", "-b", "main");
  commit(desk.place, "one");
  await desk.link("exclude");
  await desk.sync();
  const lap = await cloud.device("lap");
  rmSync(lap.place, { recursive: true });
  git(cloud.top, "clone", "-q", desk.place, lap.place);
  await lap.link("exclude");
  await using here = new LiveDevice(lap);
  await here.rests();
  await using there = new LiveDevice(desk);
  await there.rests();
  git(desk.place, "checkout", "-q", "-b", "feature");
  commit(desk.place, "two");
  await here.until(() => here.activity.includes("L.put file"));
  await here.until(() => {
    const notes = here.live.status().notes.filter((line) => line.startsWith("Files"));
    return notes.length === 1;
  });
  const [note] = here.live.status().notes.filter((line) => line.startsWith("Files"));
  expect(note).toMatch(
    /^Files come from desk \(feature at .*\), HEAD here is main at .*: do not commit yet\.$/u,
  );
});
