/** What becomes a repository between the look and the upload does not go up (G21). */
import { mkdirSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { World } from "../support/world.ts";

/** Somebody makes something before a call of the engine. */
function meanwhile(world: World, method: string, act: () => void): void {
  world.hooks.before(method, act);
}

/** Paths below a folder in whatever was asked of the server. */
function sent(world: World, folder: string): readonly string[] {
  const writes = world.wire.requests.filter(({ route }) => /upload|create_folder/u.test(route));
  return writes.map(({ argument }) => argument).filter((text) => text.includes(folder));
}

test.each([
  ["a .git", (at: string): void => void mkdirSync(`${at}/.git`, { recursive: true })],
  [
    "a bare repository",
    (at: string): void => {
      writeFileSync(`${at}/HEAD`, "ref: refs/heads/main\n");
      mkdirSync(`${at}/objects`);
      mkdirSync(`${at}/refs`);
    },
  ],
])("G21: %s that appears after the look keeps all of its folder here", async (_, make) => {
  await using world = await World.synced("a: 0");
  world.local.write("new/description", "d");
  world.local.write("new/hooks/sample", "h");
  world.local.write("old", "o");
  meanwhile(world, "local.hashEach", () => make(world.local.at("new")));
  const report = await world.sync(3);
  expect(report.left).toMatchObject([{ path: "new", kind: "hold" }]);
  expect(await world.remoteText()).toBe("a: 0\nold: o");
  expect(sent(world, "/new")).toEqual([]);
});

test("G21: a repository that appears while its folder goes up stops the rest of it", async () => {
  await using world = await World.synced("a: 0");
  for (let file = 0; file < 40; file += 1) world.local.write(`new/deep/${file}`, `f ${file}`);
  world.wire.forget();
  world.hooks.after("remote.makeFolder", () => {
    world.hooks.after("remote.makeFolder", () => {
      mkdirSync(world.local.at("new/.git"));
      world.clock.advance(60_000);
    });
  });
  await world.sync(3);
  expect(await world.remoteText()).toBe("a: 0\nnew/deep/");
  expect(sent(world, "/new/deep/")).toEqual([]);
});

test.each([
  ["small files that go together", 10, 1_000, "/append_batch"],
  ["a large file", 1, 9 * 1024 * 1024, "/append_v2"],
])("G21: a repository that appears while the bytes of %s travel stays here", async (...of) => {
  const [, files, size, route] = of;
  await using world = await World.synced("a: 0");
  for (let file = 0; file < files; file += 1) {
    world.local.write(`new/deep/${file}`, Buffer.alloc(size, file));
  }
  world.wire.after(route, () => {
    mkdirSync(world.local.at("new/.git"));
    world.clock.advance(60_000);
  });
  await world.sync(3);
  expect(await world.remoteText()).toBe("a: 0\nnew/deep/");
});

test("G21: new folders are listed once more, and not for each file", async () => {
  await using world = await World.synced("a: 0");
  for (let file = 0; file < 40; file += 1) world.local.write(`new/${file}`, `f ${file}`);
  const lists: unknown[] = [];
  const count = (): void =>
    world.hooks.before("local.list", (folder) => {
      lists.push(folder);
      count();
    });
  count();
  await world.sync(0);
  // The look of each of the two cycles, the look right before, and the empty look of the run after it.
  expect(lists.filter((folder) => folder === "new").length).toBeLessThanOrEqual(4);
  await world.assertAlways();
});
