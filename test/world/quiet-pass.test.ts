import { expect, test } from "vitest";
import { beaconPath, formatBeacon } from "../../src/core/beacon.ts";
import { World } from "../support/world.ts";

const routes = (world: World): string[] =>
  world.wire.requests.flatMap(({ route }) => (route.startsWith("/2/") ? [route.slice(3)] : []));

const quiet = ["files/list_folder/continue"];

/** What the beacon left behind has been read. */
async function restingWorld(): Promise<World> {
  const world = await World.synced("d/a: 1\nb: 2");
  await world.sync(0);
  world.wire.forget();
  return world;
}

test("S35: a sync of what has not changed is one call, also behind one that wrote the beacon", async () => {
  await using world = await World.synced("d/a: 1\nb: 2");
  await world.syncOnce();
  expect(routes(world)).toEqual(quiet);
  world.restart();
  world.wire.forget();
  await world.syncOnce();
  expect(routes(world)).toEqual(quiet);
});

test("S2, S35: a sync of what has not changed goes on from where the server was asked", async () => {
  await using world = await restingWorld();
  world.hooks.instead("remote.quietSince", () => "behind what is elsewhere");
  await world.syncOnce();
  const { index } = world;
  expect([index.meta("cursor"), index.meta("beacon_cursor")]).toEqual([
    "behind what is elsewhere",
    "behind what is elsewhere",
  ]);
});

test("S35: before an edit goes up the account and the folder are looked at", async () => {
  await using world = await restingWorld();
  world.local.write("b", "22");
  await world.syncOnce();
  const place = ["users/get_current_account", "files/get_metadata"];
  // The edit, the look behind it, and the beacon.
  const rest = ["files/upload", ...quiet, "files/upload"];
  expect(routes(world)).toEqual([...quiet, ...place, ...rest]);
  expect(await world.both()).toBe("b: 22\nd/a: 1");
});

test("S32, S35: before what follows from a further look the folder is looked at again", async () => {
  await using world = await restingWorld();
  world.local.write("b", "22");
  world.hooks.before("remote.upload", async () => {
    await world.remote.write("c", "3");
    world.hooks.instead("remote.folderId", () => "id:another");
  });
  await world.sync(0);
  expect(routes(world)).toContain("files/list_folder");
  expect(await world.both()).toBe("b: 22\nc: 3\nd/a: 1");
});

test("S35: a folder that goes behind the look is missed before anything is written", async () => {
  await using world = await restingWorld();
  world.local.write("b", "22");
  world.hooks.instead("remote.folderId", () => undefined);
  await expect(world.syncOnce()).rejects.toThrow("is gone from the server");
  expect(world.wire.writes()).toEqual([]);
  world.restart();
  await world.sync(0);
  expect(await world.both()).toBe("b: 22\nd/a: 1");
});

test("S32, S35: another folder that is there by then is listed before anything is written", async () => {
  await using world = await restingWorld();
  world.local.remove("b");
  world.hooks.instead("remote.folderId", () => "id:another");
  await world.sync(0);
  expect(routes(world)).toContain("files/list_folder");
  await world.assertAlways();
});

test.each([
  ["after", "remote.quietSince"],
  ["before", "local.list"],
] as const)(
  "S117: an empty folder that takes its place %s %s takes nothing off the disk",
  async (when, method) => {
    await using world = await restingWorld();
    world.local.write("b", "22");
    world.hooks[when](method, async () => {
      await world.remote.remove("");
      await world.remote.mkdir("");
    });
    for (let again = 0; again < 2; again += 1) {
      await expect(world.syncOnce()).rejects.toThrow("The linked folder was emptied");
      world.restart();
    }
    expect(world.wire.writes()).toEqual([]);
    expect(world.localText()).toBe("b: 22\nd/a: 1");
  },
);

test("S117: a workspace that was put back is found, though nothing happened on the server", async () => {
  await using world = await restingWorld();
  const { workspace, link } = world.deps.config;
  await world.deps.local.writeMarker({ workspace, link, generation: 0 });
  await expect(world.syncOnce()).rejects.toThrow("put back to an older state");
});

test("S117: an index that was put back is found by each sync, though the first has read what happened", async () => {
  await using world = await restingWorld();
  const { deps } = world;
  const there = await deps.remote.document(beaconPath(deps.config.link));
  const ahead = formatBeacon({
    generation: 99,
    time: "2026-01-01T00:00:00Z",
    device: "box",
    tool: "t",
  });
  await deps.remote.writeDocument(beaconPath(deps.config.link), ahead, there?.rev);
  for (let again = 0; again < 2; again += 1) {
    await expect(world.syncOnce()).rejects.toThrow("put back to an older state");
    world.restart();
  }
});

test("what changed there comes down as ever", async () => {
  await using world = await restingWorld();
  await world.remote.write("d/a", "11");
  await world.remote.remove("b");
  await world.sync(0);
  expect(await world.both()).toBe("d/a: 11");
});
