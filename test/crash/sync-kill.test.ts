import { expect, test } from "vitest";
import { forEachLimited } from "../../src/std/limiter.ts";
import { endLayer } from "../support/layer.ts";
import { SyncProgram } from "./sync-program.ts";
import { protocols, type Protocol } from "./sync-protocols.ts";
import { cpuSeconds, SyncRun } from "./sync-run.ts";

/** Protocols that run side by side. */
const parallel = 4;

/** CPU seconds for all of it, which do not depend on who else is at work. */
const cpuSecondsMax = 180;

const killsMin = 220;

/** No protocol has more fault points. */
const pointsMax = 100;

/** Only a process that ends by itself leaves its compiled code to the next ones. */
async function warmUp(program: SyncProgram): Promise<void> {
  await using run = await SyncRun.open();
  run.local.write("f", "any");
  await run.start(program, { killAt: pointsMax, copies: true }).passed;
}

/** Cut one protocol off before each of its fault points in turn, and let the next run go on. @returns the number of kills. */
async function cutOffEverywhere(program: SyncProgram, protocol: Protocol): Promise<number> {
  await using run = await SyncRun.open();
  protocol.base?.(run);
  await run.sync();
  for (let kill = 0; kill < pointsMax; kill += 1) {
    const at = `${protocol.name}, killed at point ${kill}`;
    const wanted = await protocol.arrange(run, kill);
    const order = { killAt: kill, only: protocol.only, copies: protocol.copies ?? false };
    const passed = await run.start(program, order).passed;
    await run.sync();
    const trees = await run.trees();
    expect(trees.local, `here: ${at}`).toBe(wanted);
    expect(trees.remote, `there: ${at}`).toBe(wanted);
    await run.assertClean(at);
    protocol.check?.(run);
    if (passed !== undefined) return kill;
  }
  throw new Error(`${protocol.name} has more than ${pointsMax} fault points`);
}

test("S74, P1, P2: a sync that is killed anywhere is finished by the next one, and nothing is lost", async () => {
  const began = { at: performance.now(), cpu: cpuSeconds() };
  const kills = new Map<string, number>();
  using program = await SyncProgram.make();
  await warmUp(program);
  await forEachLimited(protocols, { parallel }, async (protocol) => {
    kills.set(protocol.name, await cutOffEverywhere(program, protocol));
  });
  const total = [...kills.values()].reduce((sum, count) => sum + count, 0);
  const seconds = (performance.now() - began.at) / 1000;
  const cpu = (cpuSeconds() ?? 0) - (began.cpu ?? 0);
  expect([...kills].filter(([, count]) => count < 2)).toEqual([]);
  expect(total, "fault points: a kind of them may be counted no more").toBeGreaterThan(killsMin);
  endLayer(
    { name: "crash", cpuBudgetSeconds: cpuSecondsMax },
    { cases: total, seconds, cpuSeconds: cpu },
  );
}, 600_000);
