import { describe, expect, test } from "vitest";
import type { LocalAct } from "../../src/core/plan/local-act.ts";
import { abandon } from "../../src/restore/abandon.ts";
import { restoreSnapshot } from "../../src/restore/restore-snapshot.ts";
import type { RestoreDeps, RestoreEvent } from "../../src/restore/restore-deps.ts";
import { keepUndoDefaultMs } from "../../src/core/settings/catalogue.ts";
import { sweepUndo } from "../../src/restore/sweep.ts";
import { SnapError } from "../../src/std/error.ts";
import { Countdown, Killed } from "./countdown.ts";
import { RestoreWorld } from "./restore-world.ts";

const start = "a: 9\nd/b: 2\nnew: 5";
const snapshot = "a: 1\nd/b: 2";
const request = { snapshot: "S", paths: [], consent: { by: "yes" } } as const;

const afterSnapshot = (): Promise<RestoreWorld> => RestoreWorld.afterSnapshot("a: 9\nnew: 5");

/** The world's dependencies with one more listener. */
async function listening(
  world: RestoreWorld,
  onEvent: (event: RestoreEvent) => void,
): Promise<RestoreDeps> {
  const deps = await world.deps();
  return {
    ...deps,
    onEvent: (event) => {
      deps.onEvent(event);
      onEvent(event);
    },
  };
}

/** Start a restore and kill it after the last call of that name. */
async function killedAfter(world: RestoreWorld, name: string): Promise<void> {
  await using twin = await afterSnapshot();
  await twin.restore();
  world.countdown = new Countdown(twin.countdown.calls.lastIndexOf(name) + 1, "after");
  await expect(world.restore()).rejects.toThrow(Killed);
}

describe("Ctrl-C (T30)", () => {
  test.each(["saved", "fenced", "staged"] as const)(
    "in state %s takes everything back and exits 130",
    async (state) => {
      await using world = await afterSnapshot();
      const stop = new AbortController();
      const deps = await listening(world, (event) => {
        if (event.type === "state" && event.state === state) stop.abort();
      });
      const run = restoreSnapshot(deps, request, { signal: stop.signal });
      await expect(run).rejects.toMatchObject({ code: "interrupted", exit: 130 });
      expect(deps.journal.restores().map((row) => row.state)).toEqual(["not-done"]);
      expect(await world.world.both()).toBe(start);
      await world.assertQuiet();
    },
  );

  test("after the first swap the batch ends, and the next start goes on", async () => {
    await using world = await afterSnapshot();
    const stop = new AbortController();
    const deps = await listening(world, (event) => {
      if (event.type === "state" && event.state === "committing") stop.abort();
    });
    const run = restoreSnapshot(deps, request, { signal: stop.signal });
    await expect(run).rejects.toMatchObject({ code: "interrupted", exit: 130 });
    expect(world.world.localText()).toBe("a: 1\nd/b: 2\nnew: 5");
    await expect(world.world.engine.sync()).rejects.toMatchObject({ code: "refused" });
    expect(await world.restart()).toMatchObject([{ state: "done", exit: 0 }]);
    expect(await world.world.both()).toBe(snapshot);
    await world.assertQuiet();
  });
});

describe("an unfinished restore", () => {
  test("T33: no other one begins", async () => {
    await using world = await afterSnapshot();
    await killedAfter(world, "local.perform");
    world.countdown = new Countdown();
    world.world.restart();
    await expect(world.restore()).rejects.toMatchObject({ code: "refused", exit: 3 });
  });

  test("T30: abandoned before the first swap, it is taken back", async () => {
    await using world = await afterSnapshot();
    await killedAfter(world, "local.stage");
    const report = await abandoned(world);
    expect(report).toMatchObject({ kind: "restore", state: "not-done" });
    expect(await world.world.both()).toBe(start);
    await world.assertQuiet();
  });

  test("T30: abandoned after it, it is undone", async () => {
    await using world = await afterSnapshot();
    await killedAfter(world, "local.perform");
    const report = await abandoned(world);
    expect(report).toMatchObject({ kind: "undo", exit: 0 });
    expect(await world.world.both()).toBe(start);
    await world.assertQuiet();
  });

  async function abandoned(world: RestoreWorld): ReturnType<typeof abandon> {
    world.countdown = new Countdown();
    world.world.restart();
    const deps = await world.deps();
    const [row] = deps.journal.restores();
    return await abandon(deps, { restore: row?.id ?? "", consent: { by: "yes" } });
  }

  test("§6: a place that somebody wrote to while it was down is left as it is, exit 4", async () => {
    await using world = await afterSnapshot();
    await killedAfter(world, "local.stage");
    world.countdown = new Countdown();
    await world.restart();
    const calls = new Countdown();
    world.countdown = calls;
    const deps = await listening(world, (event) => {
      if (event.type === "state" && event.state === "committing") world.write("a: 4");
    });
    const report = await restoreSnapshot(deps, request);
    expect(report).toMatchObject({ state: "partial", exit: 4, left: [{ path: "a" }] });
    await world.world.sync();
    expect(await world.world.both()).toBe("a: 4\nd/b: 2");
    await world.assertQuiet();
  });
});

