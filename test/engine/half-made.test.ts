/** A bare repository that is only being made is waited for, and so is every folder that may be one (G23). */
import { utimesSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { halfMadeQuietMs, mayBecomeHead } from "../../src/core/repo/half-made.ts";
import { runCycles } from "../../src/engine/cycle.ts";
import { World } from "../support/world.ts";
import { LinkedWorkspace } from "./linked-workspace.ts";
import { LiveWorld } from "./live-world.ts";

const dayMs = 86_400_000;
const head = "ref: refs/heads/main\n";

/** The clock of the engine shows what that of the disk does. */
async function timely(tree: string): Promise<World> {
  const world = await World.synced(tree);
  world.clock.advance(dayMs);
  await world.sync(0);
  world.wire.forget();
  return world;
}

function askedAbout(world: World, name: string): readonly string[] {
  return world.wire.requests.map(({ argument }) => argument).filter((text) => text.includes(name));
}

test("G23: of a bare repository that is made file by file nothing ever reaches the server", async () => {
  await using world = await timely("a: 0");
  const parts: readonly (readonly [file: string, content: string])[] = [
    ["HEAD", ""],
    ["HEAD", "ref: ref"],
    ["HEAD", head],
    ["config", "[core]\n\trepositoryformatversion = 0\n"],
    ["description", "Unnamed"],
    ["hooks/pre-commit.sample", "#!/bin/sh"],
    ["objects/pack/pack-1.pack", "PACK"],
    ["refs/heads/main", "0".repeat(40)],
  ];
  for (const [number, [file, content]] of parts.entries()) {
    world.local.write(`x.git/${file}`, content);
    world.local.write("a", `${number}`);
    const report = await world.sync(3);
    expect(report.left.map(({ path, kind }) => [path, kind])).toEqual([["x.git", "hold"]]);
    world.clock.advance(halfMadeQuietMs / parts.length - 1_000);
  }
  world.clock.advance(dayMs);
  expect((await world.sync(3)).left).toMatchObject([
    { path: "x.git", reason: expect.stringMatching(/is a repository/u) },
  ]);
  expect(await world.remoteText()).toBe("a: 7");
  expect(askedAbout(world, "x.git")).toEqual([]);
});

test.each([
  ["a new file HEAD in a new folder", "d/HEAD"],
  ["a new file HEAD in a folder that is synced", "old/HEAD"],
])("G23: %s is a file like others after a minute of quiet", async (_, file) => {
  await using world = await timely("old/1: a");
  world.local.write(file, head);
  world.local.write("beside", "b");
  const { left } = await world.sync(3);
  expect(left).toMatchObject([{ path: file.split("/")[0], kind: "hold" }]);
  expect(await world.remoteText()).toBe("beside: b\nold/1: a");
  world.clock.advance(halfMadeQuietMs - 5_000);
  await world.sync(3);
  world.clock.advance(dayMs);
  await world.sync(0);
  expect(await world.remoteText()).toContain(file);
  world.local.write(file, "ref: refs/heads/other\n");
  await world.sync(0);
  await world.assertAlways();
});

test("G23: a file HEAD that is no ref is not waited for", async () => {
  await using world = await timely("a: 0");
  world.local.write("d/HEAD", "Dear all,\n");
  await world.sync(0);
  expect(await world.both()).toBe("a: 0\nd/HEAD: Dear all,\n");
});

test("G11: what lost HEAD or refs is a repository by its config or its packs", async () => {
  await using world = await timely("a: 0");
  world.local.write("torn/objects/aa/1", "o");
  world.local.write("torn/refs/heads/main", "r");
  world.local.write("torn/config", "[core]\n\tRepositoryFormatVersion = 0\n");
  world.local.write("packs/objects/pack/pack-1.pack", "PACK");
  world.local.mkdir("packs/refs");
  world.local.write("plain/objects/chair", "c");
  world.local.write("plain/refs/book", "b");
  world.local.write("plain/config", "colour = red\n");
  world.clock.advance(dayMs);
  const { left } = await world.sync(3);
  expect(left.map(({ path, kind }) => `${path} ${kind}`)).toEqual(["packs hold", "torn hold"]);
  expect(await world.remoteText()).toBe(
    "a: 0\nplain/config: colour = red\n\nplain/objects/chair: c\nplain/refs/book: b",
  );
});

test("G23, G24: a file that is dated for a far day does not hold its folder until then", async () => {
  await using workspace = await LinkedWorkspace.open({ beside: "1" });
  await workspace.write("d/HEAD", head);
  await workspace.write("d/photo", "1");
  const farDay = new Date(workspace.clock.now() + 9_000 * dayMs);
  utimesSync(path.join(workspace.top, "d/photo"), farDay, farDay);
  expect(await runCycles(workspace.deps, {})).toMatchObject({ exit: 0, counts: { uploaded: 2 } });
});

test("G23: nobody has to tell that the minute is over", async () => {
  await using live = await LiveWorld.resting("a: 0");
  live.clock.jump(-dayMs - 10 * halfMadeQuietMs);
  live.engine.nudge();
  await live.cycle();
  for (let minute = 0; minute < 3; minute += 1) await live.pass(halfMadeQuietMs);
  live.world.local.write("d/HEAD", head);
  await live.changed("d/HEAD");
  for (let minute = 0; minute < 3; minute += 1) await live.pass(halfMadeQuietMs);
  expect(live.engine.status()).toMatchObject({ left: [{ path: "d", kind: "hold" }] });
  expect(live.activity).toEqual([]);
  for (let minute = 0; minute < 8; minute += 1) await live.pass(halfMadeQuietMs);
  expect(live.activity).toEqual(["R.mkdir d", "R.put d/HEAD"]);
  expect(live.engine.status().left).toEqual([]);
});

test.each([
  ["ref: refs/heads/main\n", true],
  ["ref:", true],
  ["re", true],
  ["", true],
  ["0123456789abcdef0123456789abcdef01234567\n", true],
  ["a book list\n", false],
  [`${"a".repeat(65)}\n`, false],
  ["reference\n", false],
])("G23: %j may become a HEAD: %s", (text, may) => {
  expect(mayBecomeHead(text)).toBe(may);
});
