/** A folder of Dropbox is restored without a workspace: nothing newer than the plan goes, and what was cut off goes on (T28). */
import { expect, test } from "vitest";
import {
  restoreRemoteOnly,
  type RemoteOnlyDeps,
  type RemoteReport,
} from "../../src/restore/remote-only.ts";
import { listed } from "../snapshot/listed-scenes.ts";
import { Countdown, Killed } from "./countdown.ts";
import { RestoreWorld } from "./restore-world.ts";

const start = "a: 9\nnew/c: 5\n-d/b\n-d\nd: 7";

async function depsOf(rig: RestoreWorld): Promise<RemoteOnlyDeps> {
  const { world, countdown } = rig;
  const remote = countdown.on(world.deps.remote, "remote");
  return {
    store: await rig.openStore(),
    remote,
    look: () => listed(remote),
    link: { account: "account", folder: "/Linked" },
    device: "box",
    clock: world.clock,
    onEvent: (event) => rig.events.push(event),
  };
}

async function restoreThere(
  rig: RestoreWorld,
  reference = "S",
  isDeleting?: true,
): Promise<RemoteReport> {
  const deps = await depsOf(rig);
  const root = await deps.store.find(reference);
  const words = isDeleting === undefined ? {} : { delete: isDeleting };
  return await restoreRemoteOnly(deps, { root, paths: [], ...words, consent: { by: "yes" } }, {});
}

/** What Dropbox holds, as the world writes trees; folders are left out. */
async function there({ world }: RestoreWorld): Promise<string> {
  const lines = [...(await world.remote.tree())].flatMap(([path, hash]) =>
    hash === "" || hash === "folder" ? [] : [`${path}: ${world.contents.show(hash)}`],
  );
  return lines.toSorted().join("\n");
}

test("T28: Dropbox alone changes, and its snapshot of before takes it back", async () => {
  await using rig = await RestoreWorld.afterSnapshot(start);
  const before = await there(rig);
  const disk = rig.world.local.picture();
  const report = await restoreThere(rig);
  expect(report).toMatchObject({ exit: 0, state: "done", late: [], left: [] });
  expect(await there(rig)).toBe("a: 1\nd/b: 2");
  expect(rig.world.local.picture()).toBe(disk);
  expect(await rig.contentOf(report.safety)).toBe(before);
  expect(await restoreThere(rig, report.safety ?? "", true)).toMatchObject({ exit: 0 });
  expect(await there(rig)).toBe(before);
});

test("T25, T28: an edit that comes right before a revert has its name again", async () => {
  await using rig = await RestoreWorld.afterSnapshot(start);
  rig.world.wire.before(
    "files/restore",
    async () => void (await rig.world.remote.write("a", "late")),
  );
  expect(await restoreThere(rig)).toMatchObject({ exit: 4, late: ["a"] });
  expect(await there(rig)).toBe("a: late\nd/b: 2");
});

test("T26, T28: what was edited since the plan stays, whatever was planned there", async () => {
  await using rig = await RestoreWorld.afterSnapshot(start);
  const edited = { done: false };
  rig.world.wire.before("files/list_revisions", async () => {
    if (edited.done) return;
    edited.done = true;
    await rig.world.remote.write("a", "late");
    await rig.world.remote.write("new/c", "late, too");
    await rig.world.remote.write("new/other", "unseen");
  });
  const report = await restoreThere(rig);
  expect(report).toMatchObject({ exit: 4, late: ["a", "new", "new/c"] });
  expect(await there(rig)).toBe("a: late\nd/b: 2\nnew/c: late, too\nnew/other: unseen");
});

test("T28: killed at any call to Dropbox, the same command goes on", async () => {
  await using calm = await RestoreWorld.afterSnapshot(start);
  calm.countdown = new Countdown();
  await restoreThere(calm);
  const { calls } = calm.countdown;
  expect(calls).toEqual(expect.arrayContaining(["remote.revert", "remote.deleteFile"]));
  for (let at = 1; at <= calls.length; at += 1) {
    for (const when of ["before", "after"] as const) {
      await using rig = await RestoreWorld.afterSnapshot(start);
      rig.countdown = new Countdown(at, when);
      await expect(restoreThere(rig), `${when} ${calls[at - 1]}`).rejects.toThrow(Killed);
      rig.countdown = new Countdown();
      expect(await restoreThere(rig), `${when} ${calls[at - 1]}`).toMatchObject({ exit: 0 });
      expect(await there(rig)).toBe("a: 1\nd/b: 2");
    }
  }
});

test("T34, T28: damaged blocks of what is needed are told before anything changes", async () => {
  await using rig = await RestoreWorld.afterSnapshot(start);
  const before = await there(rig);
  const deps = await depsOf(rig);
  const root = await deps.store.find("S");
  const store = new Proxy(deps.store, {
    get: (target, key) => {
      if (key === "verify") return damagedVerify;
      const member: unknown = Reflect.get(target, key);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  const request = { root, paths: [], consent: { by: "yes" } as const };
  await expect(restoreRemoteOnly({ ...deps, store }, request, {})).rejects.toMatchObject({
    code: "damaged",
    path: "a",
  });
  expect(await there(rig)).toBe(before);
});

async function* damagedVerify() {
  await Promise.resolve();
  yield { type: "damaged", paths: ["a"], name: "block", reason: "flipped", unit: undefined };
}