test("T31: where the new file cannot come, the folder that gave way returns", async () => {
  await using world = await RestoreWorld.afterSnapshot("-a\na/x: 3\na/y: 4");
  const deps = await world.deps();
  const local: RestoreDeps["local"] = new Proxy(deps.local, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (name !== "perform" || typeof member !== "function") return member;
      return (act: LocalAct): unknown => {
        const isNew = act.act === "place" && act.source.area.kind === "staging";
        if (!isNew) return Reflect.apply(member, target, [act]);
        return Promise.reject(new SnapError("permission-denied", "No entry"));
      };
    },
  });
  const report = await restoreSnapshot({ ...deps, local }, request);
  expect(report).toMatchObject({ state: "partial", exit: 4, left: [{ path: "a" }] });
  await world.world.sync();
  expect(await world.world.both()).toBe("a/x: 3\na/y: 4\nd/b: 2");
  await world.assertQuiet();
});

describe("somebody else, meanwhile", () => {
  test("T26: an edit in Dropbox behind the fence keeps the name, and the restored file becomes a copy", async () => {
    await using world = await afterSnapshot();
    const deps = await world.deps();
    const local: RestoreDeps["local"] = new Proxy(deps.local, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (name !== "stage" || typeof member !== "function") return member;
        return async (...input: unknown[]): Promise<unknown> => {
          await world.world.remote.write("a", "7");
          return Reflect.apply(member, target, input);
        };
      },
    });
    const report = await restoreSnapshot({ ...deps, local }, request);
    expect(report).toMatchObject({ state: "partial", exit: 4, late: ["a"] });
    const text = await world.world.both();
    expect(text).toMatch(/^a: 7\na \(conflicted copy box [\d-]+\): 1\nd\/b: 2$/);
    await world.assertQuiet();
  });

  test("T27: without a line the local half is done, and the next start pushes", async () => {
    await using world = await afterSnapshot();
    const deps = await world.deps();
    const engine: RestoreDeps["engine"] = deps.engine && {
      ...deps.engine,
      observe: (work) => deps.engine?.observe(work) ?? Promise.reject(),
      raiseFence: (id, work) => deps.engine?.raiseFence(id, work) ?? Promise.reject(),
      lowerFence: (id) => deps.engine?.lowerFence(id),
      rebase: async (...input) => deps.engine?.rebase(...input),
      sync: () => Promise.reject(new SnapError("offline", "Dropbox cannot be reached")),
    };
    const report = await restoreSnapshot({ ...deps, engine }, request);
    expect(report).toMatchObject({ state: "handed", exit: 4 });
    expect(world.world.localText()).toBe(snapshot);
    expect(await world.restart()).toMatchObject([{ state: "done", exit: 0 }]);
    expect(await world.world.both()).toBe(snapshot);
    await world.assertQuiet();
  });
});

test("T32: the undo area goes after seven days, and the safety snapshot serves instead", async () => {
  await using world = await afterSnapshot();
  await world.restore();
  await sweepUndo(await world.deps(), keepUndoDefaultMs);
  expect(world.world.local.own("undo").size).toBeGreaterThan(0);
  world.world.clock.advance(keepUndoDefaultMs + 1);
  await sweepUndo(await world.deps(), keepUndoDefaultMs);
  expect([...world.world.local.own("undo").keys()]).toEqual([]);
  expect((await world.undo()).exit).toBe(0);
  expect(await world.world.both()).toBe(start);
});
