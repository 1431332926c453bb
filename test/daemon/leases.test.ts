import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeRunFolder } from "../../src/app/run-folder.ts";
import { serveControl } from "../../src/daemon/control-api.ts";
import { beatMs, leaseMs } from "../../src/daemon/leases.ts";
import { daemonLender } from "../../src/daemon/lender.ts";
import { locate, type Locations } from "../../src/state/locations.ts";
import { silentLogger } from "../../src/std/log.ts";
import { seededRng } from "../../src/std/random.ts";
import { systemClock } from "../../src/std/time.ts";
import { HeldClock } from "../support/held-clock.ts";
import { Desk } from "./desk.ts";

let top: string;
let locations: Locations;
let desk: Desk;
let clock: HeldClock;
let served: AsyncDisposable;
beforeEach(async () => {
  top = mkdtempSync(path.join(os.tmpdir(), "snap-leases-"));
  locations = locate({ SNAP_HOME: path.join(top, "home") });
  desk = new Desk();
  clock = new HeldClock();
  const environment = { clock, rng: seededRng(7), logger: silentLogger };
  served = await serveControl({ run: makeRunFolder(locations), controlled: desk, environment });
});
afterEach(async () => {
  await served[Symbol.asyncDispose]();
  rmSync(top, { recursive: true, force: true });
});

test("N34: who hangs loses the stand-still after two minutes at most, and learns of it", async () => {
  const lender = daemonLender({ locations, clock: systemClock }, new AbortController().signal);
  await using held = await lender.still("w1", "capture");
  await clock.sleeper(leaseMs);
  await held?.confirm();
  clock.advance(leaseMs);
  // It was renewed since: it lasts.
  await clock.sleeper(leaseMs);
  expect(desk.asked).toEqual(["still in w1 for capture"]);
  const back = desk.next();
  clock.advance(leaseMs);
  await back;
  expect(desk.asked).toEqual(["still in w1 for capture", "goes on"]);
  await expect(held?.confirm()).rejects.toMatchObject({
    code: "busy",
    message: expect.stringContaining("did not wait"),
    hint: expect.stringContaining("again"),
  });
});

test("N34: who captures says that it is at work without being asked", async () => {
  const working = new HeldClock();
  const { signal } = new AbortController();
  await using _held = await daemonLender({ locations, clock: working }, signal).still(
    "w1",
    "capture",
  );
  await working.sleeper(beatMs);
  working.advance(beatMs);
  // The next wait begins when the daemon has answered.
  await working.sleeper(beatMs);
  clock.advance(leaseMs);
  await clock.sleeper(leaseMs);
  expect(desk.asked).toEqual(["still in w1 for capture"]);
});

test("N34: where the daemon has ended, or gives the workspace up, nothing stood still to the end", async () => {
  const lender = daemonLender({ locations, clock: systemClock }, new AbortController().signal);
  await using held = await lender.still("w1", "capture");
  const back = desk.next();
  desk.ending.abort();
  await back;
  await expect(held?.confirm()).rejects.toMatchObject({ code: "busy" });
  await served[Symbol.asyncDispose]();
  await expect(held?.confirm()).rejects.toMatchObject({ code: "busy" });
});
