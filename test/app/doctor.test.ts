import { createHash } from "node:crypto";
import {
  chmodSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { captureWorkspace } from "../../src/app/capture.ts";
import { exitOfChecks } from "../../src/app/doctor/check.ts";
import { onSameDisk } from "../../src/app/doctor/store.ts";
import { addExclusions } from "../../src/app/exclude.ts";
import { makeRunFolder } from "../../src/app/run-folder.ts";
import { takeRunLock } from "../../src/app/run-lock.ts";
import { openIndex } from "../../src/state/database.ts";
import { takeLock } from "../../src/state/process-lock.ts";
import { daemon, filesOf, limitsOf, look, named } from "./examined.ts";
import { LinkedHome } from "./linked-home.ts";

/** Every file of the program's, with its text; SQLite's own files beside an open one left out. */
function everything(top: string): Readonly<Record<string, string>> {
  const files = readdirSync(top, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !/-(wal|shm)$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name));
  const facts = files.map((file) => {
    const { mode, mtimeMs } = statSync(file);
    return [
      file,
      `${mode} ${mtimeMs} ${createHash("sha256").update(readFileSync(file)).digest("hex")}`,
    ] as const;
  });
  return Object.fromEntries(facts);
}

test("a sound installation has no problem, and the look changes nothing", async () => {
  await using home = await LinkedHome.open({ a: "one", "d/b": "two" });
  const tops = [home.environment.locations.home, home.place];
  const before = tops.map(everything);
  const checks = await look(home);
  expect(tops.map(everything)).toEqual(before);
  expect(checks.filter(({ state }) => state === "problem")).toEqual([]);
  expect(exitOfChecks(checks)).toBe(0);
  expect(named(checks, "background")).toMatchObject({ state: "warning" });
  expect(named(checks, "inotify")?.text).toContain("2 are in the linked workspaces");
  const own = checks.filter(({ workspace }) => workspace === home.place);
  expect(own.map(({ name }) => name)).toEqual([
    "folder",
    "space",
    "lock",
    "index",
    "sync",
    "held",
    "left",
  ]);
  expect(named(own, "sync")).toMatchObject({ state: "ok" });
});

test("settings that cannot be read: the rest that needs none is still looked at", async () => {
  await using home = await LinkedHome.open({});
  writeFileSync(home.environment.locations.config, "{");
  const checks = await look(home);
  expect(checks.map(({ name }) => name)).toEqual(["settings", "home"]);
  expect(exitOfChecks(checks)).toBe(2);
});

test("T49: a home that others can change, and one in a workspace", async () => {
  await using home = await LinkedHome.open({});
  const { locations } = home.environment;
  chmodSync(locations.workspaces, 0o755);
  expect(named(await look(home), "home")).toMatchObject({
    state: "warning",
    hint: `chmod 700 "${locations.workspaces}"`,
  });
  home.environment.settings.update((config) => ({
    ...config,
    workspaces: config.workspaces.map((record) => ({ ...record, path: home.top })),
  }));
  expect(named(await look(home), "home")).toMatchObject({ code: "settings-invalid" });
});

test("S10: a folder that is gone, or another one, is a problem of exit 7", async () => {
  await using home = await LinkedHome.open({ a: "one" });
  home.remove(".snap/root.json");
  const other = await look(home);
  expect(named(other, "folder")).toMatchObject({ code: "workspace-missing" });
  expect(exitOfChecks(other)).toBe(7);
  renameSync(home.place, `${home.place}-away`);
  const gone = await look(home);
  expect(named(gone, "folder")).toMatchObject({ code: "workspace-missing" });
  expect(named(gone, "index")).toMatchObject({ state: "ok" });
});

test("S11: an index with damage in it, and one that is missing, are damage", async () => {
  await using home = await LinkedHome.open({ a: "one" });
  const { index } = filesOf(home);
  const bytes = readFileSync(index);
  // Past the first page, which tells the schema: only a look at the whole file finds it.
  writeFileSync(index, bytes.fill(0xff, 8192, 8192 + 4096));
  const damaged = await look(home);
  expect(named(damaged, "index")).toMatchObject({ state: "problem", code: "damaged" });
  expect(exitOfChecks(damaged)).toBe(5);
  rmSync(index);
  expect(named(await look(home), "index")?.text).toContain("is missing");
});

test("S12: a lock that a command holds is a warning, that of the daemon is not", async () => {
  await using home = await LinkedHome.open({});
  using _lock = takeLock(filesOf(home).lock, { what: "snap check" });
  const held = named(await look(home), "lock");
  expect(held).toMatchObject({ state: "warning" });
  expect(held?.text).toContain(`"snap check" (process ${process.pid})`);
  const background = daemon(home, { coverage: "whole", folders: 1 });
  const own = await look(home, { background: () => Promise.resolve(background) });
  expect(named(own, "lock")).toMatchObject({ state: "ok" });
});

