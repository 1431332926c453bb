/** The engine that is always on, and what runs around its work. */
import { expect, test } from "vitest";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import { SnapError, type ErrorCode } from "../../src/std/error.ts";
import { LiveWorld } from "./live-world.ts";

test("cli.md: hooks are around the work, and one that fails lets nothing be done", async () => {
  const told: string[] = [];
  let refuses = true;
  await using live = await LiveWorld.resting("a: 0\nb: 0", {
    beforeWork: async () => {
      told.push("before");
      if (refuses) throw new SnapError("refused", "The hook failed");
      await Promise.resolve();
    },
    afterWork: async (outcome) => void told.push(outcome),
  });
  expect(told).toEqual([]);
  live.world.local.write("a", "1");
  await live.changed("a");
  expect(live.engine.status()).toMatchObject({ state: "waiting", trouble: { code: "refused" } });
  expect(live.activity).toEqual([]);
  refuses = false;
  await live.pass(await live.rest());
  expect(told).toEqual(["before", "not-done", "before", "done"]);
  expect(live.activity).toEqual(["R.put a"]);
  live.engine.nudge();
  await live.cycle();
  expect(told).toHaveLength(4);
});

test("T42: the hook after is told what really came of it", async () => {
  const told: string[] = [];
  await using live = await LiveWorld.resting("a: 0", {
    beforeWork: async () => void told.push("before"),
    afterWork: async (outcome) => void told.push(outcome),
  });
  const { hooks, local } = live.world;
  const refuse = (code: ErrorCode): void =>
    hooks.instead("remote.upload", () => {
      throw new SnapError(code, "Not now");
    });
  refuse("quota-exceeded");
  local.write("a", "1");
  await live.changed("a");
  expect(told.splice(0)).toEqual(["before", "partial"]);
  refuse("login-revoked");
  local.write("a", "2");
  live.marks.changed([parseRelPath("a")]);
  live.clock.advance(await live.rest());
  expect(await live.ended()).toMatchObject({ code: "login-revoked" });
  expect(told.splice(0)).toEqual(["before", "not-done"]);
  live.start();
  await live.rest();
  expect(told.splice(0)).toEqual(["before", "done"]);
  refuse("disk-full");
  local.write("a", "3");
  await live.changed("a");
  expect(live.engine.status()).toMatchObject({ state: "waiting", trouble: { code: "disk-full" } });
  expect(told.splice(0), "not only when it is over").toEqual(["before", "not-done"]);
  await live.pass(await live.rest());
  expect(told.splice(0)).toEqual(["before", "done"]);
  hooks.after("remote.upload", () => void live.stop());
  for (const name of ["a", "b", "c"]) local.write(name, "4");
  live.marks.lost("test");
  live.clock.advance(await live.rest());
  await live.ended();
  expect(told.splice(0)).toEqual(["before", "not-done"]);
});
