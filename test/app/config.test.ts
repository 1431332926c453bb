import path from "node:path";
import { expect, test } from "vitest";
import { getSetting, listSettings, setSetting } from "../../src/app/config.ts";
import { planLink, removeLink } from "../../src/app/link.ts";
import { settingsOf } from "../../src/app/settings-of.ts";
import { settingNames } from "../../src/core/settings/catalogue.ts";
import { LinkedHome } from "./linked-home.ts";

function set(home: LinkedHome, name: string, ...values: readonly string[]) {
  return setSetting(home.environment, { name, values, workspace: undefined, dryRun: false });
}

function setHere(home: LinkedHome, name: string, ...values: readonly string[]) {
  return setSetting(home.environment, { name, values, workspace: home.place, dryRun: false });
}

test("every setting is listed with unit, default and meaning", async () => {
  await using home = await LinkedHome.open({});
  const lines = listSettings(home.environment, undefined);
  expect(lines.map(({ name }) => name)).toEqual(settingNames);
  for (const { unit, default: usual, meaning } of lines) {
    expect([unit, usual, meaning]).not.toContain("");
  }
});

test.each([
  ["device.name", ["my box"], "my box"],
  ["link.template", ["/{org}/{space}"], "/{org}/{space}"],
  ["link.names", ["org=econ", "space=a b"], "org=econ space=a b"],
  ["repos", ["exclude"], "exclude"],
  ["newRemoteFolders", ["exclude"], "exclude"],
  ["rollback", ["keep"], "keep"],
  ["sync.before", ['["a","b c"]', '["d"]'], '["a","b c"] ["d"]'],
  ["sync.after", ['[["a"],["b"]]'], '["a"] ["b"]'],
  ["sync.hookTimeout", ["120s"], "2m"],
  ["restore.keepUndo", ["24h"], "1d"],
  ["transfer.parallel", ["3"], "3"],
  ["transfer.upload", ["512k"], "512KiB"],
  ["transfer.download", ["2MiB/s"], "2MiB"],
  ["transfer.download", ["1500KiB"], "1500KiB"],
  ["store.path", ["/srv/snapshots"], "/srv/snapshots"],
])("%s can be set, shown and taken back", async (name, values, text) => {
  await using home = await LinkedHome.open({});
  const { environment } = home;
  const before = getSetting(environment, name, undefined);
  setSetting(environment, { name, values, workspace: undefined, dryRun: true });
  expect(getSetting(environment, name, undefined), "a dry run").toEqual(before);
  expect(set(home, name, ...values)).toMatchObject({ text, source: "user" });
  expect(getSetting(environment, name, undefined)).toMatchObject({ text });
  expect(set(home, name)).toEqual(before);
});

test.each([
  ["nothing.such", "x"],
  ["Rollback", "keep"],
  ["rollback", "maybe"],
  ["device.name", "  "],
  ["device.name", "a\u0007b"],
  ["link.template", "/a//b"],
  ["link.names", "org"],
  ["link.names", "org=a/b"],
  ["link.names", "org=.."],
  ["link.names", "__proto__=a"],
  ["sync.before", "make notes"],
  ["sync.before", "[]"],
  ["sync.before", '[""]'],
  ["sync.before", '{"a":1}'],
  ["sync.hookTimeout", "1h30m"],
  ["sync.hookTimeout", "10"],
  ["sync.hookTimeout", "2d"],
  ["restore.keepUndo", "10m"],
  ["transfer.upload", "500"],
  ["transfer.upload", "fast"],
  ["transfer.download", "-1"],
  ["transfer.download", "2TiB"],
  ["transfer.parallel", "0"],
  ["transfer.parallel", "9"],
  ["transfer.parallel", "1.5"],
])("%s = %j is refused with exit 2", async (name, value) => {
  await using home = await LinkedHome.open({});
  const before = home.environment.settings.read();
  expect(() => set(home, name, value)).toThrow(expect.objectContaining({ exit: 2 }) as Error);
  expect(home.environment.settings.read()).toEqual(before);
});

