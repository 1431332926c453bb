import { chmodSync, readdirSync, readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkAlong, rehashDays } from "../../src/engine/check/sample.ts";
import { damagedFiles, fetchDamaged } from "../../src/engine/check/bit-rot.ts";
import { present } from "../../src/std/assert.ts";
import { SnapError } from "../../src/std/error.ts";
import { check, overlook, replaced, rot, sync } from "./checked-workspace.ts";
import { at, LinkedWorkspace } from "./linked-workspace.ts";

const dayMs = 24 * 3_600_000;

/** `a.txt` has other bytes on the disk than its stamp stands for, and that is known. */
async function damaged(): Promise<LinkedWorkspace> {
  const workspace = await LinkedWorkspace.open({ "a.txt": "one", b: "two" });
  await sync(workspace);
  await rot(workspace, "a.txt", "0ne");
  await check(workspace, { rehash: true });
  return workspace;
}

async function there(workspace: LinkedWorkspace, path: string): Promise<string> {
  const item = present(await workspace.other.get(at(path)), path);
  const chunks: Uint8Array[] = [];
  for await (const chunk of workspace.other.download(item.rev, 0)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test("S28: a damaged file is not uploaded, is reported with exit 5, and stops nothing else", async () => {
  await using workspace = await damaged();
  await workspace.write("b", "edited");
  for (let run = 0; run < 2; run += 1) {
    const report = await sync(workspace);
    expect(report.exit).toBe(5);
    expect(report.left).toMatchObject([{ path: "a.txt", kind: "damaged" }]);
    workspace.reopen();
  }
  expect(await there(workspace, "a.txt")).toBe("one");
  expect(await there(workspace, "b")).toBe("edited");
});

test("S28: an edit on the server waits as long as the file is damaged here", async () => {
  await using workspace = await damaged();
  await workspace.upload("a.txt", "newer");
  await sync(workspace);
  expect(await workspace.read("a.txt")).toBe("0ne");
  await fetchDamaged(workspace.deps, at("a.txt"));
  await sync(workspace);
  expect(await workspace.read("a.txt")).toBe("newer");
});

test("S28: fetching puts the damaged bytes into the trash, and the sync brings the file down", async () => {
  await using workspace = await damaged();
  await fetchDamaged(workspace.deps, at("a.txt"));
  await expect(workspace.read("a.txt")).rejects.toThrow("ENOENT");
  const report = await sync(workspace);
  expect(report).toMatchObject({ exit: 0, counts: { downloaded: 1, removedRemote: 0 } });
  expect(await workspace.read("a.txt")).toBe("one");
  expect(await there(workspace, "a.txt")).toBe("one");
  const trash = join(workspace.top, ".snap/trash");
  const [area] = readdirSync(trash);
  expect(readFileSync(join(trash, present(area, "a row"), "a.txt"), "utf8")).toBe("0ne");
  expect((await check(workspace, { rehash: true })).lines).toEqual([]);
});

test("S28: a dry run of fetching asks the same questions, and changes nothing", async () => {
  await using workspace = await damaged();
  const { index, deps } = workspace;
  const agreed = index.synced.count();
  await fetchDamaged(deps, at("a.txt"), { dryRun: true });
  expect(await workspace.read("a.txt")).toBe("0ne");
  expect([index.synced.count(), index.intents(), index.care.damaged().length]).toEqual([
    agreed,
    [],
    1,
  ]);
  const sound = fetchDamaged(deps, at("b"), { dryRun: true });
  await expect(sound).rejects.toMatchObject({ code: "usage" });
});

test("S28, S74: fetching that is cut off at any moment removes nothing on the server", async () => {
  for (const cut of ["before", "after"] as const) {
    await using workspace = await damaged();
    const { local } = workspace.deps;
    const dying = replaced(local, {
      perform: async (act) => {
        if (cut === "after") await local.perform(act);
        throw new Error("killed");
      },
    });
    const deps = { ...workspace.deps, local: dying };
    await expect(fetchDamaged(deps, at("a.txt"))).rejects.toThrow("killed");
    workspace.reopen();
    const report = await sync(workspace);
    expect(report.counts).toMatchObject({ removedRemote: 0, uploaded: 0, conflicts: 0 });
    expect(await workspace.read("a.txt")).toBe(cut === "after" ? "one" : "0ne");
    expect(await there(workspace, "a.txt")).toBe("one");
    expect(workspace.index.intents()).toEqual([]);
  }
});

test("S28: fetching is refused for what is not damaged, not on the server, or written to just now", async () => {
  await using workspace = await damaged();
  await expect(fetchDamaged(workspace.deps, at("b"))).rejects.toMatchObject({ code: "usage" });
  await workspace.write("a.txt", "written");
  const now = fetchDamaged(workspace.deps, at("a.txt"));
  await expect(now).rejects.toMatchObject({ code: "volatile" });
  expect(await workspace.read("a.txt")).toBe("written");
  await rot(workspace, "a.txt", "other");
  workspace.index.transaction(() => {
    const node = workspace.nodeAt(workspace.index.local, "a.txt");
    const row = present(workspace.index.local.get(node), "a row");
    workspace.index.care.putDamaged({ node: row.node, stamp: row.stamp, hash: "x" });
  });
  await workspace.removeRemote("a.txt");
  const gone = fetchDamaged(workspace.deps, at("a.txt"));
  await expect(gone).rejects.toMatchObject({ code: "not-found" });
  expect(await workspace.read("a.txt")).toBe("other");
});

test("S28: who writes to a damaged file has decided for these bytes", async () => {
  await using workspace = await damaged();
  await workspace.write("a.txt", "saved again");
  const report = await sync(workspace);
  expect(report).toMatchObject({ exit: 0, counts: { uploaded: 1 } });
  expect(await there(workspace, "a.txt")).toBe("saved again");
  workspace.clock.advance(rehashDays * dayMs);
  await check(workspace);
  expect(workspace.index.care.damaged()).toEqual([]);
});

test("S18, S28: another mode or name is no decision: the damaged bytes stay here", async () => {
  await using workspace = await damaged();
  chmodSync(join(workspace.top, "a.txt"), 0o600);
  expect((await sync(workspace)).exit).toBe(5);
  await workspace.rename("a.txt", "c.txt");
  expect((await sync(workspace)).left).toMatchObject([{ path: "c.txt", kind: "damaged" }]);
  expect(await there(workspace, "a.txt")).toBe("one");
  await fetchDamaged(workspace.deps, at("c.txt"));
  await sync(workspace);
  expect(await workspace.read("a.txt")).toBe("one");
});

test("S28: who puts the old bytes back with their old time has healed the file", async () => {
  await using workspace = await damaged();
  const stat = present(await workspace.deps.local.stat(at("a.txt")), "a row");
  const time = Number(BigInt(stat.modifiedNs) / 1_000_000_000n);
  await workspace.write("a.txt", "one");
  utimesSync(join(workspace.top, "a.txt"), time, time);
  // The observation reads the file, since its ctime is another one; then it is what both sides agreed on.
  await sync(workspace);
  expect(damagedFiles(workspace.index)).toEqual([]);
  expect((await sync(workspace)).exit).toBe(0);
});

test("S28: each file is read again once in 28 days, a part of them each day", async () => {
  const files = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`f${at}`, `${at}`]));
  await using workspace = await LinkedWorkspace.open(files);
  await sync(workspace);
  const { local } = workspace.deps;
  const read: string[] = [];
  const watched = replaced(local, {
    hash: (path, work) => {
      read.push(path);
      return local.hash(path, work);
    },
  });
  const deps = { ...workspace.deps, local: watched };
  expect(await checkAlong(deps, {})).toEqual([]);
  expect(read).toEqual([]);
  let most = 0;
  for (let day = 0; day < rehashDays; day += 1) {
    workspace.clock.advance(dayMs);
    const before = read.length;
    await checkAlong(deps, {});
    await checkAlong(deps, {});
    most = Math.max(most, read.length - before);
  }
  expect(read.toSorted()).toEqual(Object.keys(files).toSorted());
  expect(most).toBeLessThanOrEqual(3);
});

