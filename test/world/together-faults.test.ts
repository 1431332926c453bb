import { expect, test } from "vitest";
import type { Fault, FaultScript } from "../../src/server/control/fault-script.ts";
import { SnapError } from "../../src/std/error.ts";
import { World } from "../support/world.ts";

const mebibyte = 1024 * 1024;
const mine = Array.from({ length: 12 }, (_, file) => file);

/** Both sides have so much news that everything goes together: uploads, folders, removals, moves, copies, and a folder that comes down. */
async function crowdedWorld(): Promise<World> {
  const world = await World.open();
  for (const file of mine) world.local.write(`edit/${file}`, `old ${file}`);
  for (const file of mine) world.local.write(`gone/${file}`, `gone ${file}`);
  for (const file of mine) world.local.write(`from/${file}`, `moved ${file}`);
  world.local.write("from/stays", "stays");
  world.local.write("gone/stays", "stays too");
  world.local.write("to/there", "there");
  world.local.write("large", Buffer.alloc(mebibyte, 1));
  await world.sync();
  for (const file of mine) world.local.write(`edit/${file}`, `new ${file}`);
  for (const file of mine) world.local.write(`made/in ${file % 5}/${file}`, `made ${file}`);
  for (const file of mine) world.local.remove(`gone/${file}`);
  for (const file of mine) world.local.move(`from/${file}`, `to/${file}`);
  world.local.write("large again", Buffer.alloc(mebibyte, 1));
  for (const file of mine) await world.remote.write(`there/${file}`, `theirs ${file}`);
  world.wire.forget();
  return world;
}

const ends = [
  ...mine.flatMap((file) => [
    `edit/${file}: new ${file}`,
    `made/in ${file % 5}/${file}: made ${file}`,
    `there/${file}: theirs ${file}`,
    `to/${file}: moved ${file}`,
  ]),
  "from/stays: stays",
  "gone/stays: stays too",
  "to/there: there",
].toSorted();

async function expectEnd(world: World): Promise<void> {
  await world.sync(0);
  const lines = (await world.both()).split("\n");
  expect(lines.filter((line) => !line.startsWith("large")).toSorted()).toEqual(ends);
  expect(lines).toHaveLength(ends.length + 2);
  for (const file of mine) {
    expect(await world.remote.revisionHashes(`made/in ${file % 5}/${file}`)).toHaveLength(1);
    expect(await world.remote.revisionHashes(`edit/${file}`)).toHaveLength(2);
  }
  await world.assertAlways();
}

const routes = [
  "files/upload_session/start_batch",
  "files/upload_session/append_batch",
  "files/upload_session/finish_batch_v2",
  "files/create_folder_batch",
  "files/delete_batch",
  "files/delete_batch/check",
  "files/move_batch_v2",
  "files/move_batch/check_v2",
  "files/copy_batch_v2",
  "files/copy_batch/check_v2",
  "files/download_zip",
];

test("a crowded sync calls every route of this file", async () => {
  await using world = await crowdedWorld();
  await world.syncOnce();
  const called = new Set(world.wire.requests.map(({ route }) => route.replace(/^\/2\//, "")));
  expect(routes.filter((route) => !called.has(route))).toEqual([]);
  expect(world.wire.transfers()).toEqual({ uploads: 24, downloads: 1 });
  await expectEnd(world);
});

const faults: readonly (readonly [string, Fault, bytesAgain: boolean])[] = [
  ["an answer that is lost", { kind: "dropResponse" }, true],
  ["a request that is lost", { kind: "dropRequest" }, true],
  ["a request that breaks off", { kind: "reset", of: "request", bytes: 40 }, true],
  ["an answer that breaks off", { kind: "reset", of: "response", bytes: 3 }, true],
  ["an answer cut short", { kind: "truncate", bytes: 5 }, true],
  ["another byte in the answer", { kind: "corrupt", bytes: 60 }, true],
  ["500", { kind: "status", status: 500, body: "html" }, true],
  ["503 with a wait", { kind: "status", status: 503, retryAfterSeconds: 5 }, true],
  ["429", { kind: "status", status: 429 }, true],
  ["429 with a wait", { kind: "status", status: 429, retryAfterSeconds: 20 }, true],
  ["a token that has expired", { kind: "status", status: 401 }, true],
  ["a delay", { kind: "delay", ms: 40_000 }, false],
];

test.each(
  faults.flatMap(([what, fault, again]) => routes.map((route) => ({ what, fault, again, route }))),
)(
  "V72: $what at $route changes nothing about the end, and no byte goes twice but those of the call",
  async ({ fault, again, route }) => {
    await using world = await crowdedWorld();
    world.faults = [{ match: { route }, fault, times: 1 } satisfies FaultScript];
    await world.syncOnce().catch((error: unknown) => expect(error).toMatchObject({ exit: 7 }));
    world.clock.advance(7 * 3_600_000);
    await expectEnd(world);
    const isBody = again && /append_batch|start_batch/.test(route);
    expect(world.wire.transfers().uploads).toBeLessThanOrEqual(isBody ? 48 : 24);
  },
);

test.each(["start_batch", "append_batch", "finish_batch_v2"])(
  "S83: where %s fails for long, the sync ends, and a later one does it all",
  async (name) => {
    await using world = await crowdedWorld();
    const route = `files/upload_session/${name}`;
    world.faults = [{ match: { route }, fault: { kind: "status", status: 503 } }];
    const end = await world.syncOnce().catch((error: unknown) => error);
    expect(end).toMatchObject({ exit: 7 });
    world.restart();
    world.clock.advance(7 * 3_600_000);
    await expectEnd(world);
  },
);

test.each(["files/download_zip", "files/copy_batch_v2"])(
  "S66, S58: where %s always fails, files go one by one",
  async (route) => {
    await using world = await crowdedWorld();
    world.faults = [{ match: { route }, fault: { kind: "status", status: 500 } }];
    const end = await world.syncOnce();
    expect(end.left).toEqual([]);
    await expectEnd(world);
  },
);

test("S58: a copy of an edited source whose answer was lost is taken back, and both contents stay", async () => {
  await using world = await World.open();
  world.local.write("one", Buffer.alloc(2 * mebibyte, 1));
  await world.sync();
  world.local.write("again", Buffer.alloc(2 * mebibyte, 1));
  world.wire.before("/copy_batch_v2", async () => void (await world.remote.write("one", "edited")));
  world.wire.after("/copy_batch_v2", () => {
    throw new TypeError("fetch failed");
  });
  await world.sync(0);
  expect([...(await world.remote.tree()).keys()].toSorted()).toEqual(["again", "one"]);
  expect(world.local.read("again")).toHaveLength(2 * mebibyte);
  expect(world.local.read("one")).toBe("edited");
  await world.assertAlways();
});

test("S85: what was deleted is told as done, though a look at another one fails", async () => {
  await using world = await crowdedWorld();
  await world.sync();
  for (const file of mine) world.local.remove(`to/${file}`);
  world.wire.before("/delete_batch", async () => void (await world.remote.write("to/3", "edited")));
  world.hooks.before("remote.get", () => {
    throw new SnapError("server-error", "The server is in trouble");
  });
  const report = await world.syncOnce();
  expect(report.counts.removedRemote).toBe(11);
  world.clock.advance(7 * 3_600_000);
  await world.sync(0);
  expect(await world.both()).toContain("to/3: edited");
  await world.assertAlways();
});
