import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { Output } from "../../src/cli/output.ts";
import { turn } from "../../src/std/turn.ts";

/** A reader that takes one write when it is told to. */
class SlowReader extends Writable {
  #taken: (() => void) | undefined;

  constructor() {
    super({ highWaterMark: 16 });
  }

  override _write(_chunk: unknown, _encoding: unknown, taken: () => void): void {
    this.#taken = taken;
  }

  take(): void {
    this.#taken?.();
  }
}

function outputTo(stdout: Writable): Output {
  const stderr = new Writable({ write: (_chunk, _encoding, taken) => taken() });
  const flags = { json: false, progress: false, quiet: false, verbose: false, color: false };
  return new Output({ stdout, stderr, ...flags, now: () => 0 });
}

/** Whether it ends within a few turns. */
async function ends(work: Promise<void>): Promise<boolean> {
  let isEnded = false;
  const ended = work.then(() => (isEnded = true));
  for (let turns = 0; turns < 5; turns += 1) await turn();
  if (isEnded) await ended;
  return isEnded;
}

test("S107: who prints a long list waits for a slow reader, and for nobody else", async () => {
  const reader = new SlowReader();
  const output = outputTo(reader);
  expect(await ends(output.flushed()), "nothing was written").toBe(true);
  output.say("short");
  expect(await ends(output.flushed()), "there is room").toBe(true);
  output.say("more than the room that there is");
  const flushed = output.flushed();
  expect(await ends(flushed)).toBe(false);
  reader.take();
  await turn();
  expect(await ends(flushed), "the second line is still to be taken").toBe(false);
  reader.take();
  expect(await ends(flushed)).toBe(true);
  expect(reader.listenerCount("drain")).toBe(0);
});

test("S107: a reader that goes away is not waited for", async () => {
  const reader = new SlowReader();
  reader.on("error", () => {});
  const output = outputTo(reader);
  output.say("more than the room that there is");
  const flushed = output.flushed();
  expect(await ends(flushed)).toBe(false);
  reader.destroy(Object.assign(new Error("gone"), { code: "EPIPE" }));
  expect(await ends(flushed)).toBe(true);
  output.say("more than the room that there is");
  expect(await ends(output.flushed())).toBe(true);
});

test("S107: Ctrl-C ends the wait for a reader that takes nothing", async () => {
  const reader = new SlowReader();
  const output = outputTo(reader);
  const stop = new AbortController();
  output.say("more than the room that there is");
  const flushed = output.flushed(stop.signal);
  const caught = expect(flushed).rejects.toMatchObject({ code: "interrupted", exit: 130 });
  stop.abort();
  await caught;
  expect(reader.listenerCount("drain")).toBe(0);
  await expect(output.flushed(stop.signal)).rejects.toMatchObject({ code: "interrupted" });
});

/** What a terminal would show of the progress of restores, line by line. */
function terminal(): {
  readonly output: Output;
  readonly lines: () => readonly string[];
  at: number;
} {
  let written = "";
  const stderr = new Writable({
    write: (chunk: unknown, _encoding, taken) => {
      written += String(chunk);
      taken();
    },
  });
  const flags = { json: false, progress: false, quiet: false, verbose: false, color: false };
  const shown = { at: 1_000 };
  const output = new Output({
    stdout: new Writable({ write: (_chunk, _encoding, taken) => taken() }),
    stderr: Object.assign(stderr, { isTTY: true, columns: 100 }),
    ...flags,
    now: () => shown.at,
  });
  const lines = (): readonly string[] =>
    written.split("\n").map((line) => line.split("\r\u001b[K").at(-1) ?? "");
  return Object.assign(shown, { output, lines });
}

test("T46: each step of a restore that was long enough stays on the terminal, once, with its bytes and time", () => {
  const screen = terminal();
  const told = (step: string, done: number, bytes: number): void => {
    const total = step === "scan" ? undefined : 4;
    const bytesTotal = bytes === 0 ? undefined : 4_096;
    screen.output.progress({ step, done, total, bytes, bytesTotal });
    screen.at += 2_000;
  };
  screen.output.listSteps();
  for (const done of [1, 2]) told("scan", done, 0);
  for (const done of [1, 2, 3, 4]) told("stage", done, done * 1_024);
  screen.output.say("something else");
  for (const done of [1, 2]) told("commit", done, 0);
  told("scan", 3, 0);
  for (const done of [3, 4]) told("commit", done, 0);
  screen.output.result("restore", 0, {});
  expect(screen.lines()).toEqual([
    "scan 2 · 2s",
    "stage 4/4 · 4.0 KiB of 4.0 KiB · 683 B/s · 6s",
    "commit 4/4 · 2s",
    "",
  ]);
});

test("without that only the newest line is shown, and none is left", () => {
  const screen = terminal();
  for (const done of [1, 2, 3]) {
    screen.output.progress({ step: "sync", done, total: 3, bytes: 0, bytesTotal: undefined });
    screen.at += 2_000;
  }
  screen.output.result("sync", 0, {});
  expect(screen.lines()).toEqual([""]);
});
