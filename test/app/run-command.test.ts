import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runCommand, type CommandEnd } from "../../src/app/run-command.ts";
import { systemClock, type Clock } from "../../src/std/time.ts";
import { processEnd } from "../support/daemon-box.ts";

let top: string;
beforeEach(() => {
  top = mkdtempSync(path.join(os.tmpdir(), "snap-command-"));
});
afterEach(() => rmSync(top, { recursive: true }));

const timeoutMs = 60_000;

/** The time for the program never ends; every other wait is over at the next turn. */
const clock: Clock = {
  now: () => systemClock.now(),
  sleep: (delayMs, signal) =>
    delayMs === timeoutMs
      ? new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)))
      : setImmediate(),
};

function shell(text: string, signal?: AbortSignal): Promise<CommandEnd> {
  const words = ["-c", text];
  const variables = { PATH: process.env["PATH"] ?? "" };
  return runCommand({
    program: "/bin/sh",
    words,
    folder: top,
    variables,
    timeoutMs,
    signal,
    clock,
  });
}

/** What a program writes into a file, once it is there as a whole line. */
async function line(name: string): Promise<string> {
  const file = path.join(top, name);
  for (;;) {
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    if (text.endsWith("\n")) return text.trimEnd();
    await setImmediate();
  }
}

test.each([
  [
    "what it started and what does not listen",
    `/bin/sh -c 'trap "" TERM; echo $$ > pid; exec sleep 1000' & wait`,
  ],
  ["itself where it does not listen", `trap "" TERM; echo $$ > pid; while :; do sleep 1000; done`],
  ["itself where it does", `echo $$ > pid; exec sleep 1000`],
])("a program that is interrupted is ended: %s", async (_, text) => {
  const stop = new AbortController();
  const running = shell(text, stop.signal);
  const pid = Number(await line("pid"));
  stop.abort();
  expect(await running).toMatchObject({ failure: "was interrupted" });
  await processEnd(pid);
});

test("what a program that ends by itself leaves running goes on", async () => {
  expect(await shell("sleep 1000 & echo $! > pid")).toEqual({ failure: undefined, output: "" });
  const pid = Number(await line("pid"));
  expect(process.kill(pid, "SIGKILL")).toBe(true);
  await processEnd(pid);
});

test("how it failed is told, with the end of what it wrote", async () => {
  expect(await shell("echo no room; exit 3")).toEqual({
    failure: "ended with 3",
    output: "no room\n",
  });
  expect(await shell("exit 0", AbortSignal.abort())).toMatchObject({ failure: "was not started" });
});

test.each([
  ["a list of words that is too long", "/bin/echo", "x".repeat(200_000)],
  ["a name that is too long", "x".repeat(300), ""],
  ["no program of that name", "/nowhere", ""],
])("what cannot be run has failed, and is no mistake of ours: %s", async (_, program, word) => {
  const run = { program, words: [word], folder: top, variables: {}, timeoutMs, signal: undefined };
  expect(await runCommand({ ...run, clock })).toMatchObject({
    failure: expect.stringMatching(/^cannot be run \(spawn/u),
  });
});
