import { expect } from "vitest";
import { forEachLimited } from "../../src/std/limiter.ts";
import { Countdown, Killed } from "./countdown.ts";
import type { RestoreWorld } from "./restore-world.ts";

/** Every port call of a run that is not killed. */
export async function callsOf({
  prepare,
  run,
}: Pick<Table, "prepare" | "run">): Promise<readonly string[]> {
  await using world = await prepare();
  world.countdown = new Countdown();
  await run(world);
  expect(world.world.localText(), "a run that is not killed").toBe(await world.world.remoteText());
  return world.countdown.calls;
}

type Moment = { readonly call: number; readonly when: "before" | "after" };

/** Calls that leave something behind; a kill between two others finds what the last of these left. */
const changing =
  /^(journal\.(put|set)|index\.transaction|capture|engine|units\.(stage|swap)|local\.(stage|make|perform|settle|set|remove|write)|remote\.(upload|make|move|delete|write|revert|relocate))/;

/** After every call that changes something, and before those that are long; nothing is written before the journal is. */
function momentsOf(calls: readonly string[]): readonly Moment[] {
  const first = calls.findIndex((name) => name.startsWith("journal.put"));
  return calls.flatMap((name, index): Moment[] => {
    if (index < first || !changing.test(name)) return [];
    const after = { call: index + 1, when: "after" } as const;
    const isLong = /^(engine|capture|units|local\.perform|remote)/.test(name);
    return isLong ? [{ call: index + 1, when: "before" }, after] : [after];
  });
}

/** Kill a run at one moment, start again, sync, and say which of the two states both sides are in. */
async function outcomeOf(
  { prepare, run, look = () => "" }: Table,
  { call, when }: Moment,
): Promise<string> {
  await using world = await prepare();
  world.countdown = new Countdown(call, when);
  await run(world).catch((error: unknown) => {
    if (!(error instanceof Killed)) throw error;
  });
  await world.restart();
  await world.world.sync();
  const both = `${await world.world.both()}${look(world)}`;
  await world.assertQuiet();
  return both;
}

/** Worlds at once: most of their time they wait for the disk. */
const worldsParallel = 6;

/** What is killed, and how it may end. */
export type Table = {
  readonly prepare: () => Promise<RestoreWorld>;
  readonly run: (world: RestoreWorld) => Promise<unknown>;
  /** The states in which both sides may end. */
  readonly ends: readonly string[];
  /** What there is beside what both sides hold. */
  readonly look?: (world: RestoreWorld) => string;
  /** Every how many moments are tried. */
  readonly step: number;
};

/** Kill a run at every moment, start again, and see that it ended in one of the states, each of which occurs. */
export async function crashTable(table: Table): Promise<void> {
  const calls = await callsOf(table);
  const moments = momentsOf(calls).filter((_moment, index) => index % table.step === 0);
  const met = new Set<string>();
  await forEachLimited(moments, { parallel: worldsParallel }, async (moment) => {
    const both = await outcomeOf(table, moment);
    const name = `${moment.when} ${moment.call} ${calls[moment.call - 1]}`;
    expect(table.ends, name).toContain(both);
    met.add(both);
  });
  expect([...met].toSorted(), "every end occurs").toEqual(table.ends.toSorted());
}
