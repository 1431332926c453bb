import { expect, test } from "vitest";
import { captureRemote } from "../../src/app/capture-remote.ts";
import { captureSource } from "../../src/app/capture-source.ts";
import { checkThin } from "../../src/app/check-thin.ts";
import { diffSnapshots } from "../../src/app/diff.ts";
import type { Environment } from "../../src/app/environment.ts";
import { requireLink } from "../../src/app/find-workspace.ts";
import { hydratePinned } from "../../src/app/hydrate-due.ts";
import { hydrateDaily } from "../../src/app/upkeep.ts";
import { hydrateSnapshot } from "../../src/app/hydrate.ts";
import { noteSnapshot } from "../../src/app/keeping.ts";
import { openWorkspace } from "../../src/app/open-workspace.ts";
import { openSnapshotStore } from "../../src/app/store.ts";
import { syncWorkspace } from "../../src/app/sync.ts";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import type { SnapshotRoot } from "../../src/core/snapshot/root.ts";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import type { RemoteSide } from "../../src/ports.ts";
import { LinkedHome } from "./linked-home.ts";
import { outOfRuns } from "../../src/std/runs.ts";

const plain = { tags: [], force: false, dryRun: false } as const;

async function thinOf(home: LinkedHome, label: string): Promise<SnapshotRoot> {
  const outcome = await captureRemote(home.environment, { ...plain, place: home.place, label }, {});
  if (outcome.preview !== undefined) throw new Error("no dry run was asked for");
  return outcome.root;
}

/** Another client of the account writes a file. */
async function put(side: RemoteSide, path: string, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  await side.upload({
    path: parseRelPath(path),
    replaces: (await side.get(parseRelPath(path)))?.rev,
    size: bytes.length,
    hash: contentHashOf(bytes),
    modified: 0,
    read: (offset, lengthMax) => Promise.resolve(bytes.subarray(offset, offset + lengthMax)),
    unchanged: () => Promise.resolve(true),
  });
}

/** The same home, so many days later: the server has forgotten what its retention does not keep. */
function later({ environment }: LinkedHome, days: number): Environment {
  const { clock } = environment;
  const ms = days * 86_400_000;
  return {
    ...environment,
    clock: { ...clock, now: () => Date.now() + ms, sleep: clock.sleep.bind(clock) },
  };
}

const named = { all: false, dryRun: false, wait: undefined } as const;

test("N40: a thin snapshot holds what the link syncs of Dropbox, under the same names, and says where its listing ended", async () => {
  await using home = await LinkedHome.open({
    ".mignore": "*.log\n",
    "Docs/Sub/a.txt": "one",
    "Docs/é.txt": "two",
    empty: "",
  });
  await home.withCloud(async (side) => {
    await put(side, "w/x.log", "ignored");
    await put(side, "w/.git/config", "a repository");
    await put(side, "w/docs/sub/B.txt", "another case");
    await put(side, "w/new/only here", "new");
  });
  const root = await thinOf(home, "listed");
  expect(root).toMatchObject({ side: "remote", completeness: "thin" });
  expect(root.cursor).toMatch(/./);
  const store = await openSnapshotStore(home.environment);
  const entries = await Array.fromAsync(store.entries(root.id));
  expect(entries.map(({ path, type }) => (type === "folder" ? `${path}/` : path))).toEqual([
    ".mignore",
    "Docs/",
    "Docs/Sub/",
    "Docs/Sub/B.txt",
    "Docs/Sub/a.txt",
    "Docs/é.txt",
    "empty",
    "new/",
    "new/only here",
  ]);
  expect(root.counts).toMatchObject({ files: 6, folders: 3 });

  const present = { place: home.place, from: "listed", to: "remote" };
  expect(await Array.fromAsync(diffSnapshots(home.environment, present, {}))).toEqual([]);

  // The rows of the index say the same of it when they are up to date.
  await syncWorkspace(home.environment, home.place, {});
  const record = requireLink(home.environment, home.place);
  await using workspace = await openWorkspace(home.environment, record, "test");
  const source = await captureSource(workspace, { side: "remote" });
  const rows = await Array.fromAsync(outOfRuns(source.entries(() => {})));
  const thin = entries.map(({ blocks: _blocks, flags: _flags, ...entry }) => entry);
  expect(rows.map(({ flags: _flags, ...entry }) => entry)).toEqual(thin);
});

