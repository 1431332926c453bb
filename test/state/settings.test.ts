import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { seededRng } from "../../src/std/random.ts";
import type { WorkspaceRecord } from "../../src/state/config.ts";
import { openSettings, type SettingsFile } from "../../src/state/settings.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "snap-settings-"));
  path = join(folder, "config.json");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (seed = 1): SettingsFile =>
  openSettings(path, { rng: seededRng(seed), deviceName: "box" });

const workspace: WorkspaceRecord = {
  id: "a1b2",
  path: "/home/ada/work",
  linkId: "c3",
  account: "dbid:x",
  remote: "/Work",
  repos: "refuse",
  madeAt: 5,
};

test("without a file there are no entries, a device, and nothing is written", () => {
  const settings = open();
  const config = settings.read();
  expect(config).toMatchObject({ version: 1, accounts: [], workspaces: [], settings: {} });
  expect(config.device.id).toMatch(/^[0-9a-f]{16}$/u);
  expect(settings.read()).toEqual(config);
  expect(readdirSync(folder)).toEqual([]);
});

test("what is written is read by another, the device included, and by a person", () => {
  const first = open(1);
  const written = first.update((config) => ({ ...config, workspaces: [workspace] }));
  expect(open(2).read()).toEqual(written);
  expect(readFileSync(path, "utf8")).toContain('\n      "path": "/home/ada/work",\n');
  expect([statSync(path).mode & 0o777, readdirSync(folder)]).toEqual([
    0o600,
    ["config.json", "config.json.lock"],
  ]);
});

test("two processes that write at once lose nothing of each other", async () => {
  const writers = ["one", "two"].map((name) =>
    fork(join(import.meta.dirname, "settings-writer.ts"), [path, name, "25"]),
  );
  const codes = await Promise.all(writers.map(async (writer) => (await once(writer, "exit"))[0]));
  expect(codes).toEqual([0, 0]);
  const names = open()
    .read()
    .accounts.map((account) => account.id);
  expect([names.length, new Set(names).size]).toEqual([50, 50]);
});

test("a change that throws, or makes no sense, writes nothing", () => {
  const settings = open();
  const before = settings.update((config) => config);
  expect(() =>
    settings.update(() => {
      throw new Error("no");
    }),
  ).toThrow("no");
  const nonsense = { ...workspace, id: "../../etc" };
  expect(() => settings.update((config) => ({ ...config, workspaces: [nonsense] }))).toThrow();
  expect(settings.read()).toEqual(before);
});

test.each([
  ["no JSON", "{ not json"],
  ["an empty file", ""],
  ["a list", "[]"],
  ["another type", '{"version":1,"device":7}'],
  [
    "an unknown setting",
    '{"version":1,"device":{"id":"a","name":"b"},"settings":{"x":1},"accounts":[],"workspaces":[],"overrides":[]}',
  ],
  [
    "a value out of range",
    '{"version":1,"device":{"id":"a","name":"b"},"settings":{"transfer.parallel":99},"accounts":[],"workspaces":[],"overrides":[]}',
  ],
])("a broken file is told with its name, and is never replaced: %s", (_what, text) => {
  writeFileSync(path, text);
  const invalid = expect.objectContaining({
    code: "settings-invalid",
    path,
    exit: 2,
    message: expect.stringContaining(path),
    hint: expect.stringContaining("move it away"),
  }) as Error;
  expect(() => open().read()).toThrow(invalid);
  expect(() => open().update((config) => config)).toThrow(invalid);
  expect(readFileSync(path, "utf8")).toBe(text);
});

test("a file of a newer program is refused, not repaired", () => {
  writeFileSync(path, '{"version":2,"new":true}');
  expect(() => open().read()).toThrow(
    expect.objectContaining({ code: "version-too-new" }) as Error,
  );
});
