/** Progress for programs: `--json --progress`. */
import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { Output } from "../../src/cli/output.ts";
import { DaemonBox } from "../support/daemon-box.ts";

/** What a program reads, with a clock of its own. */
function program(progress: boolean): {
  readonly output: Output;
  readonly events: () => readonly unknown[];
  at: number;
} {
  let written = "";
  const stdout = new Writable({
    write: (chunk: unknown, _encoding, taken) => {
      written += String(chunk);
      taken();
    },
  });
  const stderr = new Writable({ write: (_chunk, _encoding, taken) => taken() });
  const clock = { at: 5_000 };
  const flags = { json: true, progress, quiet: false, verbose: false, color: false };
  const output = new Output({ stdout, stderr, ...flags, now: () => clock.at });
  const events = (): readonly unknown[] =>
    written.split("\n").flatMap((line): unknown[] => (line === "" ? [] : [JSON.parse(line)]));
  return Object.assign(clock, { output, events });
}

test("programs are told of progress at most once a second, with items, bytes, rate and time left", () => {
  const told = program(true);
  for (let done = 0; done <= 12; done += 1) {
    const bytes = done * 1_000;
    told.output.progress({
      step: "sync",
      done,
      total: 20,
      bytes,
      bytesTotal: 20_000,
      current: "a",
    });
    told.at += 250;
  }
  const same = {
    v: 1,
    type: "progress",
    step: "sync",
    total: 20,
    bytesTotal: 20_000,
    current: "a",
  };
  expect(told.events()).toEqual([
    { ...same, done: 0, bytes: 0 },
    { ...same, done: 4, bytes: 4_000, bytesPerSecond: 4_000, secondsLeft: 4 },
    { ...same, done: 8, bytes: 8_000, bytesPerSecond: 4_000, secondsLeft: 3 },
    { ...same, done: 12, bytes: 12_000, bytesPerSecond: 4_000, secondsLeft: 2 },
  ]);
});

test("a new step has a rate of its own", () => {
  const told = program(true);
  const progress = { done: 5, total: undefined, bytes: 5_000, bytesTotal: undefined };
  told.output.progress({ ...progress, step: "scan", done: 0, bytes: 0 });
  told.at += 2_000;
  told.output.progress({ ...progress, step: "sync" });
  expect(told.events().at(-1)).toEqual({
    v: 1,
    type: "progress",
    step: "sync",
    done: 5,
    bytes: 5_000,
  });
});

test("who did not ask for it is told of none", () => {
  const told = program(false);
  told.output.progress({ step: "sync", done: 1, total: 2, bytes: 3, bytesTotal: 4 });
  expect(told.events()).toEqual([]);
});

test("link, sync, capture and restore tell of their progress", async () => {
  await using box = new DaemonBox();
  const steps = async (...words: readonly string[]): Promise<readonly unknown[]> => {
    const { events } = await box.run(0, ...words, "--progress");
    return events.filter(({ type }) => type === "progress").map(({ step }) => step);
  };
  for (const name of ["a", "b/c", "d"]) box.box.write(name, name);
  await box.run(0, "login", "--local");
  expect(await steps("link", box.box.workspace, "/w", "--initial", "push", "--yes")).not.toEqual(
    [],
  );
  expect(await steps("capture", "--label", "good")).not.toEqual([]);
  box.box.write("a", "edited");
  expect(await steps("sync")).not.toEqual([]);
  expect(await steps("restore", "good", "--yes")).not.toEqual([]);
  const { events } = await box.run(0, "sync");
  expect(events.filter(({ type }) => type === "progress")).toEqual([]);
});
