/** A repository of Git that two devices sync by override stays whole (G44, G45). */
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { connect } from "../../src/app/accounts.ts";
import { requireLink } from "../../src/app/find-workspace.ts";
import { planOverride, recordOverride } from "../../src/app/guard-overrides.ts";
import { openLinked } from "../../src/app/workspace.ts";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import { formatLease, leasePath, parseLease, type Lease } from "../../src/core/repo/lease.ts";
import { overrideLifetimeMs } from "../../src/guard/overrides.ts";
import { git } from "../guard/repositories.ts";
import { Cloud, Device } from "./cloud.ts";

/** Everything on the disk has rested when this device looks. */
async function deviceOf(cloud: Cloud, name: string): Promise<Device> {
  const { environment, place } = await cloud.device(name);
  const clock = { now: () => Date.now() + 60_000, sleep: () => Promise.resolve() };
  return new Device({ ...environment, clock }, place);
}

function commit(folder: string, text: string): void {
  writeFileSync(path.join(folder, "file"), text);
  git(folder, "add", "file");
  git(folder, "commit", "-q", "-m", text);
}

async function take({ environment, at }: Pick<Device, "environment" | "at">): Promise<void> {
  const reason = "one device at a time, pushed daily";
  await recordOverride(environment, await planOverride(environment, { folder: at("r"), reason }));
}

/** Two devices with the same repository, which both sync. */
async function pair(cloud: Cloud): Promise<readonly [Device, Device]> {
  const [desk, lap] = [await deviceOf(cloud, "desk"), await deviceOf(cloud, "lap")];
  await desk.link();
  await lap.link();
  git(desk.place, "init", "-q", "-b", "main", "r");
  commit(desk.at("r"), "one");
  cpSync(desk.at("r"), lap.at("r"), { recursive: true });
  for (const device of [desk, lap]) {
    await take({ environment: device.environment, at: (file) => device.at(file) });
    expect(await device.sync()).toMatchObject({ exit: 0 });
  }
  return [desk, lap];
}

test("G45: commits, a repack and a branch arrive on the other device, and git finds nothing wrong", async () => {
  await using cloud = await Cloud.open();
  const [desk, lap] = await pair(cloud);
  commit(desk.at("r"), "two");
  expect(await desk.sync()).toMatchObject({ exit: 0 });
  expect(await lap.sync()).toMatchObject({ exit: 0 });
  git(lap.at("r"), "fsck", "--strict");
  git(desk.at("r"), "gc", "-q");
  git(desk.at("r"), "checkout", "-q", "-b", "topic");
  commit(desk.at("r"), "three");
  expect(await desk.sync()).toMatchObject({ exit: 0 });
  expect(await lap.sync()).toMatchObject({ exit: 0 });
  git(lap.at("r"), "fsck", "--strict");
  expect(git(lap.at("r"), "log", "--format=%s", "topic")).toBe(
    git(desk.at("r"), "log", "--format=%s", "topic"),
  );
  expect(cloud.told("hooks")).toEqual([]);
  expect(cloud.told(".git/config")).toEqual([]);
});

test("G45: commits on both devices hold the repository on the second, and nothing is lost or copied", async () => {
  await using cloud = await Cloud.open();
  const [desk, lap] = await pair(cloud);
  commit(desk.at("r"), "here");
  commit(lap.at("r"), "there");
  const head = git(lap.at("r"), "rev-parse", "HEAD");
  expect(await desk.sync()).toMatchObject({ exit: 0 });
  const report = await lap.sync();
  expect(report).toMatchObject({ exit: 3, conflicts: [] });
  expect(report.left).toMatchObject([{ path: "r", kind: "hold" }]);
  expect(git(lap.at("r"), "rev-parse", "HEAD")).toBe(head);
  git(lap.at("r"), "fsck", "--strict");
  expect((await lap.status()).left).toMatchObject([{ path: "r", kind: "hold" }]);
  // The way out that the hold tells.
  git(lap.at("r"), "branch", "saved");
  const told = report.left[0]?.reason ?? "";
  for (const [, file = ""] of told.matchAll(/"([^"]+)"/gu)) lap.remove(file);
  expect((await lap.sync()).exit).toBe(0);
  git(lap.at("r"), "fsck", "--strict");
  expect(git(lap.at("r"), "rev-parse", "main")).toBe(git(desk.at("r"), "rev-parse", "main"));
  expect(git(lap.at("r"), "rev-parse", "saved")).toBe(head);
});

