import { expect, test } from "vitest";
import type { RebaseItem } from "../../src/core/plan/sync-report.ts";
import type { NodeId } from "../../src/core/tree/node.ts";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import { rebase } from "../../src/engine/recover/rebase.ts";
import { present } from "../../src/std/assert.ts";
import { World } from "../support/world.ts";

const dayMs = 24 * 3_600_000;

function many(folder: string, count: number): string {
  return Array.from({ length: count }, (_, file) => `${folder}/${file}: ${folder} ${file}`).join(
    "\n",
  );
}

/** Files that a restore wrote or removed, handed to the engine. */
async function restored(
  world: World,
  want: readonly (readonly [path: string, content: string | undefined])[],
): Promise<void> {
  const { deps } = world;
  const items: RebaseItem[] = [];
  for (const [file, content] of want) {
    const path = parseRelPath(file);
    if (content === undefined) {
      world.local.remove(file);
      items.push({ path, want: { kind: "absent" } });
    } else {
      world.local.write(file, content);
      const stat = present(await deps.local.stat(path), file);
      items.push({ path, want: { kind: "file", hash: contentHashOf(Buffer.from(content)), stat } });
    }
  }
  await rebase(deps, { restore: "r1", items }, () => {});
}

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at);

/** The nodes that a token speaks of, as long as the server has them. */
function tokenNodes({ deps, index }: World): readonly NodeId[] {
  const nodes = [...index.remote.all()].map(({ node }) => node);
  return nodes.filter((node) => deps.tokens.wanted(node) !== undefined);
}

function areSpent({ deps }: World, nodes: readonly NodeId[]): boolean {
  return nodes.every((node) => deps.tokens.wanted(node) === undefined);
}

test("S101: what a restore removes is not held, however much it is, and its token is spent", async () => {
  await using world = await World.synced(many("d", 100));
  await restored(
    world,
    numbers(90).map((file) => [`d/${file}`, undefined]),
  );
  const nodes = tokenNodes(world);
  expect(nodes).toHaveLength(90);
  expect(await world.syncOnce()).toMatchObject({ exit: 0, counts: { removedRemote: 90 } });
  expect(areSpent(world, nodes)).toBe(true);
  await world.assertAlways();
});

test("S101: what it puts back is no rollback and no mass change", async () => {
  await using world = await World.synced(many("d", 30));
  for (const file of numbers(30)) world.local.write(`d/${file}`, `newer ${file}`);
  await world.sync();
  await restored(
    world,
    numbers(30).map((file) => [`d/${file}`, `d ${file}`]),
  );
  expect(await world.syncOnce()).toMatchObject({ exit: 0, counts: { uploaded: 30 } });
  expect(tokenNodes(world)).toEqual([]);
});

test("S101: any other removal beside a restore counts, and is held alone", async () => {
  await using world = await World.synced(`${many("d", 100)}\n${many("e", 100)}`);
  await restored(
    world,
    numbers(60).map((file) => [`d/${file}`, undefined]),
  );
  for (const file of numbers(60)) world.local.remove(`e/${file}`);
  const report = await world.syncOnce();
  expect(report).toMatchObject({ exit: 3, counts: { removedRemote: 60 } });
  expect(report.left).toMatchObject([{ path: "e", kind: "hold" }]);
});

test("S101: a token that is a week old lets nothing pass any more", async () => {
  await using world = await World.synced(many("d", 100));
  await restored(
    world,
    numbers(90).map((file) => [`d/${file}`, undefined]),
  );
  await world.clock.sleep(7 * dayMs + 1);
  expect((await world.syncOnce()).exit).toBe(3);
  expect(tokenNodes(world)).toEqual([]);
});

test("S101: what the server has already is in no token", async () => {
  await using world = await World.synced("a: 1\nb: 2");
  await world.remote.write("a", "newer");
  await world.engine.observe();
  await restored(world, [
    ["a", "newer"],
    ["b", "restored"],
  ]);
  expect(tokenNodes(world)).toHaveLength(1);
  expect((await world.syncOnce()).exit).toBe(0);
  expect(tokenNodes(world)).toEqual([]);
});

test("S101: a folder that a restore removes takes its whole part of the token with it", async () => {
  await using world = await World.synced(`${many("d", 60)}\nkeep: k`);
  const files = numbers(60).map((file) => [`d/${file}`, undefined] as const);
  await restored(world, [...files, ["d", undefined]]);
  const nodes = tokenNodes(world);
  expect(nodes).toHaveLength(61);
  expect(await world.syncOnce()).toMatchObject({ exit: 0, counts: { removedRemote: 61 } });
  expect(areSpent(world, nodes)).toBe(true);
  await world.assertAlways();
});