test("S28, S103: the daily part finds damage, and a change on the server that was missed", async () => {
  await using workspace = await LinkedWorkspace.open({ "Dir/a.txt": "one" });
  await sync(workspace);
  await checkAlong(workspace.deps, {});
  await rot(workspace, "Dir/a.txt", "0ne");
  await workspace.other.move(at("Dir"), at("dir"));
  await overlook(workspace);
  const found: string[] = [];
  for (let day = 0; day < rehashDays; day += 1) {
    workspace.clock.advance(dayMs);
    found.push(
      ...(await checkAlong(workspace.deps, {})).map(({ path, kind }) => `${kind} ${path}`),
    );
  }
  expect(found).toEqual(["damaged Dir/a.txt"]);
  const logged = workspace.index.logged(100).filter(({ kind }) => kind === "check");
  expect(logged.map(({ outcome, path }) => `${outcome} ${path}`).toSorted()).toEqual([
    "case-rename dir",
    "damaged Dir/a.txt",
  ]);
  expect(workspace.index.meta("cursor")).toBeUndefined();
});

test("S103: once a week the index is held against its own rules", async () => {
  await using workspace = await LinkedWorkspace.open({ "d/a": "one" });
  await sync(workspace);
  await checkAlong(workspace.deps, {});
  const { index } = workspace;
  const node = workspace.nodeAt(index.synced, "d");
  index.transaction(() => index.synced.remove(node));
  workspace.clock.advance(6 * dayMs);
  await checkAlong(workspace.deps, {});
  expect(index.meta("differences")).toBeUndefined();
  workspace.clock.advance(dayMs);
  await checkAlong(workspace.deps, {});
  expect(index.meta("differences")).toBe("1");
  await sync(workspace);
  expect((await check(workspace)).lines).toEqual([]);
});

test("S103: trouble of the line in the daily sample is no trouble of the sync", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "one" });
  await sync(workspace);
  await checkAlong(workspace.deps, {});
  const { remote } = workspace.deps;
  const get = (): Promise<never> => Promise.reject(new SnapError("offline", "No network"));
  const broken = replaced(remote, { get });
  for (let day = 0; day < rehashDays; day += 1) {
    workspace.clock.advance(dayMs);
    expect(await checkAlong({ ...workspace.deps, remote: broken }, {})).toEqual([]);
  }
});
