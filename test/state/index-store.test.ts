import { expect, test } from "vitest";
import { keyFromServer, pathKeyOf } from "../../src/core/path/path-key.ts";
import type { LocalEntry, RemoteEntry, SyncedEntry } from "../../src/core/tree/node.ts";
import { MemoryTree, descendants, pathOf } from "../../src/core/tree/tree-view.ts";
import { openIndex } from "../../src/state/database.ts";
import { TestClock } from "../support/test-clock.ts";

const clock = new TestClock();
const open = (): ReturnType<typeof openIndex> => openIndex(":memory:", { clock });

const entry = (node: number, parent: number, name: string) => ({
  node,
  parent,
  kind: "file" as const,
  name,
  key: pathKeyOf(name),
  hash: "ab",
  size: 2 ** 45 + 1,
});

const synced = (node: number, parent: number, name: string): SyncedEntry => ({
  ...entry(node, parent, name),
  localName: undefined,
  remoteId: `id:${node}`,
  rev: `r${node}`,
  fileId: `f${node}`,
  stamp: "1 2 3",
  trusted: true,
});

const local: LocalEntry = {
  ...entry(1, 0, "a"),
  hash: undefined,
  fileId: "",
  stamp: "s",
  trusted: false,
  absentAt: 1_700_000_000_000,
};

const remote: RemoteEntry = {
  ...entry(1, 0, "a"),
  kind: "folder",
  hash: "",
  remoteId: "id:1",
  rev: "",
  modified: 0,
  scope: "ignored",
};

test("S7: every field of every tree comes back as it was put, also where it is absent", () => {
  using index = open();
  const store = index.index;
  const named = { ...synced(1, 0, "a"), localName: "A" };
  store.transaction(() => {
    store.synced.put(named);
    store.synced.put(synced(2, 1, "b"));
    store.local.put(local);
    store.remote.put(remote);
  });
  expect([...store.synced.all()]).toEqual([named, synced(2, 1, "b")]);
  expect([store.local.get(1), store.remote.get(1)]).toEqual([local, remote]);
  const changed = { ...local, absentAt: undefined, hash: "cd", trusted: true };
  store.transaction(() => store.local.put(changed));
  expect([store.local.get(1), store.local.count()]).toEqual([changed, 1]);
});

test("X26: names are data, whatever they hold", () => {
  using index = open();
  const store = index.index;
  const names = ["'; DROP TABLE synced; --", "a\nb", "\u202e", "__proto__", "💾", "é", "é", ""];
  store.transaction(() => names.forEach((name, n) => store.synced.put(synced(n + 1, 0, name))));
  expect([...store.synced.all()].map((row) => row.name)).toEqual(names);
  expect(store.synced.childByKey(0, keyFromServer("__proto__"))?.node).toBe(4);
});

test("S4: reading is in node order, and agrees with the tree in memory", () => {
  using index = open();
  const store = index.index;
  const entries = Array.from({ length: 2_000 }, (_, n) => {
    const node = ((n * 7919) % 2_003) + 1;
    return synced(node, node % 5 === 0 ? 0 : 5 * Math.ceil(node / 50), `n${node % 97}`);
  });
  const memory = new MemoryTree(entries);
  store.transaction(() => entries.forEach((one) => store.synced.put(one)));
  expect([...store.synced.all()]).toEqual([...memory.all()]);
  for (const parent of [0, 5, 10, 7]) {
    expect([...store.synced.children(parent)]).toEqual([...memory.children(parent)]);
    for (const key of ["n1", "n42", "none"]) {
      const wanted = keyFromServer(key);
      expect(store.synced.childByKey(parent, wanted)).toEqual(memory.childByKey(parent, wanted));
    }
  }
});

test("S107: a folder and a tree larger than one page come whole", () => {
  using index = open();
  const store = index.index;
  store.transaction(() => {
    for (let node = 1; node <= 1_536; node += 1) store.synced.put(synced(node, 0, `n${node}`));
  });
  expect([...store.synced.all()]).toHaveLength(1_536);
  expect([...store.synced.children(0)]).toHaveLength(1_536);
});