/** What another device has written where the lease of the repository is. */
async function putLease(device: Device, lease: Lease): Promise<void> {
  await using connection = await connect(device.environment);
  const side = connection.side("/w");
  const place = leasePath(parseRelPath("r/.git"));
  const there = await side.document(place);
  await side.writeDocument(place, formatLease(lease), there?.rev);
}

test("G45: one device at a time moves a repository, and everything else goes on", async () => {
  await using cloud = await Cloud.open();
  const [desk, lap] = await pair(cloud);
  const lease = { link: "other", name: "third", time: "2026-11-22T12:00:00Z" } as const;
  await putLease(desk, { ...lease, state: "writing" });
  commit(desk.at("r"), "two");
  desk.write("beside", "1");
  cloud.forget();
  const report = await desk.sync();
  expect(report).toMatchObject({ exit: 3, left: [{ path: "r", kind: "hold" }] });
  expect(report.left[0]?.reason).toContain('is being synced by "third"');
  expect(cloud.told("/w/beside")).not.toEqual([]);
  expect(cloud.told("/w/r/.git")).toEqual([]);
  await putLease(desk, { ...lease, state: "free" });
  expect(await desk.sync()).toMatchObject({ exit: 0 });
  expect(await lap.sync()).toMatchObject({ exit: 0 });
  expect(git(lap.at("r"), "rev-parse", "main")).toBe(git(desk.at("r"), "rev-parse", "main"));
  await using connection = await connect(lap.environment);
  const last = await connection.side("/w").document(leasePath(parseRelPath("r/.git")));
  expect(parseLease(last?.text ?? "")).toMatchObject({ name: "lap", state: "free" });
});

test("G45: two workspaces of one device with the same linked folder count as two", async () => {
  await using cloud = await Cloud.open();
  const first = await deviceOf(cloud, "desk");
  const second = new Device(first.environment, path.join(cloud.top, "second"));
  mkdirSync(second.place);
  const gitdir = parseRelPath("r/.git");
  const holders = [];
  for (const { environment, place } of [await first.link(), await second.link()]) {
    await using open = await openLinked(environment, requireLink(environment, place), "sync");
    holders.push(await open.engineDeps.leases?.take(gitdir));
  }
  expect(holders).toMatchObject([undefined, { name: "desk" }]);
});

test("G44: an override ends while a workspace is open for longer than it holds", async () => {
  await using cloud = await Cloud.open();
  const device = await deviceOf(cloud, "desk");
  await device.link();
  git(device.place, "init", "-q", "-b", "main", "r");
  commit(device.at("r"), "one");
  await take({ environment: device.environment, at: (file) => device.at(file) });
  let aheadMs = 60_000;
  const clock = { ...device.environment.clock, now: () => Date.now() + aheadMs };
  const environment = { ...device.environment, clock };
  await using open = await openLinked(environment, requireLink(environment, device.place), "start");
  const { config } = open.engineDeps;
  expect(await open.engine.sync()).toMatchObject({ exit: 0 });
  expect([config.overridden(parseRelPath("r")), config.overrides]).toEqual([true, "r/work-tree"]);
  aheadMs += overrideLifetimeMs;
  cloud.forget();
  commit(device.at("r"), "two");
  expect(await open.engine.sync()).toMatchObject({ exit: 3, left: [{ path: "r", kind: "hold" }] });
  expect([config.overridden(parseRelPath("r")), config.overrides]).toEqual([false, ""]);
  expect(cloud.told("/.git")).toEqual([]);
});
