import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { pathKeyOf } from "../../src/core/path/path-key.ts";
import { rootNode } from "../../src/core/tree/node.ts";
import { World } from "../support/world.ts";

const mebi = 1024 * 1024;
const size = 42 * mebi;

/** Bytes that differ from block to block. */
const contentOf = (first: number): Buffer =>
  Buffer.alloc(size, Buffer.from(Array.from({ length: 251 }, (_, n) => (n * first) % 256)));

/** What has come of files, by the name of their area below the staging. */
function parts(world: World): Map<string, string> {
  const staging = world.local.at(".snap/staging");
  const names = fs.existsSync(staging) ? fs.readdirSync(staging) : [];
  return new Map(names.map((name) => [name, path.join(staging, name, "content")]));
}

const onePart = (world: World): string => {
  const [found = ""] = parts(world).values();
  expect(parts(world).size).toBe(1);
  return found;
};

/** A world in which the first download was stopped after some ranges. */
async function stopped(): Promise<World> {
  const world = await World.synced("a: 1");
  await world.remote.write("big", contentOf(3));
  const stop = new AbortController();
  let ranges = 0;
  const count = (): void => {
    ranges += 1;
    if (ranges === 11) stop.abort();
    else world.wire.after("/files/download", count);
  };
  world.wire.after("/files/download", count);
  await expect(world.syncOnce(stop.signal)).rejects.toMatchObject({ code: "interrupted" });
  world.restart();
  world.wire.forget();
  return world;
}

/** Calls for the bytes of files; our own documents go by their path. */
const rangesAsked = (world: World): number =>
  world.wire.requests.filter(
    ({ route, argument }) => route.endsWith("/files/download") && argument.includes("rev:"),
  ).length;

/** Ranges that the rest of the file takes. */
const rangesBehind = (bytes: number): number => Math.ceil((size - bytes) / (4 * mebi));

test("S66: a large download that was stopped goes on where it was, in a later run", async () => {
  await using world = await stopped();
  const begun = fs.statSync(onePart(world)).size;
  expect(begun).toBeGreaterThan(0);
  await world.sync();
  await world.both();
  expect((await world.remote.bytes("big")).equals(contentOf(3))).toBe(true);
  // The last stretch is asked for in one piece where it is short.
  expect(rangesAsked(world)).toBeLessThanOrEqual(rangesBehind(begun));
  expect(parts(world).size).toBe(0);
  await world.assertAlways();
});

test("S66: what came of it may be longer, wrong, or cut by a power cut: the whole is right in the end", async () => {
  const damages: readonly ((file: string) => void)[] = [
    (file) => fs.writeFileSync(file, "wrong", { flag: "r+" }),
    (file) => fs.appendFileSync(file, "x"),
    (file) => fs.truncateSync(file, 1),
    (file) => fs.truncateSync(file, size),
    (file) => fs.truncateSync(file, size + 1),
    (file) => fs.rmSync(file),
    (file) => fs.chmodSync(file, 0),
  ];
  for (const damage of damages) {
    await using world = await stopped();
    damage(onePart(world));
    await world.sync();
    await world.both();
    expect((await world.remote.bytes("big")).equals(contentOf(3))).toBe(true);
    expect(parts(world).size).toBe(0);
    await world.assertAlways();
  }
});

test("S66: a part that all of has come is placed without asking for a byte", async () => {
  await using world = await stopped();
  fs.writeFileSync(onePart(world), contentOf(3));
  await world.sync();
  await world.both();
  expect(rangesAsked(world)).toBe(0);
  await world.assertAlways();
});

test("S66, X2: what was put at the place of a part is not written to", async () => {
  for (const plant of [fs.linkSync, fs.symlinkSync]) {
    await using world = await stopped();
    const file = onePart(world);
    fs.rmSync(file);
    world.local.write("mine", "my own words");
    plant(world.local.at("mine"), file);
    await world.sync();
    await world.both();
    expect(world.local.read("mine")).toBe("my own words");
    await world.assertAlways();
  }
});

test("S66: what came of another revision is cleared away, and nothing of it is used", async () => {
  await using world = await stopped();
  const file = onePart(world);
  await world.remote.write("big", contentOf(5));
  await world.sync();
  await world.both();
  expect((await world.remote.bytes("big")).equals(contentOf(5))).toBe(true);
  world.restart();
  await world.sync();
  expect(fs.existsSync(file)).toBe(false);
  await world.assertAlways();
});

test("S75: parts of what is not to come any more are cleared away", async () => {
  await using world = await stopped();
  onePart(world);
  await world.remote.remove("big");
  await world.sync();
  world.restart();
  await world.sync();
  expect(parts(world).size).toBe(0);
  await world.assertAlways();
});

/** The times that a file was read for its hash. */
function hashesOf(world: World): { count: number } {
  const hashes = { count: 0 };
  const count = (file: unknown): void => {
    hashes.count += Number(file === "big");
    world.hooks.after("local.hash", count);
  };
  world.hooks.after("local.hash", count);
  return hashes;
}

test("S24: a large file that came down is read once more right then, and not by the next look", async () => {
  await using world = await World.synced("a: 1");
  await world.remote.write("big", contentOf(3));
  // The disk's clock is behind ours, as if ours were right.
  world.clock.advance(2 * 24 * 3_600_000);
  const hashes = hashesOf(world);
  await world.sync();
  expect(hashes.count).toBe(1);
  const row = world.index.local.childByKey(rootNode, pathKeyOf("big"));
  expect(row?.trusted).toBe(true);
});

test("S24: what is written to it before that goes up, though its date is the same", async () => {
  await using world = await World.synced("a: 1");
  world.clock.advance(2 * 24 * 3_600_000);
  await world.remote.write("big", contentOf(3));
  world.hooks.after("local.perform", () => {
    const file = world.local.at("big");
    const { mtime, atime } = fs.statSync(file);
    fs.writeFileSync(file, contentOf(5));
    fs.utimesSync(file, atime, mtime);
  });
  await world.sync();
  expect((await world.remote.bytes("big")).equals(contentOf(5))).toBe(true);
});

test("S24: a sync that is stopped while it is read leaves it to the next one", async () => {
  await using world = await World.synced("a: 1");
  await world.remote.write("big", contentOf(3));
  const stop = new AbortController();
  world.hooks.before("local.hash", () => stop.abort());
  await expect(world.syncOnce(stop.signal)).rejects.toMatchObject({ code: "interrupted" });
  world.restart();
  await world.sync();
  expect((await world.remote.bytes("big")).equals(contentOf(3))).toBe(true);
  expect(rangesAsked(world)).toBe(11);
});