test("readers may be nested, left off, and written beside", () => {
  using index = open();
  const store = index.index;
  store.transaction(() => {
    store.synced.put({ ...synced(1, 0, "a"), kind: "folder" });
    store.synced.put({ ...synced(2, 1, "b"), kind: "folder" });
    store.synced.put(synced(3, 2, "c"));
    store.synced.put(synced(4, 0, "d"));
  });
  expect([...descendants(store.synced, 0)].map((one) => one.node)).toEqual([1, 2, 3, 4]);
  expect(pathOf(store.synced, 3)).toBe("a/b/c");
  for (const first of store.synced.all()) {
    expect(first.node).toBe(1);
    break;
  }
  store.transaction(() => {
    for (const one of store.synced.all()) store.synced.remove(one.node);
  });
  expect(store.synced.count()).toBe(0);
});

test("S49: two nodes may share a place for a while, as in a ring of renames", () => {
  using index = open();
  const store = index.index;
  store.transaction(() => {
    store.synced.put(synced(1, 0, "a"));
    store.synced.put(synced(2, 0, "a"));
  });
  expect(store.synced.childByKey(0, pathKeyOf("a"))?.node).toBe(1);
});

test("S54: a throw takes back the whole transaction, also from a joined call that was caught", () => {
  using index = open();
  const store = index.index;
  const put = (node: number): void => store.synced.put(synced(node, 0, `n${node}`));
  const joined = (): void =>
    store.transaction(() => {
      put(2);
      throw new Error("inner");
    });
  expect(() =>
    store.transaction(() => {
      put(1);
      joined();
    }),
  ).toThrow("inner");
  expect(() =>
    store.transaction(() => {
      put(1);
      expect(joined).toThrow("inner");
    }),
  ).toThrow("inner");
  expect(store.synced.count()).toBe(0);
  expect(store.transaction(() => store.transaction(() => (put(3), "value")))).toBe("value");
  expect(store.synced.count()).toBe(1);
});

test("a write outside a transaction, or an asynchronous one, is our own mistake", () => {
  using index = open();
  expect(() => index.index.synced.put(synced(1, 0, "a"))).toThrow("inside a transaction");
  expect(() => index.index.newNode()).toThrow("inside a transaction");
  expect(() => index.index.transaction(async () => undefined)).toThrow("synchronous");
});

test("S6: node ids begin behind the root and are never given out again", () => {
  using index = open();
  const store = index.index;
  const two = store.transaction(() => [store.newNode(), store.newNode()]);
  store.transaction(() => store.forgetLink());
  expect([...two, store.transaction(() => store.newNode())]).toEqual([1, 2, 3]);
});

test("S21: a remote id is found where it is now, else where it was synced", () => {
  using index = open();
  const store = index.index;
  store.transaction(() => {
    store.synced.put({ ...synced(1, 0, "a"), remoteId: "id:x" });
    store.remote.put({ ...remote, node: 2, remoteId: "id:y" });
  });
  expect(["id:x", "id:y", "id:z"].map((id) => store.nodeOfRemoteId(id))).toEqual([1, 2, undefined]);
  store.transaction(() => store.remote.put({ ...remote, node: 3, remoteId: "id:x" }));
  expect(store.nodeOfRemoteId("id:x")).toBe(3);
});

test("S17: a file id is found among the synced rows, an empty one never", () => {
  using index = open();
  const store = index.index;
  store.transaction(() => {
    store.synced.put(synced(1, 0, "a"));
    store.synced.put({ ...synced(2, 0, "b"), fileId: "" });
  });
  expect([store.nodeOfFileId("f1"), store.nodeOfFileId("")]).toEqual([1, undefined]);
});

test("S5: of the marked nodes those are found by themselves that only the server has", () => {
  using index = open();
  const store = index.index;
  store.transaction(() => {
    for (const node of [1, 2, 3, 4, 5, 6]) store.remote.put({ ...remote, node, name: `${node}` });
    store.local.put({ ...local, node: 2 });
    store.synced.put(synced(3, 0, "b"));
    store.local.put({ ...local, node: 7 });
    store.clearDirty(4);
  });
  expect(store.dirty(0, 10)).toEqual([1, 2, 3, 5, 6, 7]);
  expect(store.dirtyOnServerOnly(0, 10)).toEqual([1, 5, 6]);
  expect(store.dirtyOnServerOnly(1, 1)).toEqual([5]);
});
