import { expect, test } from "vitest";
import { Stand } from "../../src/engine/live/stand.ts";
import { LiveWorld } from "./live-world.ts";

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

test("N34: while somebody walks over the disk nothing is written there, and uploads go on", async () => {
  const stand = new Stand();
  await using live = await LiveWorld.resting("a: 0\nb: 0", { stand });
  let wanted = 0;
  const held = await stand.still({ onWanted: () => (wanted += 1) });
  live.world.local.write("b", "1");
  await live.world.remote.write("a", "1");
  const looking = live.changed("b");
  live.tell({ changed: true, backoffMs: 0 });
  await until(() => live.activity.includes("R.put b") && wanted > 0);
  expect([live.world.local.read("a"), live.activity, wanted]).toEqual(["0", ["R.put b"], 1]);
  held[Symbol.dispose]();
  await looking;
  await live.rest();
  expect(live.activity).toEqual(["R.put b", "L.put a"]);
  expect(await live.world.both()).toBe("a: 1\nb: 1");
  await live.stop();
  await live.world.assertAlways();
});

test("N34: an engine that is told to end does not wait for who walks over the disk, and does the rest later", async () => {
  const stand = new Stand();
  await using live = await LiveWorld.resting("a: 0", { stand });
  let wanted = 0;
  const held = await stand.still({ onWanted: () => (wanted += 1) });
  await live.world.remote.write("a", "1");
  live.tell({ changed: true, backoffMs: 0 });
  await until(() => wanted > 0);
  await live.stop();
  expect(live.world.local.read("a")).toBe("0");
  held[Symbol.dispose]();
  live.start();
  await live.rest();
  expect(await live.world.both()).toBe("a: 1");
  await live.stop();
  await live.world.assertAlways();
});

test("N34: two files that change names are never seen in the middle", async () => {
  const stand = new Stand();
  await using live = await LiveWorld.resting("a: 0\nb: 1", { stand });
  const { remote, local } = live.world;
  await remote.move("a", "c");
  await remote.move("b", "a");
  await remote.move("c", "b");
  const seen = new Set<string>();
  const walks: Promise<void>[] = [];
  const walk = async (): Promise<void> => {
    using _held = await stand.still();
    seen.add(`${local.read("a")}${local.read("b")}`);
  };
  const push = live.calls.push.bind(live.calls);
  live.calls.push = (...calls) => {
    for (const call of calls) if (call.startsWith("local.perform")) walks.push(walk());
    return push(...calls);
  };
  live.tell({ changed: true, backoffMs: 0 });
  await until(() => live.activity.length > 0);
  await live.rest();
  await Promise.all(walks);
  expect(walks).toHaveLength(3);
  for (const state of seen) expect(["01", "10"]).toContain(state);
  expect(await live.world.both()).toBe("a: 1\nb: 0");
});
