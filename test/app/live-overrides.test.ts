/** A device that is always in sync goes by the overrides as they are when a cycle begins (G44). */
import { rmSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { planOverride, recordOverride } from "../../src/app/guard-overrides.ts";
import { systemClock } from "../../src/std/time.ts";
import { git } from "../guard/repositories.ts";
import { Cloud, Device, LiveDevice } from "./cloud.ts";

const reason = "one device at a time, pushed daily";

/** Everything on the disk has rested when this device looks. */
async function deviceOf(cloud: Cloud): Promise<Device> {
  const { environment, place } = await cloud.device("desk");
  const sleep = systemClock.sleep.bind(systemClock);
  const clock = { now: () => Date.now() + 60_000, sleep };
  return new Device({ ...environment, clock }, place);
}

function makeRepository(device: Device): void {
  git(device.place, "init", "-q", "-b", "main", "r");
  device.write("r/file", "one");
  git(device.at("r"), "add", "file");
  git(device.at("r"), "commit", "-q", "-m", "one");
}

async function take({ environment, at }: Pick<Device, "environment" | "at">): Promise<void> {
  await recordOverride(environment, await planOverride(environment, { folder: at("r"), reason }));
}

function isHeld({ live }: LiveDevice): boolean {
  return live.status().left.some(({ path: held, kind }) => held === "r" && kind === "hold");
}

test("G44: a worktree that is added while all runs voids the override in the next cycle, and its end makes it hold again", async () => {
  await using cloud = await Cloud.open();
  const device = await deviceOf(cloud);
  makeRepository(device);
  await take({ environment: device.environment, at: (file) => device.at(file) });
  await device.link();
  await using here = new LiveDevice(device);
  await here.until(() => here.activity.includes("R.put r/file"));
  await here.rests();
  expect(isHeld(here)).toBe(false);
  const tree = path.join(cloud.top, "tree");
  git(device.at("r"), "worktree", "add", "-q", "-b", "topic", tree);
  device.write("r/new", "behind the hold");
  await here.until(() => isHeld(here));
  device.write("beside", "goes on");
  await here.until(() => here.activity.includes("R.put beside"));
  expect(here.activity).not.toContain("R.put r/new");
  rmSync(tree, { recursive: true });
  git(device.at("r"), "worktree", "prune");
  await here.until(() => here.activity.includes("R.put r/new"));
  await here.until(() => !isHeld(here));
  expect(here.opened).toBe(1);
});

test("G44: an override that is recorded, trusted and taken back holds from the next cycle on", async () => {
  await using cloud = await Cloud.open();
  const device = await deviceOf(cloud);
  await device.link();
  makeRepository(device);
  const { environment } = device;
  const { records } = await planOverride(environment, { folder: device.at("r"), reason });
  const record = (trust: boolean): void => {
    const overrides = records.map((one) => ({ ...one, trust }));
    environment.settings.update((config) => ({ ...config, overrides }));
  };
  await using here = new LiveDevice(device);
  await here.until(() => isHeld(here));
  record(false);
  here.live.nudge();
  await here.until(() => here.activity.includes("R.put r/.git/HEAD"));
  await here.until(() => !isHeld(here));
  expect(here.activity).not.toContain("R.put r/.git/config");
  record(true);
  here.live.nudge();
  await here.until(() => here.activity.includes("R.put r/.git/config"));
  environment.settings.update((config) => ({ ...config, overrides: [] }));
  device.write("r/file", "not any more");
  here.live.nudge();
  await here.until(() => isHeld(here));
  expect(here.activity.filter((line) => line === "R.put r/file")).toHaveLength(1);
  expect(here.opened).toBe(1);
});
