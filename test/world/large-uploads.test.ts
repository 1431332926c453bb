import { expect, test } from "vitest";
import { bytesOf } from "../../src/core/transfer/stretches.ts";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import { realWorlds } from "../support/scenario.ts";
import { World } from "../support/world.ts";

test.each(realWorlds)(
  "F5: of a file that grows while it goes up, only whole states arrive (S25, S57) [$name]",
  async ({ options }) => {
    await using world = await World.open(options());
    const size = 20 * 1024 * 1024;
    const states = new Set<string>();
    let content = Buffer.alloc(size, 7);
    const save = (): void => {
      world.local.write("log", content);
      states.add(contentHashOf(content));
    };
    save();
    let appends = 0;
    const append = (): void => {
      appends += 1;
      content = Buffer.concat([content, Buffer.from(`line ${appends}`)]);
      save();
      if (appends < 6) world.wire.before("/upload_session/append_v2", append);
    };
    world.wire.before("/upload_session/append_v2", append);
    const revisions = new Set<string>();
    for (let run = 0; run < 6; run += 1) {
      await world.syncOnce();
      for (const hash of await world.remote.revisionHashes("log")) revisions.add(hash);
    }
    await world.sync(0);
    expect(appends).toBe(6);
    for (const hash of await world.remote.revisionHashes("log")) revisions.add(hash);
    expect([...revisions].filter((hash) => !states.has(hash))).toEqual([]);
    expect((await world.remote.bytes("log")).equals(content)).toBe(true);
  },
);

test("S57: a large upload that was interrupted goes on where the server has it", async () => {
  await using world = await World.open();
  world.local.write("big", Buffer.alloc(20 * 1024 * 1024, 7));
  const stop = new AbortController();
  world.wire.after("/upload_session/append_v2", () => stop.abort());
  await expect(world.syncOnce(stop.signal)).rejects.toMatchObject({ code: "interrupted" });
  const [file] = world.index.local.all();
  const known = world.index.upload(file?.node ?? 0)?.acknowledged ?? [];
  world.restart();
  world.wire.forget();
  await world.sync();
  await world.both();
  expect(world.wire.calls("/upload_session/start")).toBe(0);
  // Which of the parts that were under way had been acknowledged is left to chance.
  const missing = 5 - bytesOf(known) / (4 * 1024 * 1024);
  expect(world.wire.calls("/upload_session/append_v2")).toBe(missing);
  await world.assertAlways();
});

test("S57: a session of a file that changed since is not gone on with", async () => {
  await using world = await World.open();
  world.local.write("big", Buffer.alloc(20 * 1024 * 1024, 7));
  const stop = new AbortController();
  world.wire.after("/upload_session/append_v2", () => stop.abort());
  await expect(world.syncOnce(stop.signal)).rejects.toMatchObject({ code: "interrupted" });
  world.restart();
  world.local.write("big", Buffer.alloc(20 * 1024 * 1024, 8));
  await world.sync();
  await world.both();
  await world.assertAlways();
});
