/** `snap restore --offline`: the disk first, Dropbox when it is in reach again (T27). */
import { expect, test } from "vitest";
import type { RestoreReport } from "../../src/core/snapshot/restore-report.ts";
import { RestoreWorld } from "./restore-world.ts";

const snapshot = "a: 1\nd/b: 2\nm/n: 6";

/** The snapshot holds what `snapshot` says; since then both sides went on. */
async function prepared(): Promise<RestoreWorld> {
  const world = await RestoreWorld.synced(snapshot);
  await world.capture("S");
  world.write("a: 9\n-m\nmoved/n: 6\nnew: 5");
  await world.world.sync();
  world.world.wire.forget();
  return world;
}

/** No request is answered from now on. */
function cutTheLine({ world }: RestoreWorld): void {
  world.admin.setFaults([{ fault: { kind: "dropRequest" } }]);
}

async function restoreOffline(world: RestoreWorld): Promise<RestoreReport> {
  cutTheLine(world);
  const report = await world.restore({ isOffline: true });
  world.world.admin.setFaults([]);
  return report;
}

test("T27: the disk is restored and nobody asks Dropbox, which follows with the next start", async () => {
  await using world = await prepared();
  const report = await restoreOffline(world);
  expect(report).toMatchObject({ state: "committed", exit: 4 });
  expect(report.left).toEqual([
    { path: "", side: "remote", reason: expect.stringContaining("--offline") },
  ]);
  expect(world.world.localText()).toBe(snapshot);
  expect(world.world.wire.requests, "no request").toEqual([]);
  const [ended] = await world.restart();
  expect(ended).toMatchObject({ state: "done", exit: 0, late: [] });
  expect(await world.world.both()).toBe(snapshot);
  expect(world.world.wire.transfers().uploads, "Dropbox puts back what it holds").toBe(0);
  await world.assertQuiet();
  await world.undo();
  expect(await world.world.both()).toBe("a: 9\nd/b: 2\nmoved/n: 6\nnew: 5");
});

test("T27: what others did in Dropbox before or after is late, and stays", async () => {
  await using world = await prepared();
  const { world: inner } = world;
  await inner.remote.write("a", "70");
  await inner.remote.write("d/b", "71");
  await inner.remote.write("other", "72");
  await restoreOffline(world);
  await inner.remote.write("new", "73");
  const [ended] = await world.restart();
  expect(ended).toMatchObject({ state: "partial", exit: 4 });
  expect(ended?.late).toEqual(["a", "new"]);
  const both = await inner.both();
  for (const content of ["70", "71", "72", "73"]) expect(both).toContain(`: ${content}`);
  await world.assertQuiet();
});

test("T27: without the word a restore without Dropbox ends with 7, and nothing is changed", async () => {
  await using world = await prepared();
  const before = world.world.localText();
  cutTheLine(world);
  await expect(world.restore()).rejects.toMatchObject({
    exit: 7,
    hint: expect.stringContaining("--offline"),
  });
  world.world.admin.setFaults([]);
  expect(world.world.localText()).toBe(before);
});

test("T27: where Dropbox was never read to its end, there is nothing to plan with", async () => {
  await using world = await prepared();
  world.world.deps.index.transaction(() => world.world.deps.index.setMeta("cursor", undefined));
  await expect(world.restore({ isOffline: true })).rejects.toMatchObject({ code: "refused" });
});

test("T27: the plan counts as uploaded what nobody can ask about", async () => {
  await using world = await prepared();
  cutTheLine(world);
  await world.restore({ isOffline: true });
  world.world.admin.setFaults([]);
  const plan = world.events.find((event) => event.type === "plan");
  expect(plan).toMatchObject({ plan: { server: { moved: 1 } } });
});
