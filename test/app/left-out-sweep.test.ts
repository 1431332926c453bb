/** Repositories in folders that a rule leaves out (G9, G21). */
import { expect, test } from "vitest";
import { LeftOutSweep, sweepIntervalMs } from "../../src/app/left-out-sweep.ts";
import { rulesOf } from "../../src/core/ignore.ts";
import type { LeftOut } from "../../src/core/live/waiting.ts";
import { parseCovered } from "../../src/core/repo/covered.ts";
import { silentLogger } from "../../src/std/log.ts";
import { HeldClock } from "../support/held-clock.ts";
import { git, Scratch } from "../guard/repositories.ts";
import { Cloud, Device, LiveDevice } from "./cloud.ts";

function leaving(text: string): LeftOut {
  const rules = rulesOf(text);
  return { digest: rules.digest, has: (folder) => rules.ignores(folder, "folder") };
}

test("G21: it looks when the rules are known, once a day, and when they change; an end stops it at once", async () => {
  using scratch = new Scratch();
  git(scratch.folder("out/a"), "init", "-q");
  const clock = new HeldClock();
  const meta = new Map<string, string | undefined>();
  const ends: (() => void)[] = [];
  let looks = 0;
  const sweep = new LeftOutSweep({
    top: scratch.top,
    clock,
    logger: silentLogger,
    index: {
      meta: (key) => meta.get(key),
      setMeta: (key, value) => void meta.set(key, value),
      transaction: (act) => act(),
    },
    rules: () => {
      looks += 1;
      return Promise.resolve(() => false);
    },
    onFound: () => ends.splice(0).forEach((end) => end()),
  });
  const found = (): readonly string[] =>
    parseCovered(meta.get("covered_repositories"))?.found.map(({ path }) => path) ?? [];
  const news = (): Promise<void> => new Promise((resolve) => ends.push(resolve));
  const stop = new AbortController();
  const running = sweep.run(stop.signal);
  await clock.sleeper(sweepIntervalMs);
  expect(looks).toBe(0);
  const first = news();
  sweep.scope(leaving("out/"));
  await first;
  expect(found()).toEqual(["out/a"]);
  await clock.sleeper(sweepIntervalMs);
  sweep.scope(leaving("out/"));
  clock.advance(sweepIntervalMs - 1);
  await Promise.resolve();
  expect(looks).toBe(1);
  git(scratch.folder("out/b"), "init", "-q");
  const second = news();
  clock.advance(1);
  await second;
  expect(found()).toEqual(["out/a", "out/b"]);
  const third = news();
  sweep.scope(leaving("out/b/"));
  await third;
  expect(found()).toEqual(["out/b"]);
  expect(looks).toBe(3);
  stop.abort();
  await running;
});

test("G9, G21: what is left out is told in the status while all runs, and held from the cycle on in which no rule covers it", async () => {
  await using cloud = await Cloud.open();
  const device = await cloud.device("box");
  device.write(".mignore", "node_modules/\n");
  device.write("a", "1");
  await device.link();
  git(device.place, "init", "-q", "node_modules/a/b");
  device.write("node_modules/a/b/file", "1");
  await using here = new LiveDevice(device);
  await here.until(() => here.live.status().covered.length > 0);
  await here.rests();
  expect(here.live.status()).toMatchObject({
    exit: 0,
    covered: [{ path: "node_modules/a/b", vcs: "git", severity: "warn", covered: true }],
    notes: [expect.stringMatching(/^Repository "node_modules\/a\/b" \(git\) is left out/u)],
  });
  device.write(".mignore", "other/\n");
  await here.until(() => here.live.status().exit === 3);
  expect(here.live.status()).toMatchObject({
    covered: [],
    left: [{ path: "node_modules/a/b", kind: "hold" }],
  });
  await here.live[Symbol.asyncDispose]();
  expect(cloud.told("node_modules/a/b/file")).toEqual([]);
});

test("G9: the status without a background sync tells what it saw last", async () => {
  await using cloud = await Cloud.open();
  const device: Device = await cloud.device("box");
  device.write(".mignore", "out/\n");
  git(device.place, "init", "-q", "out");
  await device.link();
  {
    await using here = new LiveDevice(device);
    await here.until(() => here.live.status().covered.length > 0);
  }
  expect(await device.status()).toMatchObject({ covered: [{ path: "out" }] });
});
