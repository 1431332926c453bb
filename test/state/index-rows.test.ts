import { expect, test } from "vitest";
import { pathKeyOf } from "../../src/core/path/path-key.ts";
import type { LogRow, MetaKey } from "../../src/core/tree/index-rows.ts";
import type { LocalEntry, RemoteEntry, SyncedEntry } from "../../src/core/tree/node.ts";
import { openIndex } from "../../src/state/database.ts";
import { TestClock } from "../support/test-clock.ts";

const clock = new TestClock();
const open = (): ReturnType<typeof openIndex> => openIndex(":memory:", { clock });

const shared = { kind: "file" as const, name: "a", key: pathKeyOf("a"), hash: "h", size: 1 };
const empty = { remoteId: "", rev: "", fileId: "", stamp: "", trusted: true };
const syncedRow = (node: number, parent = 0): SyncedEntry => {
  return { ...shared, ...empty, node, parent, localName: undefined };
};
const localRow = (node: number, parent = 0): LocalEntry => {
  return { ...shared, ...empty, node, parent, absentAt: undefined };
};
const remoteRow = (node: number, parent = 0): RemoteEntry => {
  return { ...shared, ...empty, node, parent, modified: 0, scope: "in" };
};
const logRow = (at: number, path: string): LogRow => {
  const states = { before: "{}", after: "{}", outcome: "done" };
  return { at, path, cycle: 1, op: "o", kind: "L.put", ...states };
};

test("facts are set, replaced and taken away", () => {
  using index = open();
  const store = index.index;
  store.transaction(() => store.setMeta("cursor", "one"));
  store.transaction(() => store.setMeta("cursor", "two"));
  expect(store.meta("cursor")).toBe("two");
  store.transaction(() => store.setMeta("cursor", undefined));
  expect(store.meta("cursor")).toBeUndefined();
});

test("S74, S57, S85: intents, uploads and parked items come back as they were", () => {
  using index = open();
  const store = index.index;
  const intent = { op: "o1", kind: "L.put", node: 2, detail: '{"a":1}' };
  const acknowledged = [
    { from: 0, to: 4 },
    { from: 8, to: 2 ** 40 },
  ];
  const kind = "concurrent" as const;
  const upload = { node: 2, session: "s", kind, acknowledged, stamp: "1 2 3", startedAt: 7 };
  const parked = { node: 2, kind: "R.put", path: "a", reason: "r", attempts: 3, nextAt: 5 };
  store.transaction(() => {
    store.putIntent(intent);
    store.putUpload({ ...upload, kind: "sequential", acknowledged: [] });
    store.putUpload(upload);
    store.putParked({ ...parked, attempts: 1 });
    store.putParked(parked);
  });
  expect([store.intents(), store.upload(2), store.parked()]).toEqual([[intent], upload, [parked]]);
  store.transaction(() => {
    store.removeIntent("o1");
    store.removeUpload(2);
    store.removeParked(2);
  });
  expect([store.intents(), store.upload(2), store.parked()]).toEqual([[], undefined, []]);
});

test("S7: the last sixteen states of a file are known, newest first, each rev once", () => {
  using index = open();
  const store = index.index;
  store.transaction(() => {
    for (let number = 1; number <= 20; number += 1) store.addHistory(1, `r${number}`, "h");
    store.addHistory(2, "r1", "other");
    store.addHistory(1, "r10", "h");
  });
  const revs = store.history(1).map((state) => state.rev);
  expect([revs.length, revs[0], revs[1], revs.at(-1)]).toEqual([16, "r10", "r20", "r5"]);
  expect(store.history(2)).toEqual([{ rev: "r1", hash: "other" }]);
});

test("P10: the op log is read newest first", () => {
  using index = open();
  const rows = ["a", "b", "c"].map((path, at) => logRow(at, path));
  index.index.transaction(() => rows.forEach((row) => index.index.log(row)));
  expect(index.index.logged(2)).toEqual([rows[2], rows[1]]);
});

test("S36: a node takes over the rows, children and history of another", () => {
  using index = open();
  const store = index.index;
  store.transaction(() => {
    store.local.put(localRow(5));
    store.local.put(localRow(6, 5));
    store.remote.put(remoteRow(9));
    store.synced.put(syncedRow(5));
    store.synced.put(syncedRow(9));
    store.addHistory(5, "r1", "h");
    store.putIntent({ op: "o", kind: "k", node: 5, detail: "{}" });
    store.rebind(5, 9);
  });
  expect([...store.local.all()].map(({ node, parent }) => [node, parent])).toEqual([
    [6, 9],
    [9, 0],
  ]);
  expect([...store.remote.all()].map((row) => row.node)).toEqual([9]);
  expect([...store.synced.all()].map((row) => row.node)).toEqual([9]);
  expect([store.history(5), store.history(9).length, store.intents()[0]?.node]).toEqual([[], 1, 9]);
  store.transaction(() => store.rebind(9, 9));
  expect(store.local.count()).toBe(2);
});

test("S7: unlinking empties the trees and forgets the link; restores, op log and workspace stay", () => {
  using index = open();
  const store = index.index;
  const facts: readonly MetaKey[] = ["workspace", "link", "cursor", "generation", "account_id"];
  store.transaction(() => {
    store.synced.put(syncedRow(1));
    store.local.put(localRow(1));
    store.remote.put(remoteRow(1));
    store.addHistory(1, "r", "h");
    store.putParked({ node: 1, kind: "", path: "", reason: "", attempts: 1, nextAt: 0 });
    store.log(logRow(1, "a"));
    for (const fact of facts) store.setMeta(fact, "1");
    store.forgetLink();
  });
  const counts = [store.synced.count(), store.local.count(), store.remote.count()];
  expect([counts, store.history(1), store.parked()]).toEqual([[0, 0, 0], [], []]);
  expect(store.logged(9)).toHaveLength(1);
  expect(facts.filter((fact) => store.meta(fact) !== undefined)).toEqual([
    "workspace",
    "generation",
  ]);
});
