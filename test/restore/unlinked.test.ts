import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { recover } from "../../src/restore/recover.ts";
import { restoreSnapshot } from "../../src/restore/restore-snapshot.ts";
import { listRestores, undoRestore } from "../../src/restore/undo.ts";
import { Unlinked } from "./unlinked-world.ts";

const request = { snapshot: "S", paths: [], consent: { by: "yes" } } as const;

test("T29: without a link the local half is the whole restore, and it can be undone", async () => {
  await using folder = new Unlinked();
  folder.write("a", "1");
  folder.write("gone", "2");
  await (
    await folder.deps()
  ).capture({ reason: "before-restore", side: "local", paths: undefined, label: "S" }, {});
  folder.write("a", "9");
  folder.write("new", "5");
  fs.rmSync(path.join(folder.top, "gone"));
  const report = await restoreSnapshot(await folder.deps(), request);
  expect(report).toMatchObject({ exit: 0, state: "done", counts: { remote: null } });
  expect(folder.files()).toEqual({ a: "1", gone: "2" });
  const undo = { restore: undefined, skipChanged: false, consent: request.consent };
  expect((await undoRestore(await folder.deps(), undo)).exit).toBe(0);
  expect(folder.files()).toEqual({ a: "9", new: "5" });
});

test("T46: every restore is listed with how it ended; a prefix of its id names it for the undo", async () => {
  await using folder = new Unlinked();
  folder.write("a", "1");
  await (
    await folder.deps()
  ).capture({ reason: "before-restore", side: "local", paths: undefined, label: "S" }, {});
  folder.write("a", "9");
  const done = await restoreSnapshot(await folder.deps(), request);
  folder.write("a", "8");
  await restoreSnapshot(await folder.deps(), request);
  const deps = await folder.deps();
  const undo = { restore: done.restore.slice(0, 6), skipChanged: false };
  const undone = await undoRestore(deps, { ...undo, consent: request.consent });
  expect(folder.files()).toEqual({ a: "9" });
  expect(listRestores(deps).map(({ kind, state, undoes }) => ({ kind, state, undoes }))).toEqual([
    { kind: "restore", state: "done", undoes: null },
    { kind: "restore", state: "done", undoes: null },
    { kind: "undo", state: "done", undoes: done.restore },
  ]);
  expect(undone.counts.local).toMatchObject({ replace: 1 });
  await expect(
    undoRestore(deps, { restore: "ffff", skipChanged: false, consent: request.consent }),
  ).rejects.toMatchObject({ code: "usage", exit: 2 });
});

test("T2: with nothing under way, recovery has nothing to do", async () => {
  await using folder = new Unlinked();
  expect(await recover(await folder.deps(), {})).toEqual([]);
});
