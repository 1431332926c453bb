import { expect, test } from "vitest";
import { quickDisk } from "../local/stopping-disk.ts";
import { isChange, watchedDisk } from "../support/watched-disk.ts";
import { memoryWorld } from "../support/world-memory.ts";
import { World } from "../support/world.ts";

test("S17: another disk that is mounted inside of the workspace is left alone", async () => {
  const memory = memoryWorld();
  await using world = await World.synced("m/1: a\nm/2: b\nx: 0", memory);
  await world.remote.remove("m/1");
  world.local.move("m", "../aside");
  memory.mount(world.local.at("m"), 77);
  const report = await world.syncOnce();
  expect(report.exit).toBe(4);
  expect([...(await world.remote.tree()).keys()].toSorted()).toEqual(["m", "m/2", "x"]);
});

test.each([2_000_000_000n, 1_000_000_000n])(
  "S24: where times are multiples of %i ns, an edit in the same step and of equal size goes up",
  async (stepNs) => {
    await using world = await World.synced("f: one\ng: 1", memoryWorld({ stepNs }));
    world.local.write("f", "two");
    await world.sync(0);
    world.local.write("f", "six");
    await world.remote.write("g", "2");
    await world.sync(0);
    expect(await world.both()).toBe("f: six\ng: 2");
    await world.assertAlways();
  },
);

const day = 24 * 3_600_000;

test.each([day, -day, 400 * day, -400 * day])(
  "S112: a clock that jumps by %i ms removes nothing and doubles nothing",
  async (jump) => {
    await using world = await World.synced("a: 1\nb: 2\nd/c: 3");
    world.local.write("a", "edited");
    world.clock.advance(jump);
    await world.remote.write("b", "edited there");
    await world.sync(0);
    world.clock.advance(-jump);
    world.local.remove("d");
    world.hooks.before("local.perform", () => world.clock.advance(jump));
    await world.remote.write("e", "5");
    await world.sync(0);
    expect(await world.both()).toBe("a: edited\nb: edited there\ne: 5");
    await world.assertAlways();
  },
);

const failures = ["ENOSPC", "EIO", "EROFS", "EACCES", "EMFILE"];

test("S112: a disk that fails at each change in turn leaves what the next sync brings to its end", async () => {
  await using world = await World.synced("f: 0\ngone: 1\nfrom: 2\nd/x: 3");
  let isOver = false;
  for (let at = 1; !isOver; at += 1) {
    await world.remote.write("f", `f ${at}`);
    await world.remote.write(`new ${at}`, `new ${at}`);
    await world.remote.move(at % 2 === 1 ? "from" : "to", at % 2 === 1 ? "to" : "from");
    if (at > 1) await world.remote.remove(`new ${at - 1}`);
    const code = failures[at % failures.length] ?? "";
    let changes = 0;
    world.disk = watchedDisk(quickDisk, {
      before: (call) => {
        if (isChange(call)) changes += 1;
        if (isChange(call) && changes === at) throw Object.assign(new Error(code), { code });
      },
    });
    world.restart();
    const end = await world.syncOnce().catch((error: unknown) => error);
    expect([0, 4, 7], `${code} at change ${at}: ${String(end)}`).toContain(exitOf(end));
    isOver = changes < at;
    world.disk = quickDisk;
    world.clock.advance(7 * 3_600_000);
    world.restart();
    await world.sync(0);
    const moved = at % 2 === 1 ? "to: 2" : "from: 2";
    const whole = ["d/x: 3", `f: f ${at}`, "gone: 1", `new ${at}: new ${at}`, moved];
    expect(await world.both(), `${code} at change ${at}`).toBe(whole.toSorted().join("\n"));
    expect([...world.local.own("staging").keys()]).toEqual([]);
  }
  await world.assertAlways();
});

function exitOf(end: unknown): unknown {
  return typeof end === "object" && end !== null && "exit" in end ? end.exit : undefined;
}
