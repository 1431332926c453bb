import { expect, test } from "vitest";
import { Exclusions } from "../../src/core/exclusions.ts";
import type { RelPath } from "../../src/core/path/rel-path.ts";
import type { SyncReport } from "../../src/core/plan/sync-report.ts";
import { openEngine } from "../../src/engine/engine.ts";
import { pendingExclusions } from "../../src/engine/scope/exclusions-in-force.ts";
import { at, LinkedWorkspace } from "./linked-workspace.ts";
import { dryRunOf } from "../support/dry-run.ts";

/** A linked workspace with a list of exclusions that a test changes. */
async function linked(files: Readonly<Record<string, string>>) {
  let excluded = new Exclusions();
  const workspace = await LinkedWorkspace.open(files, {
    excluded: () => excluded.paths,
    exclude: (paths) => (excluded = paths.reduce((all, path) => all.with(path), excluded)),
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

test("S52, S93: a dry run names the folders that leave or come back, and nothing in what leaves", async () => {
  await using link = await linked({ "d/1": "one", "e/2": "two", f: "3" });
  const { workspace } = link;
  link.add("e");
  await sync(workspace);
  link.remove("e");
  link.add("d");
  await workspace.write("d/new", "n");
  await workspace.write("f", "edited");
  const { ops, exclusions } = await dryRunOf(openEngine(workspace.deps));
  expect(exclusions).toEqual({ leaving: ["d"], returning: ["e"] });
  expect(ops.map(({ kind, path }) => `${kind} ${path}`)).toEqual(["R.put f"]);
  await sync(workspace);
  const after = await dryRunOf(openEngine(workspace.deps));
  expect([after.ops, after.exclusions]).toEqual([[], { leaving: [], returning: [] }]);
});

test.each([
  ["removals", (link: LinkedWorkspace, file: string) => link.remove(file)],
  ["new contents", (link: LinkedWorkspace, file: string) => link.write(file, "another")],
] as const)(
  "S52, S79, S93: a dry run holds no %s in a folder that leaves, since the sync takes it out of the link first",
  async (_, change) => {
    const names = Array.from({ length: 300 }, (_name, file) => `d/${file}`);
    const files = Object.fromEntries(names.map((name) => [name, name]));
    await using link = await linked({ ...files, e: "1" });
    const { workspace } = link;
    await sync(workspace);
    for (const name of names.slice(0, 250)) await change(workspace, name);
    const engine = openEngine(workspace.deps);
    const held = async () => (await engine.dryRun()).left.filter(({ kind }) => kind === "hold");
    expect(await held()).toMatchObject([{ path: "d" }]);
    link.add("d");
    expect(await held()).toEqual([]);
    expect((await dryRunOf(engine)).ops).toEqual([]);
    expect((await sync(workspace)).left.filter(({ kind }) => kind === "hold")).toEqual([]);
  },
);

test("S93: a list that is only written in another way moves what differs, and no more", async () => {
  await using link = await linked({ "d/1": "one", "d/s/2": "two" });
  const { workspace } = link;
  const pending = () => pendingExclusions(workspace.index, link.list());
  link.add("d/s");
  await sync(workspace);
  link.add("d");
  expect(pending()).toEqual({ leaving: ["d"], returning: [] });
  await sync(workspace);
  link.remove("d");
  link.add("d/s");
  expect(pending()).toEqual({ leaving: [], returning: ["d"] });
});

test("S52, S93: cut off on its way to the trash and included again, a folder comes back", async () => {
  await using link = await linked({ "d/1": "one" });
  const { workspace } = link;
  await sync(workspace);
  link.add("d");
  workspace.deps.local.perform = () => Promise.reject(new Error("killed"));
  await expect(sync(workspace)).rejects.toThrow("killed");
  expect(pendingExclusions(workspace.index, link.list())).toEqual({
    leaving: ["d"],
    returning: [],
  });
  link.remove("d");
  expect(pendingExclusions(workspace.index, link.list())).toEqual({
    leaving: [],
    returning: ["d"],
  });
});

test("S93, S116: the root marker names a folder before its first file leaves the disk, and until a sync has brought it back", async () => {
  await using link = await linked({ "d/1": "one", "e/2": "two" });
  const { workspace } = link;
  await sync(workspace);
  const named = async () => (await workspace.deps.local.readMarker())?.excluded;
  expect(await named()).toBeUndefined();
  const perform = workspace.deps.local.perform.bind(workspace.deps.local);
  link.add("d");
  workspace.deps.local.perform = async () => {
    expect(await named(), "before the act").toEqual(["d"]);
    throw new Error("killed");
  };
  await expect(sync(workspace)).rejects.toThrow("killed");
  workspace.deps.local.perform = perform;
  await sync(workspace);
  expect(await named()).toEqual(["d"]);
  link.remove("d");
  workspace.deps.local.stage = async () => {
    expect(await named(), "while it comes back").toEqual(["d"]);
    throw new Error("killed");
  };
  await expect(sync(workspace)).rejects.toThrow("killed");
  workspace.reopen();
  await sync(workspace);
  expect(await named()).toBeUndefined();
  expect(await workspace.read("d/1")).toBe("one");
});

test("S94, S116: a folder that was excluded by itself is named at the end of the sync", async () => {
  let excluded: readonly RelPath[] = [];
  await using workspace = await LinkedWorkspace.open(
    { a: "1" },
    {
      newRemoteFolders: "exclude",
      excluded: () => excluded,
      exclude: (paths) => (excluded = paths),
    },
  );
  await sync(workspace);
  await workspace.upload("new/1", "one");
  await sync(workspace);
  expect(excluded).toEqual(["new"]);
  expect(await workspace.deps.local.readMarker()).toMatchObject({ excluded: ["new"] });
});

test("S86, S93: what leaves the disk with a folder is counted as removed here, what stays is not", async () => {
  await using link = await linked({ "d/1": "one", "d/s/2": "two", "d/t/3": "three", "e/4": "4" });
  const { workspace } = link;
  await sync(workspace);
  await workspace.write("d/s/new", "n");
  link.add("d");
  // d/1, d/s/2, d/t and d/t/3; d and d/s stay for the sake of d/s/new.
  expect((await sync(workspace)).counts.removedLocal).toBe(4);
  link.add("e");
  expect((await sync(workspace)).counts.removedLocal).toBe(2);
  expect((await sync(workspace)).counts.removedLocal).toBe(0);
});
