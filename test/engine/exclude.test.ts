import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Exclusions } from "../../src/core/exclusions.ts";
import type { RelPath } from "../../src/core/path/rel-path.ts";
import type { SyncReport } from "../../src/core/plan/sync-report.ts";
import { openEngine } from "../../src/engine/engine.ts";
import { at, LinkedWorkspace } from "./linked-workspace.ts";

/** A linked workspace with a list of exclusions that a test changes. */
async function linked(
  files: Readonly<Record<string, string>>,
  config: Parameters<typeof LinkedWorkspace.open>[1] = {},
) {
  let excluded = new Exclusions();
  const workspace = await LinkedWorkspace.open(files, {
    excluded: () => excluded.paths,
    exclude: (paths) => (excluded = paths.reduce((all, path) => all.with(path), excluded)),
    ...config,
  });
  return {
    workspace,
    add: (path: string) => (excluded = excluded.with(at(path))),
    remove: (path: string) => (excluded = excluded.without(at(path))),
    list: (): readonly RelPath[] => excluded.paths,
    [Symbol.asyncDispose]: () => workspace[Symbol.asyncDispose](),
  };
}

const sync = ({ deps }: LinkedWorkspace): Promise<SyncReport> => openEngine(deps).sync();

async function onServer({ other }: LinkedWorkspace): Promise<string> {
  const items = await Array.fromAsync(other.list(at(""), { recursive: true }));
  const paths = items.map(({ path }) => path);
  return paths
    .filter((path) => !path.startsWith(".snap"))
    .toSorted()
    .join(", ");
}

const isHere = ({ top }: LinkedWorkspace, path: string): boolean => existsSync(join(top, path));

async function inTrash({ deps }: LinkedWorkspace): Promise<number> {
  return (await deps.local.areas("trash")).length;
}

test("D9, S93: an excluded folder stays on the server, and here goes what was synced", async () => {
  await using link = await linked({ "d/1": "one", "d/edited": "old", "d/s/2": "two", f: "3" });
  const { workspace } = link;
  await sync(workspace);
  await workspace.write("d/new", "n");
  await workspace.write("d/edited", "mine");
  link.add("d");
  const report = await sync(workspace);
  expect(report.exit).toBe(0);
  expect(await onServer(workspace)).toBe("d, d/1, d/edited, d/s, d/s/2, f");
  expect(["d/1", "d/s", "d/new", "d/edited"].map((path) => isHere(workspace, path))).toEqual([
    false,
    false,
    true,
    true,
  ]);
  expect(await workspace.read("d/edited")).toBe("mine");
  expect(await inTrash(workspace)).toBe(1);
  expect(report.left.map(({ path, kind }) => `${kind} ${path}`).toSorted()).toEqual([
    "unsynced d/edited",
    "unsynced d/new",
  ]);
  const trees = [workspace.index.remote, workspace.index.synced, workspace.index.local];
  expect(trees.map((tree) => workspace.paths(tree))).toEqual(["d/, f", "f", "f"]);
  const quiet = await sync(workspace);
  expect([quiet.cycles, quiet.left.length, await inTrash(workspace)]).toEqual([1, 2, 1]);
});

test("S93: what happens in an excluded folder, here or there, is nobody's business", async () => {
  await using link = await linked({ "d/1": "one", "d/s/2": "two", f: "3" });
  const { workspace } = link;
  link.add("d");
  await sync(workspace);
  await workspace.upload("d/3", "three");
  await workspace.upload("d/1", "other");
  await workspace.removeRemote("d/s");
  await workspace.write("d/mine", "m");
  const report = await sync(workspace);
  expect([report.counts.downloaded, report.counts.uploaded]).toEqual([0, 0]);
  expect(workspace.paths(workspace.index.remote)).toBe("d/, f");
  expect(await onServer(workspace)).toBe("d, d/1, d/3, f");
});

test("S93: re-included it is listed again and comes down, beside what stayed here", async () => {
  await using link = await linked({ "d/1": "one", "d/s/2": "two", f: "3" });
  const { workspace } = link;
  link.add("d");
  await sync(workspace);
  await workspace.write("d/mine", "m");
  await workspace.upload("d/late", "l");
  await sync(workspace);
  link.remove("d");
  expect((await sync(workspace)).exit).toBe(0);
  expect(await onServer(workspace)).toBe("d, d/1, d/late, d/mine, d/s, d/s/2, f");
  expect(workspace.paths(workspace.index.local)).toBe("d/, d/1, d/late, d/mine, d/s/, d/s/2, f");
  expect(await workspace.read("d/s/2")).toBe("two");
});

test("S93: a listing that is cut while a folder comes back is done again", async () => {
  await using link = await linked({ "d/1": "one", f: "3" });
  const { workspace } = link;
  link.add("d");
  await sync(workspace);
  link.remove("d");
  const list = workspace.deps.remote.list.bind(workspace.deps.remote);
  // oxlint-disable-next-line require-yield -- it breaks off before the first item
  workspace.deps.remote.list = async function* () {
    throw new Error("the line is down");
  };
  await expect(sync(workspace)).rejects.toThrow("the line is down");
  workspace.deps.remote.list = list;
  await sync(workspace);
  expect(workspace.paths(workspace.index.local)).toBe("d/, d/1, f");
});