test("N10: the store cannot be set into a workspace", async () => {
  await using home = await LinkedHome.open({});
  const inside = path.join(home.place, "store");
  expect(() => set(home, "store.path", inside)).toThrow(
    expect.objectContaining({ code: "store-inside-workspace", exit: 2 }) as Error,
  );
});

test("a workspace's own setting goes before the user's, and survives a link", async () => {
  await using home = await LinkedHome.open({});
  const { environment, place } = home;
  set(home, "rollback", "keep");
  expect(getSetting(environment, "rollback", place)).toMatchObject({
    text: "keep",
    source: "user",
  });
  setHere(home, "rollback", "discard");
  setHere(home, "repos", "exclude");
  const [record] = environment.settings.read().workspaces;
  expect(settingsOf(environment, { id: record?.id ?? "" }).rollback).toBe("discard");
  expect(record?.repos).toBe("exclude");
  expect(getSetting(environment, "rollback", undefined).text).toBe("keep");
  await removeLink(environment, place, { dryRun: false });
  expect(getSetting(environment, "rollback", place)).toMatchObject({ source: "workspace" });
  setHere(home, "rollback");
  expect(getSetting(environment, "rollback", place)).toMatchObject({
    text: "keep",
    source: "user",
  });
});

test("N47, N49, N51: when snapshots are taken, which stay, and how long the store is verified", async () => {
  await using home = await LinkedHome.open({});
  const { environment, place } = home;
  const text = (name: string): string => getSetting(environment, name, place).text;
  expect(text("snapshot.schedule")).toBe("daily");
  set(home, "snapshot.schedule", "09:00,", "18:30");
  expect(text("snapshot.schedule")).toBe("09:00,18:30");
  setHere(home, "snapshot.schedule", "off");
  expect(text("snapshot.schedule")).toBe("off");
  expect(text("snapshot.keep")).toBe("24h 14d 8w 12m even-last-copy");
  set(home, "snapshot.keep", "12m", "7d", "even-last-copy");
  expect(text("snapshot.keep")).toBe("7d 12m even-last-copy");
  expect(text("snapshot.verifyBudget")).toBe("2m");
  set(home, "snapshot.verifyBudget", "off");
  expect(text("snapshot.verifyBudget")).toBe("off");
  for (const [name, value] of [
    ["snapshot.schedule", "sometimes"],
    ["snapshot.keep", "0d"],
    ["snapshot.verifyBudget", "25h"],
  ] as const) {
    expect(() => set(home, name, value)).toThrow(expect.objectContaining({ exit: 2 }) as Error);
  }
  expect(() => setHere(home, "snapshot.verifyBudget", "1m")).toThrow("all workspaces");
});

test("a limit is taken off by a word, also where the user has one", async () => {
  await using home = await LinkedHome.open({});
  set(home, "transfer.upload", "1MiB");
  expect(setHere(home, "transfer.upload", "off")).toMatchObject({ text: "off", value: 0 });
  expect(getSetting(home.environment, "transfer.upload", undefined).text).toBe("1MiB");
});

test.each(["device.name", "store.path"])("%s is one for all workspaces", async (name) => {
  await using home = await LinkedHome.open({});
  expect(() => setHere(home, name, "/x")).toThrow(expect.objectContaining({ exit: 2 }) as Error);
});

test("the template says where a folder is bound; a name without a value is exit 2", async () => {
  await using home = await LinkedHome.open({});
  const { environment, place } = home;
  await removeLink(environment, place, { dryRun: false });
  set(home, "link.template", "/{org}/{space}/{instance}");
  set(home, "link.names", "org=econ", "space=thesis");
  const link = (remote?: string) => planLink(environment, { folder: place, remote });
  await expect(link()).rejects.toMatchObject({ code: "usage", exit: 2 });
  await expect(link("/x/{who}")).rejects.toMatchObject({ code: "usage", exit: 2 });
  expect((await link("/x/{org}")).remote).toBe("/x/econ");
  set(home, "link.names", "org=econ", "space=thesis", "instance=main");
  expect((await link()).remote).toBe("/econ/thesis/main");
  expect((await link("/plain")).remote).toBe("/plain");
});
