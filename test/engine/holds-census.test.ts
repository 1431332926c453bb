import { expect, test } from "vitest";
import { merge } from "../../src/core/merge/merge.ts";
import { plan } from "../../src/core/plan/plan.ts";
import type { Op } from "../../src/core/plan/op.ts";
import type { NodeId } from "../../src/core/tree/node.ts";
import { takeCensus } from "../../src/engine/guards/holds-census.ts";
import { RoundGuard, type GuardedPlan } from "../../src/engine/guards/holds.ts";
import { LinkedWorkspace } from "./linked-workspace.ts";

const nothing: ReadonlySet<NodeId> = new Set();

/** What a whole merge would replace or put aside. */
function guarded(ops: readonly Op[]): string[] {
  return ops.flatMap((op) => {
    if (op.kind === "L.aside") return [`L.aside ${op.from}`];
    return op.kind === "R.put" && op.before !== undefined ? [`R.put ${op.path}`] : [];
  });
}

function counted({ deps }: LinkedWorkspace, frozen = nothing): string[] {
  const { change, conflict } = takeCensus(deps, frozen);
  return [...change, ...conflict].flatMap(({ items }) =>
    items.map(({ op, path }) => `${op} ${path}`),
  );
}

async function planned(workspace: LinkedWorkspace): Promise<GuardedPlan> {
  const { frozen } = await workspace.look();
  const { index } = workspace;
  const { synced, local, remote } = index;
  return index.transaction(() => {
    const slice = index.dirty(0, 10_000);
    const facts = { frozen: frozen.nodes, device: "desk", date: "2026-11-22" };
    const trees = { synced, local, remote };
    const result = merge({ ...trees, slice, ...facts, newNode: () => index.newNode() });
    return { ops: plan(result, trees), result, waiting: new Set() };
  });
}

test("S79: the census of the dirty nodes names what a merge of all of them would hold", async () => {
  await using workspace = await LinkedWorkspace.open({
    edited: "0",
    touched: "0",
    both: "0",
    same: "0",
    theirs: "0",
    "gone/here": "0",
    "d/kept": "0",
  });
  for (const path of ["edited", "both", "same"]) await workspace.write(path, "mine");
  await workspace.write("touched", "0");
  await workspace.upload("both", "theirs");
  await workspace.upload("same", "mine");
  await workspace.upload("theirs", "new");
  await workspace.remove("gone");
  await workspace.write("gone", "a file now");
  // New on both sides, at one place, in folders that are not one node yet.
  await workspace.write("new/differs", "mine");
  await workspace.upload("new/differs", "theirs");
  await workspace.write("new/equal", "both");
  await workspace.upload("new/equal", "both");
  await workspace.write("d/added", "mine");
  await workspace.upload("d/added/below", "theirs");
  const { ops } = await planned(workspace);
  const expected = ["L.aside both", "L.aside d/added", "L.aside new/differs", "R.put edited"];
  expect(guarded(ops).toSorted()).toEqual(expected);
  expect(counted(workspace).toSorted()).toEqual(expected);
});

test("S29: what is frozen is not counted, with all that is below it", async () => {
  await using workspace = await LinkedWorkspace.open({ "d/e/f": "0", g: "0" });
  await workspace.write("d/e/f", "1");
  await workspace.write("g", "1");
  await workspace.look();
  const frozen = new Set([workspace.nodeAt(workspace.index.local, "d")]);
  expect(counted(workspace, frozen)).toEqual(["R.put g"]);
});

test("S79: a slice of few is held where all slices together are many, under one digest", async () => {
  const files = Object.fromEntries(
    Array.from({ length: 210 }, (_, file) => [`f${String(file).padStart(3, "0")}`, "0"]),
  );
  await using workspace = await LinkedWorkspace.open(files);
  for (const path of Object.keys(files)) await workspace.write(path, "locked");
  const whole = await planned(workspace);
  const slices = [whole.ops.slice(0, 100), whole.ops.slice(100)].map((ops) => ({ ...whole, ops }));
  // Without the census the first slice has passed when the second one makes it too many.
  const unaware = new RoundGuard(workspace.deps, { record: false });
  expect(slices.map((slice) => unaware.pass(slice).ops.length)).toEqual([100, 0]);
  const guard = new RoundGuard(workspace.deps);
  guard.census(nothing);
  const passed = slices.map((slice) => guard.pass(slice));
  guard.end(nothing);
  expect(passed.flatMap(({ ops }) => ops)).toEqual([]);
  const [hold, ...others] = workspace.deps.holds.holds();
  expect(hold?.items).toHaveLength(210);
  expect(others).toEqual([]);
  expect(passed.map(({ left }) => left[0]?.digest)).toEqual([hold?.digest, hold?.digest]);
});
