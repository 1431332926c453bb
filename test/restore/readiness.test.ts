import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import type { Readiness } from "../../src/core/snapshot/readiness.ts";
import { readinessOf, type ReadinessRequest } from "../../src/restore/readiness.ts";
import { planRestoreOf } from "../../src/restore/restore-snapshot.ts";
import type { RestoreDeps } from "../../src/restore/restore-deps.ts";
import { SnapError } from "../../src/std/error.ts";
import { RestoreWorld } from "./restore-world.ts";

type Asked = Partial<ReadinessRequest> & { readonly deps?: Partial<RestoreDeps> };

/** `snap verify S --for-restore`, and what it told on its way. */
async function ready(
  world: RestoreWorld,
  { deps, ...request }: Asked = {},
): Promise<Readiness & { readonly damaged: readonly string[] }> {
  const damaged: string[] = [];
  const readiness = await readinessOf(
    { ...(await world.deps()), ...deps },
    {
      snapshot: "S",
      paths: [],
      daemon: () => Promise.resolve(),
      onCheck: () => {},
      onItem: (error) => damaged.push(error.path ?? "?"),
      ...request,
    },
  );
  return { ...readiness, damaged };
}

function failed({ checks }: Readiness): readonly string[] {
  return checks.filter(({ ok }) => !ok).map(({ id, exit }) => `${id} ${exit}`);
}

/** Every data pack of the store is overwritten in its middle. */
function damagePacks({ storePath }: RestoreWorld): void {
  for (const name of fs.readdirSync(storePath, { recursive: true, encoding: "utf8" })) {
    if (!name.startsWith("data") || !name.endsWith(".tar.zst")) continue;
    const file = path.join(storePath, name);
    const bytes = fs.readFileSync(file);
    fs.chmodSync(file, 0o600);
    fs.writeFileSync(file, bytes.fill(0, 16));
  }
}

test("T33: a restore that would go through is ready, under the digest of its plan, and nothing is changed", async () => {
  await using world = await RestoreWorld.afterSnapshot("a: 9\nnew: 5");
  const before = await world.world.both();
  const readiness = await ready(world);
  expect(readiness).toMatchObject({ ready: true, exit: 0, complete: true, left: [] });
  expect(readiness.checks.map(({ id }) => id)).toEqual([
    "daemon",
    "workspace",
    "remote",
    "holds",
    "blocks",
    "plan",
    "space",
    "write",
    "open",
    "guard",
    "names",
  ]);
  const plan = await planRestoreOf(await world.deps(), { snapshot: "S", paths: [] });
  expect(readiness.plan?.digest).toBe(plan.digest);
  expect(world.world.wire.writes()).toEqual([]);
  expect(await world.world.both()).toBe(before);
  expect(world.world.deps.journal.restores()).toEqual([]);
  expect(await (await world.openStore()).list()).toHaveLength(1);
  expect((await world.restore({ consent: { by: "plan", digest: plan.digest } })).exit).toBe(0);
});

test("T33: every file whose content is nowhere is named, and the worst exit code counts", async () => {
  await using world = await RestoreWorld.afterSnapshot("a: 9\nd/b: 8\nmine: 7");
  damagePacks(world);
  const readiness = await ready(world, {
    daemon: () => Promise.reject(new SnapError("busy", "At work")),
  });
  expect(readiness).toMatchObject({ ready: false, exit: 5 });
  expect(readiness.damaged.toSorted()).toEqual(["a", "d/b"]);
  expect(failed(readiness)).toEqual(["daemon 6", "blocks 5"]);
});

test("T34: what would be refused is 3, and the other checks run all the same", async () => {
  await using world = await RestoreWorld.afterSnapshot("a: 9");
  world.write("mine: 7");
  world.world.hooks.instead("local.freeBytes", () => 1024n);
  fs.chmodSync(world.world.local.at("d"), 0o555);
  world.world.local.write("d/b", "3");
  fs.chmodSync(world.world.local.at("d"), 0o555);
  const readiness = await ready(world, { onUnsaved: "refuse" });
  expect(readiness).toMatchObject({ ready: false, exit: 3 });
  expect(failed(readiness)).toEqual(["plan 3", "space 3", "write 3"]);
  expect(readiness.loses.localOnly.map((lost) => lost.path)).toContain("mine");
});

