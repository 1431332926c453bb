/** What a look passes over makes no difference but to memory: plan and digest are those of all that there is (S106). */
import fc from "fast-check";
import { expect, test } from "vitest";
import { draftOf, type Draft, type Order } from "../../src/restore/draft.ts";
import type { RestoreDeps } from "../../src/restore/restore-deps.ts";
import { orderOf, type RestoreRequest } from "../../src/restore/restore-snapshot.ts";
import { undoOrder } from "../../src/restore/undo.ts";
import { RestoreWorld } from "./restore-world.ts";
import { Unlinked } from "./unlinked-world.ts";
import { heldBytes } from "../support/heap.ts";

const names = [
  "a",
  "A",
  "b",
  "d/a",
  "d/A",
  "D/a",
  "d/e/x",
  "d/e/y",
  "e.log",
  "l/e.log",
  ".mignore",
];
const contents = ["1", "2", "*.log", ""];

type Edit = {
  readonly side: "disk" | "cloud";
  readonly name: string;
  readonly content: string;
  readonly act: "write" | "remove" | "sync";
};

const edits = (maxLength: number): fc.Arbitrary<readonly Edit[]> =>
  fc.array(
    fc.record<Edit>({
      side: fc.constantFrom("disk", "disk", "cloud"),
      name: fc.constantFrom(...names),
      content: fc.constantFrom(...contents),
      act: fc.constantFrom("write", "write", "write", "remove", "sync"),
    }),
    { maxLength },
  );

/** An edit that is not possible as things stand is none. */
async function apply({ world }: RestoreWorld, edit: Edit): Promise<void> {
  const { side, name, content, act } = edit;
  if (act === "sync") await world.sync();
  try {
    if (act === "write" && side === "disk") world.local.write(name, content);
    if (act === "remove" && side === "disk") world.local.remove(name);
    if (act === "write" && side === "cloud") await world.remote.write(name, content);
    if (act === "remove" && side === "cloud") await world.remote.remove(name);
  } catch {
    // Such as a file below a file.
  }
}

/** The same order, of which nothing is passed over. */
function keepingAll(order: Order): Order {
  return {
    ...order,
    begin: () => {
      const { passing: _passing, ...wish } = order.begin();
      return wish;
    },
  };
}

/** Both plans of what is there now, or how the plan is refused. */
async function bothPlans(order: Order, deps: RestoreDeps): Promise<readonly unknown[]> {
  const planned = async (one: Order): Promise<unknown> =>
    draftOf(deps, one, {}).then(
      ({ plan }) => plan,
      (error: unknown) => String(error),
    );
  return [await planned(order), await planned(keepingAll(order))];
}

const requests: readonly Partial<RestoreRequest>[] = [
  {},
  { delete: true, paths: ["d"] },
  { paths: ["d/a", "*.log"] },
  { ignored: true, onUnsaved: "keep" },
];

test(
  "S106: a plan beside which files are passed over is the plan of all files",
  { timeout: 120_000 },
  async () => {
    let passed = 0;
    await fc.assert(
      fc.asyncProperty(
        edits(10),
        edits(6),
        fc.constantFrom(...requests),
        async (before, after, more) => {
          await using world = await RestoreWorld.synced("b: 1\nd/a: 1\nd/e/x: 2\nl/e.log: 1");
          for (const edit of before) await apply(world, edit);
          await world.capture("S");
          for (const edit of after) await apply(world, edit);
          const deps = await world.deps();
          await deps.engine?.observe({});
          const request = { snapshot: "S", paths: [], ...more };
          const [sieved, whole] = await bothPlans(await orderOf(deps, request), deps);
          expect(sieved).toEqual(whole);
          const draft = await draftOf(deps, await orderOf(deps, request), {}).catch(
            () => undefined,
          );
          passed += draft?.sight.settled?.files ?? 0;
        },
      ),
      { numRuns: 60, seed: 20_261_123 },
    );
    expect(passed, "something was passed over").toBeGreaterThan(60);
  },
);

test(
  "S106: an undo beside which files are passed over is the undo of all files",
  { timeout: 120_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(edits(6), edits(6), async (before, after) => {
        await using world = await RestoreWorld.synced("b: 1\nd/a: 1\nd/e/x: 2\nl/e.log: 1");
        await world.capture("S");
        for (const edit of before) await apply(world, edit);
        const { restore } = await world.restore();
        for (const edit of after) await apply(world, edit);
        const deps = await world.deps();
        if (deps.journal.items(restore).length === 0) return;
        await deps.engine?.observe({});
        const order = await undoOrder(deps, { restore, skipChanged: true });
        const [sieved, whole] = await bothPlans(order, deps);
        expect(sieved).toEqual(whole);
      }),
      { numRuns: 40, seed: 20_261_123 },
    );
  },
);

test("S15: a file that was passed over keeps its place in Dropbox from a name that differs in case", async () => {
  await using world = await RestoreWorld.synced("a: 1");
  await world.capture("S");
  world.write("A: 2");
  const deps = await world.deps();
  await deps.engine?.observe({});
  const { plan, sight } = await draftOf(
    deps,
    await orderOf(deps, { snapshot: "S", paths: [] }),
    {},
  );
  expect([...(sight.settled?.places ?? [])]).toEqual([["a", "a"]]);
  expect(plan.items.map(({ path, local, remote }) => [path, local.action, remote])).toEqual([
    ["A", "delete", undefined],
  ]);
});

test("S106: what a plan holds follows what differs, not what there is", async () => {
  await using folder = new Unlinked();
  for (let file = 0; file < 4_000; file += 1) folder.write(`document number ${file}`, `${file}`);
  const deps = await folder.deps();
  await deps.capture({ reason: "before-restore", side: "local", paths: undefined, label: "S" }, {});
  folder.write("document number 0", "changed");
  const order = await orderOf(deps, { snapshot: "S", paths: [] });
  const sieved = await heldBy(deps, order);
  const whole = await heldBy(deps, keepingAll(order));
  expect(sieved.draft.plan).toEqual(whole.draft.plan);
  expect(sieved.draft.plan.counts.local).toMatchObject({ keep: 3_999, replace: 1 });
  expect([...sieved.draft.wanted.nodes.keys()]).toEqual(["document number 0"]);
  expect([...sieved.draft.sight.local.items.keys()]).toEqual(["document number 0"]);
  expect(whole.held, "bytes that a plan of all files takes").toBeGreaterThan(4_000_000);
  expect(sieved.held, "bytes that a plan of what differs takes").toBeLessThan(whole.held / 4);
});

/** A draft and the bytes that it takes; what a look has hashed is remembered for the next one. */
async function heldBy(
  deps: RestoreDeps,
  order: Order,
): Promise<{ readonly draft: Draft; readonly held: number }> {
  await draftOf(deps, order, {});
  const before = await heldBytes();
  const draft = await draftOf(deps, order, {});
  return { draft, held: (await heldBytes()) - before };
}
