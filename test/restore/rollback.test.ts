import fs from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { planRollbackOf, settleRollback } from "../../src/restore/rollback.ts";
import { RestoreWorld } from "./restore-world.ts";

const older = "a: 1\nb: 1\nd: 1\nkeep: 1\nsub/s: 1";
const newer = "a: 2\nc: 1\nd: 2\nkeep: 1\nsub/s: 2";
const yes = { by: "yes" } as const;

/** The start of §15: situation 1 with the index gone back, too, or situation 2. */
async function rolledBack(options: { readonly withIndex?: boolean } = {}): Promise<RestoreWorld> {
  const world = await RestoreWorld.synced(older);
  const copy = `${world.storePath}/disk`;
  fs.cpSync(world.world.local.top, copy, { recursive: true, preserveTimestamps: true });
  const index = path.join(world.world.local.top, "../index.db");
  new DatabaseSync(index).exec(`VACUUM INTO '${copy}.db'`);
  world.write("a: 2\nsub/s: 2\n-b\nc: 1");
  await world.world.remote.write("d", "2");
  await world.world.sync();
  expect(await world.world.both()).toBe(newer);
  for (const name of fs.readdirSync(world.world.local.top)) {
    fs.rmSync(world.world.local.at(name), { recursive: true });
  }
  fs.cpSync(copy, world.world.local.top, { recursive: true, preserveTimestamps: true });
  if (options.withIndex === true) fs.renameSync(`${copy}.db`, index);
  world.world.restart();
  return world;
}

describe.each([
  { name: "1, with the index", withIndex: true },
  { name: "2, without it", withIndex: false },
])("§15, situation $name", ({ withIndex }) => {
  test("nothing moves before the choice, and a restore is refused (S118, T33)", async () => {
    await using world = await rolledBack({ withIndex });
    await expect(world.world.engine.sync()).rejects.toMatchObject({ code: "rolled-back" });
    await expect(world.restore({ snapshot: "latest" })).rejects.toMatchObject({ exit: 2 });
    await world.capture("S");
    await expect(world.restore()).rejects.toMatchObject({ code: "rolled-back", exit: 3 });
  });

  test("`keep` makes the disk win, without a conflicted copy, and can be undone (T48)", async () => {
    await using world = await rolledBack({ withIndex });
    const plan = await planRollbackOf(await world.deps(), "keep");
    expect(plan?.items.map(({ path, local }) => `${path} ${local.action}`)).toEqual([
      "a keep",
      "b keep",
      "c keep",
      "d keep",
      "sub/s keep",
    ]);
    const report = await settleRollback(await world.deps(), { choice: "keep", consent: yes });
    expect(report).toMatchObject({ kind: "rollback", exit: 0, state: "done" });
    expect(await world.world.both()).toBe(older);
    await world.assertQuiet();
    expect((await world.undo()).exit).toBe(0);
    expect(await world.world.both()).toBe(newer);
    await world.assertQuiet();
  });

  test("`discard` makes the cloud win, without a conflicted copy, and can be undone (T48)", async () => {
    await using world = await rolledBack({ withIndex });
    const report = await settleRollback(await world.deps(), { choice: "discard", consent: yes });
    expect(report).toMatchObject({ kind: "rollback", exit: 0, state: "done" });
    expect(await world.world.both()).toBe(newer);
    expect(await world.contentOf(report?.safety.local ?? null)).toBe(older);
    await world.assertQuiet();
    expect((await world.undo()).exit).toBe(0);
    expect(await world.world.both()).toBe(older);
    await world.assertQuiet();
  });
});

test("T48: where nothing was rolled back, nothing is done", async () => {
  await using world = await RestoreWorld.synced(older);
  const deps = await world.deps();
  expect(await planRollbackOf(deps, "keep")).toBeUndefined();
  expect(await settleRollback(deps, { choice: "discard", consent: yes })).toBeUndefined();
});

test("T9: a choice without consent changes nothing", async () => {
  await using world = await rolledBack();
  const none = { choice: "keep", consent: { by: "none" } } as const;
  await expect(settleRollback(await world.deps(), none)).rejects.toMatchObject({ exit: 3 });
  await expect(world.world.engine.sync()).rejects.toMatchObject({ code: "rolled-back" });
});
