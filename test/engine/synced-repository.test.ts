/** A repository that is synced by override keeps its order while its files travel (G45). */
import { expect, test } from "vitest";
import type { SyncReport } from "../../src/core/plan/sync-report.ts";
import type { SyncedRepository } from "../../src/core/repo/gitdir-path.ts";
import type { BusyWorkTree, WorkTrees } from "../../src/core/repo/work-trees.ts";
import { runCycles } from "../../src/engine/cycle.ts";
import type { EngineConfig } from "../../src/engine/engine-deps.ts";
import { objectsRestMs } from "../../src/engine/guards/vanished-objects.ts";
import type { ResultListener } from "../../src/engine/execute/execute.ts";
import type { RemoteSide } from "../../src/ports.ts";
import { SnapError } from "../../src/std/error.ts";
import { at, LinkedWorkspace } from "./linked-workspace.ts";

const dayMs = 86_400_000;

const synced: Partial<EngineConfig> = { overridden: (path) => path === "r", overrides: "r" };

/** In the order of a hostile disk: what points comes before what is pointed at. */
const repository = {
  "r/.git/HEAD": "ref: refs/heads/main\n",
  "r/.git/index": "index",
  "r/.git/objects/aa/1": "object",
  "r/.git/objects/pack/pack-1.idx": "pack index",
  "r/.git/objects/pack/pack-1.pack": "pack",
  "r/.git/packed-refs": "packed",
  "r/.git/refs/heads/main": "aa1",
} as const;

const ordered = [
  "r/.git/objects/aa/1",
  "r/.git/objects/pack/pack-1.pack",
  "r/.git/objects/pack/pack-1.idx",
  "r/.git/index",
  "r/.git/packed-refs",
  "r/.git/refs/heads/main",
  "r/.git/HEAD",
];

async function writeAll(workspace: LinkedWorkspace): Promise<void> {
  for (const [path, content] of Object.entries(repository)) await workspace.write(path, content);
}

type Told = { readonly report: SyncReport; readonly done: readonly string[] };

async function sync({ deps }: LinkedWorkspace, onPut?: (path: string) => void): Promise<Told> {
  const done: string[] = [];
  const onResult: ResultListener = ({ kind, path }, { state }) => {
    if (!kind.endsWith(".put") && !kind.startsWith("R.delete")) return;
    onPut?.(path);
    if (state === "done") done.push(path);
  };
  return { report: await runCycles(deps, {}, { onResult }), done };
}

/** A server that does not take one file. */
function refusing(remote: RemoteSide, path: string): RemoteSide {
  return new Proxy(remote, {
    get: (side, name) => {
      if (name !== "upload") {
        const member: unknown = Reflect.get(side, name);
        return typeof member === "function" ? member.bind(side) : member;
      }
      const upload: RemoteSide["upload"] = async (request, work) => {
        if (request.path === path) throw new SnapError("content-wrong", "not taken");
        return await side.upload(request, work);
      };
      return upload;
    },
  });
}

/** A guard whose word is what the test says. */
function guardSaying(word: (asked: number) => BusyWorkTree | undefined): WorkTrees {
  let asked = 0;
  return {
    busy: () => Promise.resolve(undefined),
    resting: () => Promise.resolve(word((asked += 1))),
    locked: () => Promise.resolve(undefined),
    fixed: () => Promise.resolve(undefined),
    heads: () => [],
  };
}

test("G45: uploads of a repository go from the objects to HEAD", async () => {
  await using workspace = await LinkedWorkspace.open({}, synced);
  await writeAll(workspace);
  expect((await sync(workspace)).done).toEqual(ordered);
});

test("G45: downloads of a repository go from the objects to HEAD", async () => {
  await using workspace = await LinkedWorkspace.open({}, synced);
  await workspace.write("r/a", "1");
  for (const [path, content] of Object.entries(repository)) await workspace.upload(path, content);
  expect((await sync(workspace)).done.filter((path) => path !== "r/a")).toEqual(ordered);
});

test("G45: an object that does not come off keeps what needs it, and the rest goes on", async () => {
  await using workspace = await LinkedWorkspace.open({}, synced);
  await writeAll(workspace);
  await workspace.write("beside", "1");
  const { remote } = workspace.deps;
  const failing = refusing(remote, "r/.git/objects/pack/pack-1.pack");
  workspace.deps = { ...workspace.deps, remote: failing };
  const { done } = await sync(workspace);
  expect(done.toSorted()).toEqual(["beside", "r/.git/objects/aa/1"]);
  workspace.deps = { ...workspace.deps, remote };
  expect((await sync(workspace)).done).toEqual(ordered.slice(1));
});