test("S105: never synced, stuck, held, left aside, damaged, rolled back", async () => {
  await using home = await LinkedHome.open({});
  const { environment } = home;
  const note = (metas: Readonly<Record<string, string | undefined>>): void => {
    using state = openIndex(filesOf(home).index, { clock: environment.clock });
    state.index.transaction(() => {
      state.index.setMeta("last_synced_at", metas["at"]);
      state.index.setMeta("last_left", metas["left"]);
      state.index.setMeta("stuck", metas["stuck"]);
      state.index.setMeta("rolled_back", metas["back"]);
    });
  };
  const left = (kind: string): string => JSON.stringify([{ path: "a", kind, reason: "r" }]);
  note({});
  expect(named(await look(home), "sync")?.text).toBe("It was never synced");
  note({ at: "2020-01-01T00:00:00Z" });
  expect(named(await look(home), "sync")?.text).toContain("more than a day");
  note({ at: "2020-01-01T00:00:00Z", stuck: "network", left: left("hold") });
  const held = await look(home);
  expect(named(held, "sync")?.text).toContain("network");
  expect(named(held, "held")).toMatchObject({ state: "warning" });
  expect(exitOfChecks(held)).toBe(0);
  note({ left: left("refused") });
  expect(named(await look(home), "left")).toMatchObject({ state: "warning" });
  note({ left: left("damaged"), back: "1" });
  const worst = await look(home);
  expect(named(worst, "sync")).toMatchObject({ code: "rolled-back" });
  expect(named(worst, "sync")?.hint).toContain("snap config set rollback keep");
  expect(exitOfChecks(worst)).toBe(5);
});

test("S108: the limits of inotify against the folders, and what the daemon sees", async () => {
  await using home = await LinkedHome.open({ "a/b/c/d": "one" });
  const few = named(await look(home, { limits: limitsOf(home, 3) }), "inotify");
  expect(few).toMatchObject({
    state: "warning",
    hint: "sudo sysctl fs.inotify.max_user_watches=524288",
  });
  expect(few?.text).toContain("is 3, and 4 are needed");
  const enough = await look(home, { limits: limitsOf(home, 4) });
  expect(named(enough, "inotify")).toMatchObject({ state: "ok" });
  const none = await look(home, { limits: limitsOf(home, 4, 1) });
  expect(named(none, "inotify")?.text).toContain("max_user_instances is 1");
  const elsewhere = await look(home, { limits: path.join(home.top, "nothing") });
  expect(named(elsewhere, "inotify")).toMatchObject({ state: "ok" });
  const blind = daemon(home, { coverage: "none", folders: 0, reason: "no inotify here" });
  const seen = await look(home, { background: () => Promise.resolve(blind) });
  expect(named(seen, "watch")).toMatchObject({ state: "warning" });
  expect(named(seen, "watch")?.text).toContain("no inotify here");
  const whole = daemon(home, { coverage: "whole", folders: 5 });
  const counted = await look(home, {
    background: () => Promise.resolve(whole),
    limits: limitsOf(home, 4),
  });
  expect(named(counted, "inotify")?.text).toContain("5 are needed");
  expect(named(counted, "watch")).toMatchObject({ state: "ok" });
});

test("S108: folders that are ignored or excluded need no watch; where the rules cannot be read, all do", async () => {
  await using home = await LinkedHome.open({ "a/b/c/d": "one", "e/f": "one" });
  home.write("node_modules/x/y", "one");
  home.write(".mignore", "node_modules/\n");
  const needed = async (): Promise<string | undefined> => named(await look(home), "inotify")?.text;
  expect(await needed()).toContain("5 are in the linked workspaces");
  await addExclusions(home.environment, { place: home.place, paths: ["a/b"], dryRun: false });
  expect(await needed()).toContain("3 are in the linked workspaces");
  home.write(".mignore", `node_modules/\n${"*a".repeat(50)}`);
  expect(await needed()).toContain("7 are in the linked workspaces");
});

test("the daemon: another version, one that does not answer; autostart that does not start", async () => {
  await using home = await LinkedHome.open({});
  const old = daemon(home, { coverage: "whole", folders: 1 }, "0.0.1");
  const other = await look(home, { background: () => Promise.resolve(old) });
  expect(named(other, "background")).toMatchObject({ state: "warning" });
  expect(named(other, "background")?.text).toContain("0.0.1");
  const same = daemon(home, { coverage: "whole", folders: 1 });
  const runs = await look(home, { background: () => Promise.resolve(same) });
  expect(named(runs, "background")).toMatchObject({ state: "ok" });
  const unit = await look(home, {
    autostart: () => Promise.resolve({ state: "unit-only", unit: "/u" }),
  });
  expect(named(unit, "autostart")).toMatchObject({ state: "warning" });
  using _lock = takeRunLock(makeRunFolder(home.environment.locations), "worker");
  const silent = await look(home);
  expect(named(silent, "background")).toMatchObject({ code: "daemon-off" });
  expect(exitOfChecks(silent)).toBe(7);
});

test("N10: a store that is not mounted, and one in a workspace", async () => {
  await using home = await LinkedHome.open({});
  expect(named(await look(home), "store")?.text).toContain("No snapshots yet");
  home.set({ "store.path": path.join(home.top, "store") });
  expect(named(await look(home), "store")).toMatchObject({ state: "warning" });
  home.set({ "store.path": path.join(home.place, "store") });
  expect(named(await look(home), "store")).toMatchObject({ code: "store-inside-workspace" });
});

test("N11: a store on the disk of a workspace does not survive that disk", async () => {
  await using home = await LinkedHome.open({ f: "1" });
  const taken = { place: home.place, tags: [], force: false, dryRun: false };
  await captureWorkspace(home.environment, taken, {});
  const told = named(await look(home), "store");
  expect(told).toMatchObject({ state: "ok" });
  expect(told?.text).toContain(`on one disk with "${home.place}"`);
  const disks: Readonly<Record<string, number>> = { "/s": 1, "/a": 1, "/b": 2 };
  const deviceOf = (path: string): number | undefined => disks[path];
  expect(onSameDisk("/s", ["/a", "/b", "/gone"], deviceOf)).toEqual(["/a"]);
  expect(onSameDisk("/gone", ["/also-gone"], deviceOf)).toEqual([]);
});
