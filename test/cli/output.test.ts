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
  const flags = { json: false, quiet: false, verbose: false, color: false };
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