test("G45: a repository that is at work is held, and what is beside it goes on", async () => {
  await using workspace = await LinkedWorkspace.open({}, synced);
  await writeAll(workspace);
  await workspace.write("beside", "1");
  const againAt = workspace.clock.now() + 60_000;
  const reason = "holds a repository that has just been written to";
  const busy = guardSaying(() => ({ reason, againAt }));
  workspace.deps = { ...workspace.deps, workTrees: busy };
  const { report, done } = await sync(workspace);
  expect(done).toEqual(["beside"]);
  expect(report).toMatchObject({ exit: 3, left: [{ path: "r", kind: "hold", againAt }] });
});

test("G45: a commit between the look and the upload stops the upload", async () => {
  await using workspace = await LinkedWorkspace.open({}, synced);
  await writeAll(workspace);
  const againAt = workspace.clock.now() + 60_000;
  // At rest for the look at the folder, and for the second one right before the first upload.
  const busy = guardSaying((asked) => (asked <= 2 ? undefined : { reason: "is at work", againAt }));
  workspace.deps = { ...workspace.deps, workTrees: busy };
  const { report, done } = await sync(workspace);
  expect(done).toEqual([]);
  expect(report.left).toMatchObject([{ path: "r", kind: "hold" }]);
});

test("G45: locks and what is only being made stay here, and code stays on the server", async () => {
  await using workspace = await LinkedWorkspace.open({}, synced);
  await writeAll(workspace);
  await workspace.write("r/.git/index.lock", "1");
  await workspace.write("r/.git/hooks/pre-commit", "1");
  await workspace.write("r/.git/config", "1");
  await workspace.upload("r/.git/hooks/post-checkout", "code");
  await workspace.upload("r/.git/refs/heads/x.lock", "1");
  const { report } = await sync(workspace);
  expect(await workspace.other.get(at("r/.git/index.lock"))).toBeUndefined();
  expect(await workspace.other.get(at("r/.git/config"))).toBeUndefined();
  await expect(workspace.read("r/.git/hooks/post-checkout")).rejects.toThrow(/ENOENT/u);
  await expect(workspace.read("r/.git/refs/heads/x.lock")).rejects.toThrow(/ENOENT/u);
  expect(report.left).toMatchObject([
    { path: "r/.git/hooks", kind: "refused", reason: expect.stringContaining("--trust") },
  ]);
});

test("G45: with trust hooks come down", async () => {
  const repositoryAt = (): { form: "work-tree"; isTrusted: true } => ({
    form: "work-tree",
    isTrusted: true,
  });
  await using workspace = await LinkedWorkspace.open({}, { ...synced, repositoryAt });
  await writeAll(workspace);
  await workspace.upload("r/.git/hooks/post-checkout", "code");
  await sync(workspace);
  expect(await workspace.read("r/.git/hooks/post-checkout")).toBe("code");
});

test("G45: no conflicted copy in a gitdir, but a hold of the repository with its ways out", async () => {
  await using workspace = await LinkedWorkspace.open({}, synced);
  await writeAll(workspace);
  await workspace.write("r/file", "1");
  await sync(workspace);
  await workspace.write("r/.git/refs/heads/main", "here");
  await workspace.write("r/file", "here");
  await workspace.upload("r/.git/refs/heads/main", "there");
  await workspace.upload("r/new", "there");
  await workspace.write("beside", "1");
  const { report, done } = await sync(workspace);
  expect(done).toEqual(["beside"]);
  expect(report.left).toMatchObject([
    {
      path: "r",
      kind: "hold",
      reason: expect.stringContaining('both changed "r/.git/refs/heads/main"'),
      hint: expect.stringContaining(".mignore"),
    },
  ]);
  expect(await workspace.read("r/.git/refs/heads/main")).toBe("here");
  await workspace.write("r/.git/refs/heads/main", "there");
  expect((await sync(workspace)).report).toMatchObject({ exit: 0 });
  expect(await workspace.read("r/new")).toBe("there");
});

test("G45: refs of the same name that both sides made hold the repository as well", async () => {
  await using workspace = await LinkedWorkspace.open({}, synced);
  await writeAll(workspace);
  await sync(workspace);
  await workspace.write("r/.git/refs/heads/topic", "here");
  await workspace.upload("r/.git/refs/heads/topic/deeper", "there");
  const { report, done } = await sync(workspace);
  expect(done).toEqual([]);
  expect(report.left).toMatchObject([{ path: "r", kind: "hold" }]);
});

