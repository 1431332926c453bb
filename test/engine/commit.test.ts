import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { TargetEntry } from "../../src/core/merge/merge-result.ts";
import { pathKeyOf } from "../../src/core/path/path-key.ts";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import type { LocalEntry, RemoteEntry, SyncedEntry } from "../../src/core/tree/node.ts";
import { commitAct } from "../../src/engine/execute/commit-act.ts";
import { agree, commitRemoval, commitRemote } from "../../src/engine/execute/commit.ts";
import { openIndex, type OpenIndex } from "../../src/state/database.ts";
import { TestClock } from "../support/test-clock.ts";

type Facts = [node: number, name: string, hash: string, parent?: number];

const entry = (...[node, name, hash, parent = 0]: Facts) => ({
  node,
  parent,
  name,
  key: pathKeyOf(name),
  kind: hash === "" ? ("folder" as const) : ("file" as const),
  hash,
  size: hash.length,
});

const local = (...facts: Parameters<typeof entry>): LocalEntry => ({
  ...entry(...facts),
  fileId: `file ${facts[0]}`,
  stamp: "stamp",
  trusted: true,
  absentAt: undefined,
});

const remote = (...facts: Parameters<typeof entry>): RemoteEntry => ({
  ...entry(...facts),
  remoteId: `id:${facts[0]}`,
  rev: facts[2] === "" ? "" : `rev ${facts[2]}`,
  modified: 0,
  scope: "in",
});

const synced = (...facts: Parameters<typeof entry>): SyncedEntry => ({
  ...entry(...facts),
  localName: undefined,
  remoteId: `id:${facts[0]}`,
  rev: `rev ${facts[2]}`,
  fileId: `file ${facts[0]}`,
  stamp: "old stamp",
  trusted: true,
});

const target = (...facts: Parameters<typeof entry>): TargetEntry => ({
  ...entry(...facts),
  localName: undefined,
});

describe("commitAct", () => {
  const now = { folder: { kind: "folder", fileId: "other" } as const, nothing: undefined };
  test.each(["folder", "nothing"] as const)(
    "S54: where %s stands at the place of a file that was just moved there, the row is that of the file",
    (what) => {
      using open = openIndex(":memory:", { clock: new TestClock() });
      const { index } = open;
      const after = target(1, "new", "A");
      const before = local(1, "old", "A");
      index.transaction(() => {
        index.local.put(before);
        index.remote.put(remote(1, "new", "A"));
        index.synced.put(synced(1, "old", "A"));
        const stat = now[what] && {
          ...now[what],
          name: "new",
          size: 0,
          stamp: "s",
          mode: 0,
          modifiedNs: "0",
          newestNs: "0",
        };
        const op = { kind: "L.move", node: 1, from: undefined, parent: 0, name: "new" } as const;
        commitAct(
          index,
          { ...op, path: parseRelPath("new"), before, after, step: "direct" },
          { state: "done", stat, putBack: [], leftover: false },
        );
      });
      const row = { kind: "file", name: "new", fileId: "file 1", hash: "A", trusted: false };
      expect(index.local.get(1)).toMatchObject(row);
      expect(index.synced.get(1)).toMatchObject({ kind: "file", name: "new", fileId: "file 1" });
    },
  );
});

describe("S70: a leftover that makes way", () => {
  const name = "d (left over 2026-01-02)";
  const stat = {
    kind: "folder",
    name,
    size: 0,
    stamp: "s",
    mode: 0,
    modifiedNs: "0",
    newestNs: "0",
  } as const;

  /** What is in the local tree after it was brought to its new name. */
  const rowsAfter = (index: OpenIndex["index"], fileId: string, rows: readonly LocalEntry[]) => {
    const folder = { ...local(1, "d", ""), fileId };
    const after = { ...entry(1, name, ""), localName: undefined };
    const place = { node: 1, copyNode: 1, parent: 0, name, path: parseRelPath(name) };
    const from = parseRelPath("d");
    index.transaction(() => {
      index.leftovers.put({ fileId, path: from });
      for (const row of [folder, ...rows]) index.local.put(row);
      commitAct(
        index,
        { ...place, kind: "L.aside", keepsPlace: false, from, before: folder, after },
        { state: "done", stat: { ...stat, fileId }, putBack: [], leftover: false },
      );
    });
    return [...index.local.children(0)].map((row) => row.name);
  };

  test.each(["file 1", ""])("is in no tree, and one at its new place (file id %j)", (fileId) => {
    using open = openIndex(":memory:", { clock: new TestClock() });
    expect(rowsAfter(open.index, fileId, [])).toEqual([]);
    expect(open.index.leftovers.has({ fileId, path: parseRelPath(name) })).toBe(true);
  });

  test("is a folder like others where something in it is synced", () => {
    using open = openIndex(":memory:", { clock: new TestClock() });
    expect(rowsAfter(open.index, "file 1", [local(2, "f", "A", 1)])).toEqual([name]);
  });
});

