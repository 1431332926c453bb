/** S52: what lies over the trees of an index while a sync is tried out. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { differingNodes } from "../../src/core/merge/sighting.ts";
import { keyFromServer, pathKeyOf } from "../../src/core/path/path-key.ts";
import { plan } from "../../src/core/plan/plan.ts";
import { coveredBy, Simulation } from "../../src/core/plan/simulate.ts";
import { rootNode, type Entry, type NodeId } from "../../src/core/tree/node.ts";
import type { TreeView } from "../../src/core/tree/tree-view.ts";
import { TableCovers } from "../../src/state/covers.ts";
import { openIndex } from "../../src/state/database.ts";
import { SmallDisk } from "../support/small-disk.ts";
import { TestClock } from "../support/test-clock.ts";
import { cases, runsOf, seedOfRun } from "../property/random-cases.ts";
import { allNodes, copyOf, mergeOf, treesOfCase } from "../property/settle.ts";

const clock = new TestClock();

const file = (node: NodeId, name = `f${node}`, parent: NodeId = rootNode): Entry => ({
  node,
  parent,
  kind: "file",
  name,
  key: pathKeyOf(name),
  hash: "ab",
  size: 2 ** 45 + 1,
});

function scratch(): Disposable & { readonly folder: string; readonly index: string } {
  const folder = mkdtempSync(path.join(os.tmpdir(), "snap-covers-"));
  return {
    folder,
    index: path.join(folder, "index.db"),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

/** All that can be asked of a tree, about nodes, folders and names that there are. */
function picture(tree: TreeView, nodes: readonly NodeId[]): unknown {
  const shown = (entry: Entry): unknown => [entry.node, entry.parent, entry.name, entry.hash];
  const keys = [...new Set(nodes.flatMap((node) => tree.get(node)?.key ?? []))];
  return [rootNode, ...nodes].map((node) => [
    [tree.get(node)].flatMap((entry) => (entry ? [shown(entry)] : [])),
    Array.from(tree.children(node), shown),
    keys.map((key) => tree.childrenByKey(node, key).map(shown)),
    keys.map((key) => tree.childByKey(node, key)?.node),
  ]);
}

const seed = seedOfRun();

test(`S52: ops have the same effect on covered trees as on trees in memory (SNAP_SEED=${seed})`, () => {
  const law = fc.property(cases, (given) => {
    const base = treesOfCase(given);
    const before = copyOf(base);
    using covers = new TableCovers(":memory:");
    const covered = new Simulation(coveredBy(covers, base));
    const plain = copyOf(base);
    const simulation = new Simulation(plain);
    for (let round = 0; round < 3; round += 1) {
      const ops = plan(mergeOf(plain, differingNodes(plain)), plain);
      for (const op of ops) [covered, simulation].forEach((one) => one.apply(op));
      const nodes = [...new Set([...allNodes(base), ...allNodes(plain)])];
      for (const side of ["synced", "local", "remote"] as const) {
        expect(picture(covered[side], nodes)).toEqual(picture(plain[side], nodes));
        expect(picture(base[side], nodes)).toEqual(picture(before[side], nodes));
      }
    }
  });
  fc.assert(law, { seed, numRuns: runsOf(300) });
});

test("S52, S107: a folder of thousands may be emptied while it is read, above and below, and none is missed or named twice", () => {
  using open = openIndex(":memory:", { clock });
  const { index } = open;
  const count = 2_000;
  index.transaction(() => {
    for (let node = 1; node <= count; node += 1) {
      index.local.put({ ...file(node), fileId: "", stamp: "", trusted: true, absentAt: undefined });
    }
  });
  using covers = index.covers();
  const { local } = coveredBy(covers, index);
  for (let node = 2; node <= count; node += 2) local.put(file(node, `covered ${node}`));
  const read: NodeId[] = [];
  for (const entry of local.children(rootNode)) {
    read.push(entry.node);
    // Some of a page that is still to come get another name, and stay where they are.
    if (entry.node % 3 === 0) local.put({ ...entry, name: `again ${entry.node}` });
    else local.remove(entry.node);
  }
  expect(read).toEqual(Array.from({ length: count }, (_, place) => place + 1));
  expect([...local.children(rootNode)].map(({ node }) => node)).toEqual(
    read.filter((node) => node % 3 === 0),
  );
  expect(index.local.count()).toBe(count);
});

test("S52: it is no file before something is put into it, and one without a name then", () => {
  using place = scratch();
  using open = openIndex(place.index, { clock });
  writeFileSync(`${place.index}.covers`, "left behind");
  const files = readdirSync(place.folder);
  const covers = open.index.covers();
  expect(covers.local.get(1)).toBeUndefined();
  expect(covers.local.hides(1)).toBe(false);
  expect(readdirSync(place.folder)).toEqual(files);
  covers.local.put(file(1));
  covers.remote.remove(2);
  const mine = files.filter((name) => !name.endsWith(".covers"));
  expect(readdirSync(place.folder)).toEqual(mine);
  expect(covers.local.get(1)).toMatchObject({ name: "f1", size: 2 ** 45 + 1 });
  expect([covers.local.hides(1), covers.remote.hides(2), covers.remote.hides(1)]).toEqual([
    true,
    true,
    false,
  ]);
  covers[Symbol.dispose]();
  expect(open.index.dirtyCount()).toBe(0);
  using later = open.index.covers();
  later.local.put(file(3));
  expect(later.local.get(1)).toBeUndefined();
  expect(later.local.childByKey(rootNode, keyFromServer("f3"))?.node).toBe(3);
});

test("S10, S52: killed with much in it, a process leaves nothing behind, and the index as it was", async () => {
  using place = scratch();
  openIndex(place.index, { clock }).close();
  const child = fork(new URL("covers-victim.ts", import.meta.url), [place.index]);
  await once(child, "message");
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(readdirSync(place.folder).toSorted()).toEqual([
    "index.db",
    "index.db-shm",
    "index.db-wal",
  ]);
  using open = openIndex(place.index, { clock });
  expect([open.movedAside, open.index.local.count(), open.index.dirtyCount()]).toEqual([
    undefined,
    0,
    0,
  ]);
});

test("S52: a full disk ends it as such, and the index can be written and read on", () => {
  using disk = SmallDisk.mount(24 * 1024 * 1024);
  if (disk === undefined) return;
  using open = openIndex(path.join(disk.path, "index.db"), { clock });
  {
    using covers = open.index.covers();
    const fill = (): void => {
      for (let node = 1; node <= 1_000_000; node += 1) covers.local.put(file(node));
    };
    expect(fill).toThrow(expect.objectContaining({ code: "disk-full", exit: 7 }));
    // What comes after that does not pass for done.
    expect(() => covers.local.put(file(1))).toThrow(expect.objectContaining({ exit: 7 }));
  }
  open.index.transaction(() => open.index.setMeta("generation", "7"));
  expect(open.index.meta("generation")).toBe("7");
});

test("S52: a folder in the place of the file is an error of the disk that names it", () => {
  using place = scratch();
  using open = openIndex(place.index, { clock });
  mkdirSync(`${place.index}.covers`);
  using covers = open.index.covers();
  expect(() => covers.local.put(file(1))).toThrow(
    expect.objectContaining({ code: "disk-error", path: `${place.index}.covers` }),
  );
});