test("G45: objects are removed from the server 14 days after they vanished, also by another run", async () => {
  await using workspace = await LinkedWorkspace.open({}, synced);
  await writeAll(workspace);
  await workspace.write("r/.git/objects/aa/2", "object");
  await sync(workspace);
  await workspace.remove("r/.git/objects/aa/2");
  await workspace.remove("r/.git/packed-refs");
  expect((await sync(workspace)).done).toEqual(["r/.git/packed-refs"]);
  await workspace.clock.sleep(objectsRestMs - 60_000);
  workspace.reopen();
  expect(await sync(workspace)).toMatchObject({ done: [], report: { exit: 0 } });
  await workspace.clock.sleep(60_000);
  workspace.reopen();
  expect((await sync(workspace)).done).toEqual(["r/.git/objects/aa/2"]);
});

const oneObject = "r/.git/objects/aa/2";

test("G45: the 14 days of an object that came back begin anew when it vanishes again", async () => {
  await using workspace = await LinkedWorkspace.open({}, synced);
  await writeAll(workspace);
  await workspace.write(oneObject, "object");
  await sync(workspace);
  await workspace.remove(oneObject);
  await sync(workspace);
  await workspace.clock.sleep(dayMs);
  await workspace.write(oneObject, "object");
  await sync(workspace);
  await workspace.clock.sleep(objectsRestMs - 2 * dayMs);
  await workspace.remove(oneObject);
  await sync(workspace);
  await workspace.clock.sleep(2 * dayMs);
  expect((await sync(workspace)).done).toEqual([]);
  await workspace.clock.sleep(objectsRestMs - 2 * dayMs);
  expect((await sync(workspace)).done).toEqual([oneObject]);
});

test("G45: a clock that was ahead when an object vanished does not keep it for years", async () => {
  await using workspace = await LinkedWorkspace.open({}, synced);
  await writeAll(workspace);
  await workspace.write(oneObject, "object");
  await sync(workspace);
  await workspace.remove(oneObject);
  await workspace.clock.sleep(4_000 * dayMs);
  await sync(workspace);
  workspace.clock.advance(-4_000 * dayMs);
  await sync(workspace);
  await workspace.clock.sleep(objectsRestMs);
  expect((await sync(workspace)).done).toEqual([oneObject]);
});

test("G45: objects of a submodule are removed from the server no earlier than others", async () => {
  const repositoryAt = (): SyncedRepository => ({ form: "work-tree", isTrusted: true });
  await using workspace = await LinkedWorkspace.open({}, { ...synced, repositoryAt });
  await writeAll(workspace);
  await workspace.write("r/.git/modules/libs/s/HEAD", "ref: refs/heads/main\n");
  await workspace.write("r/.git/modules/libs/s/objects/aa/1", "object");
  await workspace.write("r/.git/modules/libs/s/objects/aa/2", "object");
  await sync(workspace);
  await workspace.remove("r/.git/modules/libs/s/objects/aa/2");
  expect((await sync(workspace)).done).toEqual([]);
  await workspace.remove("r/.git/modules");
  expect((await sync(workspace)).done).toEqual([]);
});

test("G45: a repack on both devices is no conflict by the lists that it makes for other servers", async () => {
  await using workspace = await LinkedWorkspace.open({}, synced);
  await writeAll(workspace);
  await workspace.write("r/.git/objects/info/packs", "P here\n");
  await workspace.write("r/.git/info/refs", "here\n");
  await workspace.upload("r/.git/objects/info/packs", "P there\n");
  await workspace.upload("r/.git/info/refs", "there\n");
  expect((await sync(workspace)).report).toMatchObject({ exit: 0, conflicts: [] });
  expect(await workspace.read("r/.git/info/refs")).toBe("here\n");
});

test("G45: a gitdir that vanished keeps its objects on the server as well", async () => {
  await using workspace = await LinkedWorkspace.open({}, synced);
  await writeAll(workspace);
  await workspace.write("r/file", "1");
  await sync(workspace);
  await workspace.remove("r");
  const { done } = await sync(workspace);
  expect(done).toEqual([]);
  expect(await workspace.other.get(at("r/.git/objects/aa/1"))).toBeDefined();
});