describe("agree", () => {
  let open: OpenIndex;
  beforeEach(() => {
    open = openIndex(":memory:", { clock: new TestClock() });
  });
  afterEach(() => open.close());

  const run = (rows: {
    local?: LocalEntry;
    remote?: RemoteEntry;
    synced?: SyncedEntry;
    after?: TargetEntry;
  }): { agreed: boolean; row: SyncedEntry | undefined } => {
    const { index } = open;
    const agreed = index.transaction(() => {
      if (rows.local) index.local.put(rows.local);
      if (rows.remote) index.remote.put(rows.remote);
      if (rows.synced) index.synced.put(rows.synced);
      return agree(index, 1, rows.after);
    });
    return { agreed, row: index.synced.get(1) };
  };

  test("S54: what both sides hold is written with ids of both", () => {
    const { agreed, row } = run({
      local: local(1, "f", "A"),
      remote: remote(1, "f", "A"),
      after: target(1, "f", "A"),
    });
    expect(agreed).toBe(true);
    expect(row).toMatchObject({
      name: "f",
      hash: "A",
      rev: "rev A",
      remoteId: "id:1",
      fileId: "file 1",
      stamp: "stamp",
      localName: undefined,
    });
    expect(open.index.history(1)).toEqual([{ rev: "rev A", hash: "A" }]);
  });

  test("S85: what is on one side only is not synced", () => {
    const { agreed, row } = run({ remote: remote(1, "f", "A"), after: target(1, "f", "A") });
    expect({ agreed, row }).toEqual({ agreed: false, row: undefined });
  });

  test("S85: unequal content never becomes synced", () => {
    const { agreed, row } = run({
      local: local(1, "f", "B"),
      remote: remote(1, "f", "A"),
      after: target(1, "f", "A"),
    });
    expect({ agreed, row }).toEqual({ agreed: false, row: undefined });
  });

  test("S39: a place that both sides share is noted while the contents still differ", () => {
    const { agreed, row } = run({
      local: local(1, "g", "B"),
      remote: remote(1, "g", "A"),
      synced: synced(1, "f", "A"),
      after: target(1, "g", "B"),
    });
    expect(agreed).toBe(false);
    expect(row).toMatchObject({ name: "g", hash: "A", rev: "rev A", stamp: "old stamp" });
  });

  test("S38: a content that both sides share is noted while the places still differ", () => {
    const { agreed, row } = run({
      local: local(1, "f", "B"),
      remote: remote(1, "g", "B"),
      synced: synced(1, "f", "A"),
      after: target(1, "g", "B"),
    });
    expect(agreed).toBe(false);
    expect(row).toMatchObject({ name: "f", hash: "B", rev: "rev B", stamp: "stamp" });
  });

  test("S37: what is gone on both sides is forgotten", () => {
    const { agreed, row } = run({ synced: synced(1, "f", "A") });
    expect({ agreed, row }).toEqual({ agreed: true, row: undefined });
  });

  test("S85: what is gone on one side only stays synced", () => {
    const { agreed, row } = run({ local: local(1, "f", "A"), synced: synced(1, "f", "A") });
    expect(agreed).toBe(false);
    expect(row).toBeDefined();
  });

  test("S16: another Unicode form is the same name, and the server's is kept", () => {
    const { agreed, row } = run({
      local: local(1, "e\u0301", "A"),
      remote: remote(1, "\u00e9", "A"),
      after: target(1, "\u00e9", "A"),
    });
    expect(agreed).toBe(true);
    expect(row?.name).toBe("\u00e9");
  });

  test("S42: a name that differs on purpose is remembered", () => {
    const { agreed, row } = run({
      local: local(1, "F", "A"),
      remote: remote(1, "F (case conflict)", "A"),
      after: { ...target(1, "F (case conflict)", "A"), localName: "F" },
    });
    expect(agreed).toBe(true);
    expect(row).toMatchObject({ name: "F (case conflict)", localName: "F" });
  });

  test("S33: what a write of ours replaced is left behind, although both sides never agreed on it", () => {
    const { index } = open;
    index.transaction(() => {
      index.local.put(local(1, "f", "B"));
      // Moved by us, and edited here before that was agreed on.
      index.remote.put({ ...remote(1, "f", "A"), rev: "moved" });
      index.synced.put(synced(1, "f", "A"));
      commitRemote(index, remote(1, "f", "B"), target(1, "f", "B"));
    });
    expect(index.history(1).map(({ rev }) => rev)).toEqual(["rev B", "moved"]);
  });

  test.each(["ignored", "refused"] as const)(
    "S91: what is gone from the disk and is %s on the server is forgotten at once",
    (scope) => {
      const { index } = open;
      index.transaction(() => {
        index.local.put(local(1, "f", "A"));
        index.remote.put({ ...remote(1, "elsewhere", "A"), scope });
        index.synced.put(synced(1, "f", "A"));
        commitRemoval(index, "local", 1);
      });
      // A file that is saved there now would else be taken for this one, and replace it where it comes back (S19).
      expect(index.synced.get(1)).toBeUndefined();
      expect(index.remote.get(1)).toMatchObject({ scope });
    },
  );

  test("S71: a removed folder takes everything below it along, on its side only", () => {
    const { index } = open;
    const count = index.transaction(() => {
      for (const row of [local(1, "d", ""), local(2, "s", "", 1), local(3, "f", "A", 2)]) {
        index.local.put(row);
        index.synced.put(synced(row.node, row.name, row.hash ?? "", row.parent));
      }
      index.remote.put(remote(3, "f", "A", 2));
      return commitRemoval(index, "local", 1);
    });
    expect(count).toBe(3);
    expect([...index.local.all()]).toEqual([]);
    expect([...index.synced.all()].map(({ node }) => node)).toEqual([3]);
  });
});
