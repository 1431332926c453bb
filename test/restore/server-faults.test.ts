/** Whatever the server does to one call of the restore's own: the end is right, and nothing is uploaded that Dropbox holds (V72, T6). */
import { expect, test } from "vitest";
import type { Fault } from "../../src/server/control/fault-script.ts";
import { RestoreWorld } from "./restore-world.ts";

const whole = "a: 1\nb: 2\nd/c: 3\ne: 4\nf/g: 4\np/q: 5\np/r: 6";

/** A file of each kind: edited, deleted, moved into a folder that is gone, copied from a living one; and a folder that was renamed. */
async function damaged(): Promise<RestoreWorld> {
  const world = await RestoreWorld.synced("a: 1\nb: 2\nd/c: 3\ne: 4\np/q: 5\np/r: 6");
  world.write("f/g: 4");
  await world.capture("S");
  world.write("a: 9\n-b\n-d\nx: 3\n-f\n-p\nz/q: 5\nz/r: 6");
  await world.world.sync();
  world.world.wire.forget();
  return world;
}

/** Every route that writes or asks for this restore, until it is handed over. */
const routes = [
  "files/create_folder_batch",
  "files/move_batch_v2",
  "files/move_batch/check_v2",
  "files/copy_batch_v2",
  "files/copy_batch/check_v2",
  "files/list_revisions",
  "files/restore",
  "files/list_folder",
];

const faults: readonly (readonly [string, Fault])[] = [
  ["an answer that is lost", { kind: "dropResponse" }],
  ["a request that is lost", { kind: "dropRequest" }],
  ["500", { kind: "status", status: 500 }],
  ["503 with a wait", { kind: "status", status: 503, retryAfterSeconds: 5 }],
  ["429 without a wait", { kind: "status", status: 429 }],
  ["429 with a wait", { kind: "status", status: 429, retryAfterSeconds: 20 }],
  ["a token that has expired", { kind: "status", status: 401 }],
  ["an answer cut short", { kind: "truncate", bytes: 1 }],
  ["an answer that breaks off", { kind: "reset", of: "response", bytes: 3 }],
];

async function expectWhole(world: RestoreWorld): Promise<void> {
  expect(await world.world.both()).toBe(whole);
  expect(world.world.wire.transfers().uploads, "uploads").toBe(0);
  await world.assertQuiet();
}

test("the routes of this file are all that such a restore writes to before it is handed over", async () => {
  await using world = await damaged();
  expect(await world.restore()).toMatchObject({
    exit: 0,
    reverted: 2,
    moved: 3,
    copied: 1,
    uploadedBytes: 0,
  });
  const written = new Set(world.world.wire.writes().map(({ route }) => route.replace("/2/", "")));
  written.delete("files/delete_v2");
  expect([...written].filter((route) => !routes.includes(route))).toEqual([]);
  await expectWhole(world);
});

test.each(routes.flatMap((route) => faults.map(([name, fault]) => [route, name, fault] as const)))(
  "V72: %s meets %s",
  async (route, _name, fault) => {
    await using world = await damaged();
    world.world.admin.setFaults([{ match: { route }, fault, times: 1 }]);
    const report = await world.restore();
    world.world.admin.setFaults([]);
    expect(report).toMatchObject({ exit: 0, state: "done", late: [], left: [] });
    await expectWhole(world);
  },
);

test.each([
  "files/move_batch_v2",
  "files/copy_batch_v2",
  "files/restore",
  "files/create_folder_batch",
])(
  "T27: where Dropbox is away from the answer of %s on, the next start goes on, and uploads nothing",
  async (route) => {
    await using world = await damaged();
    const { admin, wire } = world.world;
    wire.after(route, () => {
      admin.setFaults([{ fault: { kind: "dropRequest" } }]);
      throw new TypeError("fetch failed");
    });
    expect(await world.restore()).toMatchObject({ exit: 4 });
    admin.setFaults([]);
    await world.restart();
    await world.world.sync();
    await expectWhole(world);
  },
);