test("N42: a hydrated snapshot takes over label, tags and pin, and needs neither Dropbox nor the thin one", async () => {
  await using home = await LinkedHome.open({ a: "1", "d/b": "2" });
  const { environment, place } = home;
  const thin = await thinOf(home, "release");
  await noteSnapshot(environment, {
    ...named,
    place,
    reference: "release",
    change: { addTags: ["t"], pin: {} },
  });
  home.write("a", "changed");
  await syncWorkspace(environment, place, {});
  const request = { ...named, place, reference: "release" };
  const dry = await hydrateSnapshot(environment, { ...request, dryRun: true }, {});
  expect(dry).toMatchObject({ created: false, preview: { files: 2, bytes: 2 } });
  const { root, created } = await hydrateSnapshot(environment, request, {});
  expect([created, root.completeness, root.parent]).toEqual([true, "full", thin.id]);
  const store = await openSnapshotStore(environment);
  expect(await store.find("release")).toMatchObject({ id: root.id, tags: ["t"], pin: {} });
  const left = await store.find(thin.id);
  expect([left.label, left.tags, left.pin]).toEqual([undefined, [], undefined]);
  // Killed before the thin one gave its name away: the next call does that.
  await store.keeping.note(thin.id, { label: "release" });
  await expect(store.find("release")).rejects.toMatchObject({ code: "snapshot-ambiguous" });
  const healed = await hydrateSnapshot(environment, { ...request, reference: thin.id }, {});
  expect([healed.created, healed.root.id]).toEqual([false, root.id]);
  expect((await store.find("release")).id).toBe(root.id);
  await store.keeping.forget({ ids: [thin.id], reason: "manual" });
  const [entry] = await Array.fromAsync(store.entries(root.id, parseRelPath("a")));
  if (entry === undefined) throw new Error("no entry a");
  expect(Buffer.concat(await Array.fromAsync(store.open(entry))).toString()).toBe("1");
  expect(await hydrateSnapshot(environment, request, {})).toMatchObject({ created: false });
});

test("N41: Dropbox is asked what it still has, and what is gone is told", async () => {
  await using home = await LinkedHome.open({ a: "1", b: "2", c: "3", d: "4" });
  await thinOf(home, "old");
  home.write("b", "changed");
  home.remove("c");
  await syncWorkspace(home.environment, home.place, {});
  const gone: string[] = [];
  const ask = (environment: Environment) =>
    checkThin(
      environment,
      { place: home.place, reference: "old", onGone: ({ path }) => gone.push(path) },
      {},
    );
  expect(await ask(home.environment)).toEqual({ held: 0, current: 2, kept: 2, gone: 0 });
  expect(await ask(later(home, 31))).toEqual({ held: 0, current: 2, kept: 0, gone: 2 });
  expect(gone.toSorted()).toEqual(["b", "c"]);

  const request = { ...named, place: home.place, reference: "old" };
  const { root, missing } = await hydrateSnapshot(later(home, 31), request, {});
  expect(root.completeness).toBe("partial");
  expect(missing.map(({ path }) => path)).toEqual(["b", "c"]);
  const again = await hydrateSnapshot(later(home, 31), request, {});
  expect(again).toMatchObject({ created: false, root: { id: root.id } });
  expect(await ask(later(home, 31))).toEqual({ held: 0, current: 0, kept: 0, gone: 2 });
});

test("N42: a pinned thin snapshot is hydrated before it expires, and not before that", async () => {
  await using home = await LinkedHome.open({ a: "1" });
  const { place } = home;
  const thin = await thinOf(home, "keep");
  await thinOf(home, "no pin");
  const pin = { ...named, place, reference: thin.id, change: { pin: {} } };
  await noteSnapshot(home.environment, pin);
  expect(await hydratePinned(later(home, 22), {})).toEqual([]);
  const [done, ...more] = await hydratePinned(later(home, 24), {});
  expect(more).toEqual([]);
  expect(done).toMatchObject({ id: thin.id, outcome: { created: true } });
  expect(await hydratePinned(later(home, 24), {})).toEqual([]);
});

test("N42: the background sync looks after pinned thin snapshots once a day", async () => {
  await using home = await LinkedHome.open({ a: "1" });
  const { place } = home;
  const thin = await thinOf(home, "keep");
  const { signal } = new AbortController();
  const isHydrated = async (): Promise<boolean> => {
    const store = await openSnapshotStore(home.environment);
    return (await store.list()).some(({ parent }) => parent === thin.id);
  };
  await hydrateDaily(later(home, 24), signal);
  expect(await isHydrated()).toBe(false);
  const pin = { ...named, place, reference: thin.id, change: { pin: {} } };
  await noteSnapshot(home.environment, pin);
  await hydrateDaily(later(home, 24), signal);
  expect(await isHydrated()).toBe(false);
  await hydrateDaily(later(home, 25), signal);
  expect(await isHydrated()).toBe(true);
});
