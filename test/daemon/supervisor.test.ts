import { expect, test } from "vitest";
import type { WorkerMessage } from "../../src/daemon/link.ts";
import { beat, beatMs, silentTicksMax } from "../../src/daemon/pulse.ts";
import { supervise, type WorkerProcess } from "../../src/daemon/supervisor.ts";
import { silentLogger } from "../../src/std/log.ts";
import { HeldClock } from "../support/held-clock.ts";

/** Workers that do what the test says. */
class Stage {
  readonly clock: HeldClock = new HeldClock();
  readonly ending: AbortController = new AbortController();
  readonly done: string[] = [];
  readonly logged: string[] = [];
  readonly over: Promise<void>;
  #started: (() => void)[] = [];
  #end: (how: string) => void = () => {};
  #tell: (message: WorkerMessage) => void = () => {};
  #count = 0;

  constructor() {
    this.over = supervise({
      startWorker: (onMessage) => this.#start(onMessage),
      clock: this.clock,
      logger: { ...silentLogger, error: (message) => void this.logged.push(message) },
      signal: this.ending.signal,
      onReady: () => this.done.push("ready"),
    });
  }

  async started(count: number): Promise<void> {
    while (this.#count < count) await new Promise<void>((resolve) => this.#started.push(resolve));
  }

  tell(message: WorkerMessage): void {
    this.#tell(message);
  }

  end(how: string): void {
    this.#end(how);
  }

  /** So much time goes by for the supervisor, tick by tick. */
  async ticks(count: number): Promise<void> {
    for (let tick = 0; tick < count; tick += 1) {
      await this.clock.sleeper(beatMs);
      this.clock.advance(beatMs);
      await turn();
    }
  }

  #start(onMessage: (message: WorkerMessage) => void): WorkerProcess {
    this.#count += 1;
    this.done.push("start");
    this.#tell = onMessage;
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#end = resolve;
    for (const wake of this.#started.splice(0)) wake();
    return {
      pid: 1,
      ended: promise,
      stop: () => this.done.push("stop"),
      kill: (signal) => {
        this.done.push(signal);
        if (signal === "SIGKILL") resolve(signal);
      },
    };
  }
}

/** Everybody who was woken has done what follows. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test("a worker that crashes is started again, later and later, up to a minute", async () => {
  const stage = new Stage();
  stage.tell({ type: "ready" });
  for (const [crash, delayMs] of [1, 2, 4, 8, 16, 32, 60, 60].entries()) {
    await stage.started(crash + 1);
    stage.end("SIGKILL");
    await stage.clock.sleeper(delayMs * 1000);
    stage.clock.advance(delayMs * 1000);
  }
  await stage.started(9);
  stage.ending.abort();
  stage.end("exit code 0");
  await stage.over;
  expect(stage.done.filter((what) => what === "ready")).toEqual(["ready"]);
});

test("a crash after a long quiet time counts as the first one", async () => {
  const stage = new Stage();
  stage.tell({ type: "ready" });
  for (const delayMs of [1000, 2000]) {
    stage.end("SIGKILL");
    await stage.clock.sleeper(delayMs);
    stage.clock.advance(delayMs);
    await stage.started(delayMs / 1000 + 1);
  }
  stage.clock.advance(700_000);
  stage.end("SIGSEGV");
  await stage.clock.sleeper(1000);
  stage.ending.abort();
  await stage.over;
});

test("what keeps the first worker from starting is told, and nothing is tried again", async () => {
  const stage = new Stage();
  stage.tell({ type: "failed", error: { code: "settings-invalid", message: "broken" } });
  stage.end("exit code 2");
  await expect(stage.over).rejects.toMatchObject({ code: "settings-invalid", message: "broken" });
  expect(stage.done).toEqual(["start"]);
});

test("a first worker that ends without a word is told by how it ended", async () => {
  const stage = new Stage();
  stage.end("SIGKILL");
  await expect(stage.over).rejects.toMatchObject({
    code: "unexpected",
    message: expect.stringContaining("SIGKILL"),
  });
});

test("a worker that ends because it was asked to is not started again", async () => {
  const stage = new Stage();
  stage.tell({ type: "ready" });
  stage.tell({ type: "stopping" });
  stage.end("exit code 0");
  await stage.over;
  expect(stage.done).toEqual(["start", "ready"]);
});

test("one that does not end gets SIGTERM after 30 seconds, and SIGKILL ten later", async () => {
  const stage = new Stage();
  stage.tell({ type: "ready" });
  stage.ending.abort();
  await stage.clock.sleeper(30_000);
  stage.clock.advance(30_000);
  await stage.clock.sleeper(10_000);
  expect(stage.done).toEqual(["start", "ready", "stop", "SIGTERM"]);
  stage.clock.advance(10_000);
  await stage.over;
  expect(stage.done.at(-1)).toBe("SIGKILL");
});

test("the end is not held up by the wait after a crash", async () => {
  const stage = new Stage();
  stage.tell({ type: "ready" });
  stage.end("SIGKILL");
  await stage.clock.sleeper(1000);
  stage.ending.abort();
  await stage.over;
  expect(stage.done).toEqual(["start", "ready"]);
});

test("a worker that hangs is killed after 20 ticks without a beat, started anew, and the log says so", async () => {
  const stage = new Stage();
  stage.tell({ type: "ready" });
  await stage.ticks(silentTicksMax - 1);
  expect(stage.done).toEqual(["start", "ready"]);
  await stage.ticks(1);
  expect(stage.done).toEqual(["start", "ready", "SIGKILL"]);
  expect(stage.logged[0]).toContain("no sign of life");
  await stage.clock.sleeper(1_000);
  stage.clock.advance(1_000);
  await stage.started(2);
  // The new one has all of its time.
  await stage.ticks(silentTicksMax - 1);
  expect(stage.done).toEqual(["start", "ready", "SIGKILL", "start"]);
  stage.ending.abort();
  stage.end("exit code 0");
  await stage.over;
});

test("a worker that beats goes on for ever, however late each beat is", async () => {
  const stage = new Stage();
  stage.tell({ type: "ready" });
  for (let times = 0; times < 5; times += 1) {
    await stage.ticks(silentTicksMax - 1);
    stage.tell({ type: "beat" });
  }
  expect(stage.done).toEqual(["start", "ready"]);
  stage.ending.abort();
  stage.end("exit code 0");
  await stage.over;
});

test("a machine that slept for a day, or a clock that went back, kills nothing: only ticks count", async () => {
  const stage = new Stage();
  stage.tell({ type: "ready" });
  for (const jump of [86_400_000, -3_600_000, 86_400_000]) {
    await stage.clock.sleeper(beatMs);
    stage.clock.advance(jump);
    await turn();
  }
  expect(stage.done).toEqual(["start", "ready"]);
  stage.ending.abort();
  stage.end("exit code 0");
  await stage.over;
});

test("a worker that is asked to end is not killed for its silence, but by the end of its time", async () => {
  const stage = new Stage();
  stage.tell({ type: "ready" });
  await stage.ticks(silentTicksMax - 1);
  stage.tell({ type: "stopping" });
  await turn();
  await stage.clock.sleeper(30_000);
  stage.clock.advance(30_000);
  await stage.clock.sleeper(10_000);
  expect(stage.done).toEqual(["start", "ready", "SIGTERM"]);
  stage.end("exit code 0");
  await stage.over;
});

test("a worker beats at once and every 30 seconds, until it ends", async () => {
  const clock = new HeldClock();
  const over = new AbortController();
  const told: unknown[] = [];
  const link = { tell: (message: WorkerMessage) => void told.push(message) };
  const beating = beat(link, { clock, signal: over.signal });
  for (let times = 1; times <= 3; times += 1) {
    expect(told).toHaveLength(times);
    await clock.sleeper(beatMs);
    clock.advance(beatMs);
    await turn();
  }
  over.abort();
  await beating;
  expect(told).toEqual(Array.from({ length: 4 }, () => ({ type: "beat" })));
});
