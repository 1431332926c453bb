/** An edit that slips in before a call of the server-side push is found, whatever happens to the look afterwards (T5, T25). */
import { expect, test } from "vitest";
import { Countdown, Killed } from "./countdown.ts";
import { RestoreWorld } from "./restore-world.ts";

/** `a` is to be put back, and somebody edits it between the look and the call. */
async function editedInBetween(start = "a: 9"): Promise<RestoreWorld> {
  const world = await RestoreWorld.afterSnapshot(start);
  world.world.wire.before("files/restore", async () => {
    await world.world.remote.write("a", "late");
  });
  return world;
}

async function expectBoth({ world }: RestoreWorld): Promise<void> {
  expect(await world.both()).toMatch(/^a: late\na \(conflicted copy box .*\): 1\nd\/b: 2$/);
}

/** The number of a port call in a run that nothing disturbs. */
async function callNumber(name: string, start: string): Promise<number> {
  await using world = await RestoreWorld.afterSnapshot(start);
  world.countdown = new Countdown();
  await world.restore();
  expect(world.countdown.calls).toContain(name);
  return world.countdown.calls.indexOf(name) + 1;
}

test.each(["a: 9", "-a"])("T25: killed right after the call, start %j", async (start) => {
  const call = await callNumber("remote.revert", start);
  await using world = await editedInBetween(start);
  world.countdown = new Countdown(call, "after");
  await expect(world.restore()).rejects.toThrow(Killed);
  expect(await world.restart()).toMatchObject([{ exit: 4, late: ["a"] }]);
  await expectBoth(world);
  await world.assertQuiet();
});

test.each(["before", "after"] as const)(
  "T25: killed %s a move that takes an edit along, or would",
  async (when) => {
    const start = "-a\nb: 1";
    const call = await callNumber("remote.relocate", start);
    await using world = await RestoreWorld.afterSnapshot(start);
    world.world.wire.before("files/move_batch_v2", async () => {
      await world.world.remote.write("b", "late");
    });
    world.countdown = new Countdown(call, when);
    await expect(world.restore()).rejects.toThrow(Killed);
    expect(await world.restart()).toMatchObject([{ exit: 4, late: ["a"] }]);
    await expectBoth(world);
    await world.assertQuiet();
  },
);

test("T26: killed right after a folder was moved, an edit in it is known for one", async () => {
  const start = "-d/b\n-d\ne/b: 2";
  const call = await callNumber("remote.relocate", start);
  await using world = await RestoreWorld.afterSnapshot(start);
  world.world.wire.before("files/move_batch_v2", async () => {
    await world.world.remote.write("e/b", "late");
  });
  world.countdown = new Countdown(call, "after");
  await expect(world.restore()).rejects.toThrow(Killed);
  expect(await world.restart()).toMatchObject([{ exit: 4, late: ["d/b"] }]);
  expect(await world.world.both()).toBe("a: 1\nd/b: late");
  await world.assertQuiet();
});

test("T27: without Dropbox right after the call nothing is handed over, and the next start looks", async () => {
  await using world = await editedInBetween();
  let isCut = true;
  const cut = (): void => {
    if (!isCut) return;
    world.world.wire.before("files/list_revisions", cut);
    throw new TypeError("fetch failed");
  };
  world.world.wire.after("files/restore", () => {
    world.world.wire.before("files/list_revisions", cut);
  });
  expect(await world.restore()).toMatchObject({ exit: 4, state: "committed", late: [] });
  isCut = false;
  expect(await world.restart()).toMatchObject([{ exit: 4, late: ["a"] }]);
  await expectBoth(world);
  await world.assertQuiet();
});

test("T25: a call whose answer was lost is repeated, and hides no edit twice", async () => {
  await using world = await editedInBetween();
  world.world.wire.after("files/restore", () => {
    throw new TypeError("fetch failed");
  });
  expect(await world.restore()).toMatchObject({ exit: 4, late: ["a"] });
  await expectBoth(world);
  await world.assertQuiet();
});

/** The revisions between the newest and the oldest have no hash. */
function withoutHashes(told: string): string {
  const [first = "", ...others] = told.split(/(?<=\}),(?=\{)/u);
  const last = others.pop() ?? "";
  const bare = others.map((entry) => entry.replace(/,\s*"content_hash":\s*"[0-9a-f]+"/u, ""));
  return [first, ...bare, last].join(",");
}

function lost(told: string): string {
  return told.replaceAll(/"rev":/gu, '"is_restorable":false,"rev":');
}

test.each([
  ["that the server says is lost", lost],
  ["of which the server tells no hash", withoutHashes],
  ["told in an answer that is none", (told: string) => told.slice(0, -9)],
] as const)("T25: an edit in between %s is known for one", async (_name, change) => {
  await using world = await editedInBetween();
  const { wire } = world.world;
  wire.after("files/restore", () => {
    wire.answer(
      "files/list_revisions",
      async (answer) => new Response(change(await answer.text()), answer),
    );
  });
  expect(await world.restore()).toMatchObject({ exit: 4, late: ["a"] });
  await expectBoth(world);
  await world.assertQuiet();
});

test("T25: where the look afterwards is refused for good, the path is listed", async () => {
  await using world = await RestoreWorld.afterSnapshot("a: 9");
  const { wire, admin } = world.world;
  wire.after("files/restore", () => {
    const fault = { kind: "error", error: { ".tag": "invalid_before_rev" } } as const;
    admin.setFaults([{ match: { route: "files/list_revisions" }, fault }]);
  });
  const report = await world.restore();
  expect(report).toMatchObject({ exit: 4, left: [{ path: "a", side: "remote" }] });
  expect(report.left[0]?.reason).toContain("could not be found out");
  expect(await world.world.both()).toBe("a: 1\nd/b: 2");
});

test("T25: an edit that Dropbox does not put back is listed with its revision", async () => {
  await using world = await RestoreWorld.afterSnapshot("a: 9");
  const { wire, remote, admin } = world.world;
  let rev = "none";
  wire.before("files/restore", async () => {
    rev = await remote.write("a", "late");
  });
  wire.after("files/restore", () => {
    const fault = { kind: "error", error: { ".tag": "invalid_revision" } } as const;
    admin.setFaults([{ match: { route: "files/restore" }, fault }]);
  });
  const report = await world.restore();
  expect(report).toMatchObject({ exit: 4, left: [{ path: "a", side: "remote" }] });
  expect(report.left[0]?.reason).toContain(rev);
  expect(await world.world.both()).toBe("a: 1\nd/b: 2");
});

test("T25: a removal in between gives way to the restored file, and nothing is uploaded", async () => {
  await using world = await RestoreWorld.afterSnapshot("a: 9");
  world.world.wire.before("files/restore", async () => {
    await world.world.remote.remove("a");
  });
  expect(await world.restore()).toMatchObject({ exit: 0, reverted: 1, uploadedBytes: 0, late: [] });
  expect(await world.world.both()).toBe("a: 1\nd/b: 2");
  await world.assertQuiet();
});