test("S93, S91: moved into an excluded folder by another client, it goes from here; an edit stays on the server", async () => {
  await using link = await linked({ "d/1": "one", a: "A", b: "B" });
  const { workspace } = link;
  link.add("d");
  await sync(workspace);
  await workspace.other.move(at("a"), at("d/a"));
  await workspace.other.move(at("b"), at("d/b"));
  await workspace.write("b", "edited");
  await sync(workspace);
  await sync(workspace);
  expect(await onServer(workspace)).toBe("b, d, d/1, d/a, d/b");
  expect(workspace.paths(workspace.index.local)).toBe("b");
  expect(await workspace.read("b")).toBe("edited");
});

test("S93: moved out of an excluded folder by another client, it comes down whole", async () => {
  await using link = await linked({ "d/s/1": "one", f: "3" });
  const { workspace } = link;
  link.add("d");
  await sync(workspace);
  await workspace.other.move(at("d/s"), at("out"));
  await sync(workspace);
  expect(await workspace.read("out/1")).toBe("one");
});

test("S93: nothing is displaced while the list of exclusions is only looked at", async () => {
  await using link = await linked({ "d/1": "one" });
  const { workspace } = link;
  await sync(workspace);
  link.add("d");
  await openEngine(workspace.deps).dryRun();
  await openEngine(workspace.deps).observe();
  expect(isHere(workspace, "d/1")).toBe(true);
  expect(workspace.paths(workspace.index.synced)).toBe("d/, d/1");
});

test("S93, S74: killed while it goes to the trash, the next sync brings it to the same end", async () => {
  await using link = await linked({ "d/1": "one", "d/s/2": "two", f: "3" });
  const { workspace } = link;
  await sync(workspace);
  await workspace.write("d/new", "n");
  link.add("d");
  const perform = workspace.deps.local.perform.bind(workspace.deps.local);
  workspace.deps.local.perform = async (act) => {
    await perform(act);
    throw new Error("killed");
  };
  await expect(sync(workspace)).rejects.toThrow("killed");
  workspace.reopen();
  expect((await sync(workspace)).exit).toBe(0);
  expect(await onServer(workspace)).toBe("d, d/1, d/s, d/s/2, f");
  expect([isHere(workspace, "d/new"), isHere(workspace, "d/1")]).toEqual([true, false]);
  expect(workspace.index.intents()).toEqual([]);
});

test("S93, P3: killed on the way to the trash and included again, nothing passes for deleted", async () => {
  await using link = await linked({ "d/1": "one", "d/s/2": "two", f: "3" });
  const { workspace } = link;
  await sync(workspace);
  link.add("d");
  const perform = workspace.deps.local.perform.bind(workspace.deps.local);
  workspace.deps.local.perform = async (act) => {
    await perform(act);
    throw new Error("killed");
  };
  await expect(sync(workspace)).rejects.toThrow("killed");
  workspace.reopen();
  link.remove("d");
  const report = await sync(workspace);
  expect(report.counts.removedRemote).toBe(0);
  expect(await onServer(workspace)).toBe("d, d/1, d/s, d/s/2, f");
  expect(await workspace.read("d/s/2")).toBe("two");
});

test("S53, S93: an edit between the look and the trash stays, and is told", async () => {
  await using link = await linked({ "d/1": "one", "d/2": "two" });
  const { workspace } = link;
  await sync(workspace);
  link.add("d");
  const perform = workspace.deps.local.perform.bind(workspace.deps.local);
  let raced = false;
  workspace.deps.local.perform = async (act) => {
    if (!raced) await workspace.write("d/1", "in the last moment");
    raced = true;
    return perform(act);
  };
  const report = await sync(workspace);
  expect(await workspace.read("d/1")).toBe("in the last moment");
  expect(isHere(workspace, "d/2")).toBe(false);
  expect(report.left).toMatchObject([{ path: "d/1", kind: "unsynced" }]);
  expect(await onServer(workspace)).toBe("d, d/1, d/2");
});

test("S93: names are compared as the server compares them", async () => {
  await using link = await linked({ "Docs/1": "one", f: "3" });
  link.add("docs");
  await sync(link.workspace);
  expect(isHere(link.workspace, "Docs/1")).toBe(false);
  expect(await onServer(link.workspace)).toBe("Docs, Docs/1, f");
});

test("S94: a folder that appears at the top is excluded and announced once, those below are synced", async () => {
  await using link = await linked({ "d/1": "one" }, { newRemoteFolders: "exclude" });
  const { workspace } = link;
  await sync(workspace);
  await workspace.upload("new/a", "a");
  await workspace.upload("d/sub/b", "b");
  await workspace.upload("file", "f");
  const report = await sync(workspace);
  expect(link.list()).toEqual(["new"]);
  expect(report.left).toMatchObject([{ path: "new", kind: "unsynced" }]);
  expect(report.exit).toBe(0);
  expect(workspace.paths(workspace.index.local)).toBe("d/, d/1, d/sub/, d/sub/b, file");
  expect((await sync(workspace)).left).toEqual([]);
  link.remove("new");
  await sync(workspace);
  expect(await workspace.read("new/a")).toBe("a");
});

test("S94: the first listing, folders of this disk, and folders that were renamed do not appear", async () => {
  await using link = await linked({}, { newRemoteFolders: "exclude" });
  const { workspace } = link;
  await workspace.upload("there/a", "a");
  await sync(workspace);
  await workspace.write("here/b", "b");
  await sync(workspace);
  await workspace.other.move(at("there"), at("renamed"));
  await sync(workspace);
  expect(link.list()).toEqual([]);
  expect(workspace.paths(workspace.index.local)).toBe("here/, here/b, renamed/, renamed/a");
});
