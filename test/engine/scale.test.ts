/** S5, S106 on a real disk and a real index: what nothing changed in costs no write, and one edit a few hundred row reads. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { Plans, treesOfIndex } from "../../src/engine/make-plan.ts";
import { observeBoth } from "../../src/engine/observe.ts";
import type { LocalEntry } from "../../src/core/tree/node.ts";
import type { IndexStore } from "../../src/ports.ts";
import { CountedTree } from "../support/counted-tree.ts";
import { layer } from "../support/layer.ts";
import { LinkedWorkspace } from "./linked-workspace.ts";

const files = 100_000;
const folders = 200;
const readsMax = 500;

test("S106: one edit among 100,000 files is planned with fewer than 500 row reads, and no change writes no row", async () => {
  await layer({ name: "scale", cpuBudgetSeconds: 80 }, async () => {
    await using workspace = await LinkedWorkspace.open();
    makeFiles(workspace.top);
    await workspace.look();
    agreeOnAll(workspace.index);

    await workspace.look();
    expect(workspace.index.dirtyCount(), "rows written by a look at what did not change").toBe(0);

    await workspace.write("d7/f7", "edited");
    const observed = await observeBoth(workspace.deps, {});
    expect(workspace.index.dirtyCount()).toBe(1);
    let reads = 0;
    const count = (rows: number): void => {
      reads += rows;
    };
    const { synced, local, remote } = treesOfIndex(workspace.index);
    const trees = {
      synced: new CountedTree(synced, count),
      local: new CountedTree(local, count),
      remote: new CountedTree(remote, count),
    };
    const planned = new Plans(workspace.deps, observed, { trees }).next();
    expect(planned?.ops.map(({ kind, path: at }) => `${kind} ${at}`)).toEqual(["R.put d7/f7"]);
    expect(reads).toBeGreaterThan(0);
    expect(reads).toBeLessThan(readsMax);
    return files;
  });
});

function makeFiles(top: string): void {
  for (let folder = 0; folder < folders; folder += 1) mkdirSync(path.join(top, `d${folder}`));
  for (let file = 0; file < files; file += 1) {
    writeFileSync(path.join(top, `d${file % folders}`, `f${Math.floor(file / folders)}`), "");
  }
}

/** What is on the disk is on the server too, and both sides know. */
function agreeOnAll(index: IndexStore): void {
  index.transaction(() => {
    for (const entry of index.local.all()) agreeOn(index, entry);
    for (const { node } of index.synced.all()) index.clearDirty(node);
  });
}

function agreeOn(index: IndexStore, entry: LocalEntry): void {
  const { absentAt: _, fileId, stamp, trusted, ...rest } = entry;
  const there = { ...rest, remoteId: `id:${entry.node}`, rev: entry.kind === "file" ? "1" : "" };
  index.remote.put({ ...there, modified: 0, scope: "in" });
  index.synced.put({ ...there, localName: undefined, fileId, stamp, trusted });
}
