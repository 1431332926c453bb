import { expect, test } from "vitest";
import type { Fault, FaultScript } from "../../src/server/control/fault-script.ts";
import { realWorlds, shown } from "../support/scenario.ts";
import { World } from "../support/world.ts";

/** Both sides have news of every kind, so that a sync makes every call there is. */
async function busyWorld(reach: "in process" | "over HTTP" = "in process"): Promise<World> {
  const world = await World.synced(
    "a: 1\nb: 2\nd/f: 3\nd/g: 4\nold/x: 5\ngone/y: 6\nboth: 7\nq: 8",
    { reach },
  );
  world.local.write("a", "edited here");
  world.local.move("d", "e");
  world.local.remove("old");
  world.local.write("new/here", "new here");
  world.local.write("both", "mine");
  await world.remote.write("b", "edited there");
  await world.remote.write("both", "theirs");
  await world.remote.remove("gone");
  await world.remote.move("q", "r");
  await world.remote.write("new there", "n");
  world.wire.forget();
  return world;
}

const ends =
  "a: edited here\nb: edited there\nboth CC: mine\nboth: theirs\ne/f: 3\ne/g: 4\nnew there: n\nnew/here: new here\nr: 8";

/** Syncs until nothing is left aside; no run may end otherwise than with something left or unavailable. */
async function syncThrough(world: World): Promise<void> {
  const { faults } = world;
  for (let run = 0; run < 3; run += 1) {
    world.faults = run === 0 ? faults : [];
    const end = await world.syncOnce().catch((error: unknown) => error);
    expect([{ exit: 0 }, { exit: 4 }, { exit: 7 }]).toContainEqual({
      exit: typeof end === "object" && end !== null && "exit" in end ? end.exit : end,
    });
    world.clock.advance(7 * 3_600_000);
    world.restart();
  }
}

async function expectEnd(world: World): Promise<void> {
  await world.sync(0);
  expect(shown(await world.both())).toBe(shown(ends));
  await world.assertAlways();
}

/** Every route that the engine calls while all of this happens. */
const routes = [
  "files/list_folder",
  "files/list_folder/continue",
  "files/get_metadata",
  "files/upload",
  "files/download",
  "files/create_folder_v2",
  "files/move_v2",
  "files/delete_v2",
  "users/get_current_account",
  "oauth2/token",
];

test("the routes of this file are those that a busy sync calls", async () => {
  await using world = await busyWorld();
  await world.syncOnce();
  const called = new Set(world.wire.requests.map(({ route }) => route.replace(/^\/(2\/)?/, "")));
  expect([...called].filter((route) => !routes.includes(route))).toEqual([]);
});

const everyCall: readonly (readonly [string, Fault])[] = [
  ["an answer that is lost", { kind: "dropResponse" }],
  ["a request that is lost", { kind: "dropRequest" }],
  ["500 as a page", { kind: "status", status: 500, body: "html" }],
  ["502", { kind: "status", status: 502 }],
  ["503 with a wait", { kind: "status", status: 503, retryAfterSeconds: 5 }],
  ["429 without a wait", { kind: "status", status: 429 }],
  ["429 with a wait", { kind: "status", status: 429, retryAfterSeconds: 20 }],
  ["a token that has expired", { kind: "status", status: 401 }],
  ["an answer cut short", { kind: "truncate", bytes: 1 }],
  ["an answer that breaks off", { kind: "reset", of: "response", bytes: 3 }],
];

test.each(everyCall)(
  "S112: %s, once at the first and once at a later call of each route, changes nothing about the end",
  async (_what, fault) => {
    for (const nth of [1, 3]) {
      await using world = await busyWorld();
      world.faults = routes.map((route): FaultScript => ({ match: { route, nth }, fault }));
      await syncThrough(world);
      await expectEnd(world);
    }
  },
);

test.each(routes.filter((route) => /upload$|move_v2|create_folder_v2|delete_v2/.test(route)))(
  "S83: each second answer of %s is lost, and nothing is done twice",
  async (route) => {
    await using world = await busyWorld();
    world.faults = [{ match: { route, every: 2 }, fault: { kind: "dropResponse" } }];
    await syncThrough(world);
    await expectEnd(world);
    expect(await world.remote.revisions("new/here")).toBe(1);
  },
);

const pages = ["empty", "short", "duplicated", "reordered", "children-first", "split"] as const;

test.each(pages)("S31: listings whose pages are %s end in the same trees", async (kind) => {
  await using world = await busyWorld();
  world.faults = [{ fault: { kind: "pages", page: { kind } }, times: 4 }];
  await syncThrough(world);
  await expectEnd(world);
});

test("S33: a page as it was some changes ago takes nothing back", async () => {
  await using world = await busyWorld();
  world.faults = [1, 2, 3].map((nth): FaultScript => ({
    match: { route: "files/list_folder/continue", nth },
    fault: { kind: "pages", page: { kind: "stale", lines: 6 } },
  }));
  await syncThrough(world);
  await expectEnd(world);
});

test.each(["cursor", "account"] as const)(
  "S34: void cursors (%s), at every second listing, end in the same trees",
  async (of) => {
    await using world = await busyWorld();
    world.faults = [
      {
        match: { route: "files/list_folder/continue", every: 2 },
        times: 3,
        fault: { kind: "cursorReset", of },
      },
    ];
    await syncThrough(world);
    await expectEnd(world);
  },
);

test("S66: of downloads with a wrong byte none is ever seen", async () => {
  await using world = await busyWorld();
  world.faults = [
    { match: { route: "files/download" }, times: 2, fault: { kind: "corrupt", bytes: 0 } },
  ];
  await syncThrough(world);
  await expectEnd(world);
});

test("S66: a server that only ever sends wrong bytes places none, and the rest is synced", async () => {
  await using world = await World.synced("f: old\ng: 1");
  await world.remote.write("f", "new content");
  await world.remote.write("h", "2");
  world.faults = [
    { match: { route: "files/download", every: 1 }, fault: { kind: "corrupt", bytes: 0 } },
  ];
  world.local.write("i", "3");
  const report = await world.syncOnce();
  expect(report.exit).toBe(4);
  expect(world.localText()).toBe("f: old\ng: 1\ni: 3");
  expect([...world.local.own("staging").keys()]).toEqual([]);
  world.clock.advance(7 * 3_600_000);
  await world.sync(0);
  expect(await world.both()).toBe("f: new content\ng: 1\nh: 2\ni: 3");
  await world.assertAlways();
});

/** Which call the login ends at, from then on. */
const phases = routes.filter((route) => route !== "oauth2/token");

test.each(phases)(
  "X18: a login that is revoked when %s is called stops the sync with 7, and loses nothing",
  async (route) => {
    await using world = await busyWorld();
    world.faults = [{ match: { route }, fault: { kind: "status", status: 401 } }];
    const end = await world.syncOnce().catch((error: unknown) => error);
    expect(end, String(end)).toMatchObject({ exit: 7, code: "login-revoked" });
    world.restart();
    await expectEnd(world);
  },
);

test.each(realWorlds)(
  "S112: a quarter of all calls fails somehow, and still both sides become equal [$name]",
  async ({ options }) => {
    await using world = await busyWorld(options().reach);
    world.faults = everyCall.map(([, fault], seed): FaultScript => ({
      match: { probability: 0.03, seed },
      fault,
    }));
    await syncThrough(world);
    await expectEnd(world);
  },
);
