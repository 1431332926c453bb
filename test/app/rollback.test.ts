import { renameSync, rmSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { addExclusions, listExclusions, removeExclusions } from "../../src/app/exclude.ts";
import { rollBack, type RollbackWords } from "../../src/app/rollback.ts";
import { syncWorkspace } from "../../src/app/sync.ts";
import { LinkedHome } from "./linked-home.ts";

/** `a` was 1 when the platform took its snapshot, is 2 in the cloud, and 1 again on the disk. */
async function rolledBack(): Promise<LinkedHome> {
  const home = await LinkedHome.open({ a: "1", keep: "1" });
  const putBack = home.platformSnapshot();
  home.write("a", "2");
  home.write("later", "1");
  await syncWorkspace(home.environment, home.place, {});
  putBack();
  return home;
}

const words = (home: LinkedHome, choice: RollbackWords["choice"]): RollbackWords => ({
  place: home.place,
  choice,
  consent: { by: "yes" },
  dryRun: false,
  onEvent: () => {},
});

test("S118, S120: by default a disk that was rolled back is held", async () => {
  await using home = await rolledBack();
  const syncing = syncWorkspace(home.environment, home.place, {});
  await expect(syncing).rejects.toMatchObject({ code: "rolled-back", exit: 3 });
  expect(await home.cloud()).toEqual(["a", "keep", "later"]);
});

test("S120: with the setting keep a sync makes the cloud follow the disk", async () => {
  await using home = await rolledBack();
  home.set({ rollback: "keep" });
  expect((await syncWorkspace(home.environment, home.place, {})).exit).toBe(0);
  expect(home.read("a")).toBe("1");
  expect(await home.cloud()).toEqual(["a", "keep"]);
  expect((await syncWorkspace(home.environment, home.place, {})).cycles).toBe(1);
});

test("S120: with the setting discard a sync brings the disk to the cloud's state", async () => {
  await using home = await rolledBack();
  home.set({ rollback: "discard" });
  expect((await syncWorkspace(home.environment, home.place, {})).exit).toBe(0);
  expect([home.read("a"), home.read("later")]).toEqual(["2", "1"]);
  expect(await home.cloud()).toEqual(["a", "keep", "later"]);
});

test("S119: keep makes a linked folder again that is gone, with what the disk holds", async () => {
  await using home = await LinkedHome.open({ a: "1", "d/b": "2" });
  await home.removeLinkedFolder();
  const { environment, place } = home;
  const gone = { code: "remote-missing", exit: 7 };
  await expect(syncWorkspace(environment, place, {})).rejects.toMatchObject(gone);
  const planned = { ...words(home, "keep"), dryRun: true };
  expect(await rollBack(environment, planned, {})).toBe("planned");
  const unasked = { ...words(home, "keep"), consent: { by: "none" } as const };
  await expect(rollBack(environment, unasked, {})).rejects.toMatchObject({
    code: "consent-needed",
  });
  await expect(syncWorkspace(environment, place, {}), "still gone").rejects.toMatchObject(gone);
  await rollBack(environment, words(home, "keep"), {});
  expect((await syncWorkspace(environment, place, {})).exit).toBe(0);
  expect(await home.cloud()).toEqual(["a", "d/b"]);
  expect([home.read("a"), home.read("d/b")]).toEqual(["1", "2"]);
});

test("S119: discard is refused where the linked folder is gone", async () => {
  await using home = await LinkedHome.open({ a: "1" });
  await home.removeLinkedFolder();
  const discarding = rollBack(home.environment, words(home, "discard"), {});
  await expect(discarding).rejects.toMatchObject({ code: "remote-missing", exit: 7 });
  expect(home.read("a")).toBe("1");
});

const parts = ["workspace and index", "workspace"] as const;

const sync = (home: LinkedHome) => syncWorkspace(home.environment, home.place, {});

const exclude = (home: LinkedHome) =>
  addExclusions(home.environment, { place: home.place, paths: ["d"], dryRun: false });

const include = (home: LinkedHome) =>
  removeExclusions(home.environment, { place: home.place, paths: ["d"], dryRun: false });

/** `d` was excluded when the platform took its snapshot, and came to the disk since. */
async function excludedThen(part: (typeof parts)[number]): Promise<LinkedHome> {
  const home = await LinkedHome.open({ a: "1", "d/x": "1", "d/s/y": "1" });
  await exclude(home);
  await sync(home);
  const putBack = home.platformSnapshot(part);
  include(home);
  home.write("later", "1");
  await sync(home);
  expect(home.read("d/s/y")).toBe("1");
  putBack();
  return home;
}

test.each(parts)(
  "S93, S119: keep deletes nothing of a folder that was excluded when the %s was saved, and it comes down again",
  async (part) => {
    await using home = await excludedThen(part);
    const told: string[] = [];
    const onEvent: RollbackWords["onEvent"] = (event) => {
      if (event.type === "warning") told.push(event.message);
    };
    const planned = { ...words(home, "keep"), dryRun: true };
    expect(await rollBack(home.environment, planned, {})).toBe("planned");
    const report = await rollBack(home.environment, { ...words(home, "keep"), onEvent }, {});
    expect(report).toMatchObject({ exit: 0 });
    expect(told.join()).toMatch(part === "workspace" ? /"d" stays/ : /^$/);
    expect(await home.cloud()).toEqual(["a", "d/s/y", "d/x"]);
    expect((await sync(home)).exit).toBe(0);
    expect([home.read("d/x"), home.read("d/s/y")]).toEqual(["1", "1"]);
    expect(await home.cloud()).toEqual(["a", "d/s/y", "d/x"]);
    expect((await sync(home)).cycles).toBe(1);
  },
);

test.each(parts)(
  "S93, S120: with the setting keep a folder that was excluded when the %s was saved stays in Dropbox",
  async (part) => {
    await using home = await excludedThen(part);
    home.set({ rollback: "keep" });
    expect((await sync(home)).exit).toBe(0);
    expect(await home.cloud()).toEqual(["a", "d/s/y", "d/x"]);
    expect(home.read("d/x")).toBe("1");
  },
);

test.each(parts)("S93, S119: discard brings such a folder down: %s", async (part) => {
  await using home = await excludedThen(part);
  await rollBack(home.environment, words(home, "discard"), {});
  expect((await sync(home)).exit).toBe(0);
  expect([home.read("d/x"), home.read("later")]).toEqual(["1", "1"]);
  expect(await home.cloud()).toEqual(["a", "d/s/y", "d/x", "later"]);
});

test.each(parts)(
  "S93, S119: keep sends no older state of a folder that is excluded now, and was not when the %s was saved",
  async (part) => {
    await using home = await LinkedHome.open({ a: "1", "d/x": "1" });
    const putBack = home.platformSnapshot(part);
    home.write("d/x", "2");
    home.write("d/new", "1");
    await sync(home);
    await exclude(home);
    await sync(home);
    putBack();
    expect(home.read("d/x")).toBe("1");
    const report = await rollBack(home.environment, words(home, "keep"), {});
    expect(report).toMatchObject({ exit: 0 });
    expect((await sync(home)).exit).toBe(0);
    expect(await home.cloud()).toEqual(["a", "d/new", "d/x"]);
    include(home);
    await sync(home);
    expect(home.read("d/new"), "nothing of it was lost").toBe("1");
    expect(home.read("d/x")).toBe("2");
  },
);

test("S77, S93, S119: the same where the index is lost besides", async () => {
  await using home = await excludedThen("workspace");
  rmSync(path.join(home.top, "home/workspaces"), { recursive: true });
  const report = await rollBack(home.environment, words(home, "keep"), {});
  expect(report).toMatchObject({ exit: 0 });
  expect((await sync(home)).exit).toBe(0);
  expect(await home.cloud()).toEqual(["a", "d/s/y", "d/x"]);
  expect(home.read("d/s/y")).toBe("1");
});

test("S93, S119: a choice that is asked for and not made changes neither side, and no exclusion", async () => {
  await using home = await excludedThen("workspace");
  const unasked = { ...words(home, "keep"), consent: { by: "none" } as const };
  await expect(rollBack(home.environment, unasked, {})).rejects.toMatchObject({
    code: "consent-needed",
  });
  await expect(sync(home)).rejects.toMatchObject({ code: "rolled-back" });
  expect(listExclusions(home.environment, home.place)).toEqual([]);
  expect(await home.cloud()).toEqual(["a", "d/s/y", "d/x", "later"]);
});

test("S119, S120: nobody agrees unseen to deleting what was excluded then and has another name now", async () => {
  await using home = await LinkedHome.open({ a: "1", "d/x": "1" });
  await exclude(home);
  await sync(home);
  const putBack = home.platformSnapshot("workspace");
  include(home);
  await sync(home);
  renameSync(path.join(home.place, "d"), path.join(home.place, "e"));
  await sync(home);
  expect(await home.cloud()).toEqual(["a", "e/x"]);
  putBack();
  home.set({ rollback: "keep" });
  await expect(sync(home)).rejects.toMatchObject({ code: "consent-needed", path: "d" });
  await expect(rollBack(home.environment, words(home, "keep"), {})).rejects.toMatchObject({
    code: "consent-needed",
  });
  expect(await home.cloud()).toEqual(["a", "e/x"]);
});