test("T34: Dropbox that cannot be reached is 7, and the blocks are read all the same", async () => {
  await using world = await RestoreWorld.afterSnapshot("a: 9");
  const deps = await world.deps();
  const offline = (): Promise<never> =>
    Promise.reject(new SnapError("offline", "Dropbox cannot be reached"));
  const engine = deps.engine && { ...deps.engine, observe: offline };
  const readiness = await ready(world, { deps: { engine } });
  expect(readiness).toMatchObject({ ready: false, exit: 7 });
  expect(failed(readiness)).toEqual(["remote 7"]);
  expect(readiness.checks.find(({ id }) => id === "blocks")).toMatchObject({ ok: true, bytes: 1 });
});

test("T34: a workspace that is another one is 7, and nothing else is asked of it", async () => {
  await using world = await RestoreWorld.afterSnapshot("a: 9");
  const readiness = await ready(world, { deps: { workspace: "other" } });
  expect(readiness).toMatchObject({ ready: false, exit: 7, plan: undefined });
  expect(failed(readiness)).toEqual(["workspace 7"]);
});

test("T33: while a restore is not finished, or a rollback is open, the answer is 3", async () => {
  await using world = await RestoreWorld.afterSnapshot("a: 9");
  const { rollback } = await world.deps();
  const open = rollback && { ...rollback, isRolledBack: () => Promise.resolve(true) };
  expect(failed(await ready(world, { deps: { rollback: open } }))).toEqual(["holds 3"]);
  const { index, journal } = world.world.deps;
  const row = { id: "ab12", kind: "restore", snapshot: "x", digest: "d", options: "{}" } as const;
  index.transaction(() =>
    journal.putRestore({ ...row, state: "staged", report: undefined, madeAt: 1 }),
  );
  expect(failed(await ready(world))).toEqual(["holds 3"]);
});

test("T34: with a budget that ends before the blocks are read nothing is said to be ready", async () => {
  await using world = await RestoreWorld.afterSnapshot("a: 9");
  const readiness = await ready(world, { budgetMs: 0 });
  expect(readiness).toMatchObject({ ready: false, exit: 3, complete: false });
  expect(failed(readiness)).toEqual([]);
  expect(await ready(world, { budgetMs: 60_000 })).toMatchObject({ ready: true, complete: true });
});

test("T34: what a restore would leave aside is listed, 4, and it is ready", async () => {
  await using world = await RestoreWorld.synced("a: 1");
  world.write("x\\y: 5");
  await world.capture("S");
  world.world.local.remove("x\\y");
  world.write("a: 9");
  const readiness = await ready(world);
  expect(readiness).toMatchObject({ ready: true, exit: 4 });
  expect(readiness.left.map((item) => item.path)).toEqual(["x\\y"]);
});

test("T33: of a thin snapshot Dropbox is asked for each revision", async () => {
  await using world = await RestoreWorld.afterSnapshot("a: 9");
  const { remote, store } = await world.deps();
  const { root } = await store.capture(world.remoteSource(), {
    reason: "manual",
    label: "thin",
    force: true,
  });
  world.write("a: 10");
  expect(await ready(world, { snapshot: root.id })).toMatchObject({ ready: true, exit: 0 });
  const forgotten = remote && { ...remote, revision: () => Promise.resolve(undefined) };
  const readiness = await ready(world, { snapshot: root.id, deps: { remote: forgotten } });
  expect(readiness).toMatchObject({ ready: false, exit: 5, damaged: ["a"] });
});

test("T33: a touched file that is open for writing is a warning, and 3 where quiet is required", async () => {
  await using world = await RestoreWorld.afterSnapshot("a: 9\nnew: 5");
  const place = (await planRestoreOf(await world.deps(), { snapshot: "S", paths: [] })).items[0];
  const writers = (): Promise<[{ path: NonNullable<typeof place>["path"]; program: string }]> =>
    Promise.resolve([{ path: place?.path ?? ("" as never), program: "vi (7)" }]);
  expect(await ready(world, { deps: { writers } })).toMatchObject({ ready: true, exit: 0 });
  expect(world.events).toContainEqual({
    type: "warning",
    message: expect.stringContaining('"a" is open for writing in vi (7)'),
  });
  const readiness = await ready(world, { deps: { writers }, requireQuiet: true });
  expect(failed(readiness)).toEqual(["open 3"]);
});
