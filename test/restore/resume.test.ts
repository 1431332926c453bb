/** `--resume`: a restore that was cut off while it staged goes on (T30). */
import fs from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import type { RestoreReport } from "../../src/core/snapshot/restore-report.ts";
import { isUnfinished, type RestoreRow } from "../../src/core/snapshot/restore-state.ts";
import { resume } from "../../src/restore/resume.ts";
import type { RestoreRequest } from "../../src/restore/restore-snapshot.ts";
import { present } from "../../src/std/assert.ts";
import { Countdown, Killed } from "./countdown.ts";
import { RestoreWorld } from "./restore-world.ts";

const snapshot = "a: 1\nb: 22\nc: 333";
const start = "a: 9\nb: 99\nc: 999";

async function edited(): Promise<RestoreWorld> {
  const world = await RestoreWorld.synced(snapshot);
  await world.capture("S");
  world.write(start);
  await world.world.sync();
  world.world.wire.forget();
  return world;
}

/** The calls of a restore that is not cut off. */
async function callsOf(request: Partial<RestoreRequest> = {}): Promise<readonly string[]> {
  await using twin = await edited();
  await twin.restore(request);
  return twin.countdown.calls;
}

/** Kill a restore after one of its calls; a new process, which has not recovered yet. */
async function killedAt(
  world: RestoreWorld,
  call: number,
  request: Partial<RestoreRequest> = {},
): Promise<RestoreRow | undefined> {
  world.countdown = new Countdown(call + 1, "after");
  await expect(world.restore(request)).rejects.toThrow(Killed);
  world.countdown = new Countdown();
  world.world.restart();
  return (await world.deps()).journal.restores().at(-1);
}

/** Killed with all files staged, and nothing of it in the journal. */
async function killedStaging(
  world: RestoreWorld,
  request: Partial<RestoreRequest> = {},
): Promise<RestoreRow> {
  const calls = await callsOf(request);
  const row = await killedAt(world, calls.indexOf("journal.putItems") - 1, request);
  expect(row?.state).toBe("fenced");
  return present(row, "a restore");
}

const resumed = async (
  world: RestoreWorld,
  { id }: Pick<RestoreRow, "id">,
): Promise<RestoreReport> => await resume(await world.deps(), id);

function staged({ world }: RestoreWorld, { id }: RestoreRow, name: string): string {
  return path.join(world.local.top, ".snap", "staging", id, name);
}

describe("what was staged", () => {
  test("T30: what is whole is kept, and nothing is asked again", async () => {
    await using world = await edited();
    const row = await killedStaging(world);
    const kept = fs.statSync(staged(world, row, "0")).ino;
    expect(await resumed(world, row)).toMatchObject({ exit: 0, state: "done", restore: row.id });
    expect(await world.world.both()).toBe(snapshot);
    expect(fs.statSync(world.world.local.at("a")).ino).toBe(kept);
    expect(world.countdown.calls).not.toContain("local.stage");
    await world.assertQuiet();
  });

  test.each([
    ["is gone", (file: string) => fs.rmSync(file)],
    ["was cut off", (file: string) => fs.truncateSync(file, 1)],
    ["has rotten", (file: string) => fs.writeFileSync(file, "xx")],
    ["has another mode", (file: string) => fs.chmodSync(file, 0o700)],
    ["has become a folder", (file: string) => (fs.rmSync(file), fs.mkdirSync(file))],
  ])("T30: what %s is staged anew", async (_name, spoil) => {
    await using world = await edited();
    const row = await killedStaging(world);
    spoil(staged(world, row, "1"));
    expect((await resumed(world, row)).exit).toBe(0);
    expect(await world.world.both()).toBe(snapshot);
    await world.assertQuiet();
  });
});

test(
  "T30: killed anywhere between fence and first swap, it goes on; anywhere else it refuses",
  { timeout: 240_000 },
  async () => {
    const calls = await callsOf();
    const from = calls.indexOf("engine.raiseFence");
    const to = calls.indexOf("local.perform");
    const ends = new Set<string>();
    for (let call = from; call <= to; call += 1) {
      await using world = await edited();
      const row = await killedAt(world, call);
      if (row === undefined || !["fenced", "staged"].includes(row.state)) {
        await expect(resumed(world, { id: row?.id ?? "" })).rejects.toMatchObject({ exit: 2 });
        await world.recover();
        ends.add("refused");
      } else {
        expect((await resumed(world, row)).exit, `killed after ${calls[call]}`).toBe(0);
        expect(await world.world.both()).toBe(snapshot);
        ends.add(row.state);
      }
      await world.assertQuiet();
    }
    expect(ends).toEqual(new Set(["fenced", "staged", "refused"]));
  },
);

describe("another plan", () => {
  test("T30: an edit since then takes everything back", async () => {
    await using world = await edited();
    const row = await killedStaging(world);
    world.write("b: 7");
    await expect(resumed(world, row)).rejects.toMatchObject({ code: "plan-drifted", exit: 3 });
    const { journal } = await world.deps();
    expect(journal.restores().some(isUnfinished)).toBe(false);
    expect(world.world.local.own("staging").size).toBe(0);
    expect(world.world.local.read("b")).toBe("7");
    await world.world.sync();
    expect(await world.world.both()).toBe("a: 9\nb: 7\nc: 999");
  });

  test("T26: an edit in Dropbox since then is late", async () => {
    await using world = await edited();
    const row = await killedStaging(world);
    await world.world.remote.write("b", "theirs");
    const report = await resumed(world, row);
    expect(report).toMatchObject({ exit: 4, late: ["b"] });
    expect(world.world.local.read("b")).toBe("theirs");
  });

  test("T30: what was asked for besides is asked for again", async () => {
    await using world = await edited();
    const request = { specialModes: true, paths: ["a", "b", "c"], delete: true };
    const row = await killedStaging(world, request);
    expect(await resumed(world, row)).toMatchObject({ exit: 0, options: request });
  });
});

test("T30: an undo goes on, too", async () => {
  const calls = await (async () => {
    await using twin = await edited();
    await twin.restore();
    twin.countdown = new Countdown();
    await twin.undo();
    return twin.countdown.calls;
  })();
  await using world = await edited();
  await world.restore();
  world.countdown = new Countdown(calls.indexOf("journal.putItems"), "after");
  await expect(world.undo()).rejects.toThrow(Killed);
  world.countdown = new Countdown();
  world.world.restart();
  const row = present((await world.deps()).journal.restores().at(-1), "an undo");
  expect(row).toMatchObject({ kind: "undo", state: "fenced" });
  expect((await resumed(world, row)).exit).toBe(0);
  expect(await world.world.both()).toBe(start);
  await world.assertQuiet();
});
