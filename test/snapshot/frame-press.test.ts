import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { afterAll, describe, expect, test } from "vitest";
import { blockBytes } from "../../src/core/tree/content-hash.ts";
import { compressFrame } from "../../src/snapshot/compress-frame.ts";
import { decodeFrame } from "../../src/snapshot/frame.ts";
import { FramePress, type FrameThreads } from "../../src/snapshot/frame-press.ts";
import { FrameRooms } from "../../src/snapshot/frame-room.ts";
import { silentLogger } from "../../src/std/log.ts";
import { ThreadFailure, Threads, workerBeside } from "../../src/threads/threads.ts";
import { noise } from "./scratch-store.ts";

const pressUrl = new URL("../../src/snapshot/frame-press.ts", import.meta.url).href;

function frameThreads(makeWorker: () => Worker = () => workerBeside(pressUrl, "frame-worker")) {
  const threads: FrameThreads = new Threads({ makeWorker, idleMs: 0 });
  return threads;
}

const threads = frameThreads();

afterAll(async () => {
  while (threads.count > 0) await setImmediate();
});

const text = Buffer.from("hello world, hello frames ".repeat(40_000));

/** Raw frames: short, long, a block behind its header, and one that is longer when it is compressed. */
const raws: readonly (readonly [Buffer, number | undefined, boolean])[] = [
  [text.subarray(0, 300), undefined, false],
  [text, undefined, false],
  [text, 512, false],
  [noise(blockBytes), 512, true],
  [noise(700_000), undefined, false],
];

test("N14, N16: a thread compresses as this one does, and the room can be used again", async () => {
  const rooms = new FrameRooms(2_000_000);
  const press = new FramePress(silentLogger, threads);
  for (let round = 0; round < 2; round += 1) {
    const frames = raws.map(async ([raw, blockAt, fast]) => {
      const room = rooms.take(raw.length);
      raw.copy(room.raw);
      const packed = await press.compress({
        room,
        length: raw.length,
        ...(blockAt === undefined ? {} : { blockAt }),
      });
      expect(compressFrame(raw, { fast }).equals(packed)).toBe(true);
      expect((await decodeFrame(Buffer.from(packed), raw.length)).equals(raw)).toBe(true);
      rooms.give(room);
    });
    await Promise.all(frames);
  }
});

test("N6: a room that was given back is taken again, one in use is not", () => {
  const rooms = new FrameRooms(1_000);
  const [one, two] = [rooms.take(10), rooms.take(10)];
  expect(one).not.toBe(two);
  rooms.give(two);
  expect(rooms.take(blockBytes)).not.toBe(two);
  expect(rooms.take(1_000)).toBe(two);
});

describe("where threads fail, this one compresses, and the log says so once", () => {
  const atFirst = (act: string): string =>
    `const { parentPort: port } = require("node:worker_threads"); port.once("message", (job) => { ${act}; });`;
  const broken: readonly (readonly [string, () => Worker])[] = [
    ["cannot be begun", () => expect.fail("no thread")],
    ["end at once", () => new Worker("process.exit(1)", { eval: true })],
    [
      "end in the middle",
      () => new Worker(atFirst("job.into.fill(7); process.exit(1)"), { eval: true }),
    ],
    ["answer nonsense", () => new Worker(atFirst("port.postMessage({ id: 0 })"), { eval: true })],
  ];
  test.each(broken)("threads that %s", async (_, makeWorker) => {
    const said: string[] = [];
    const logger = { ...silentLogger, error: (message: string) => void said.push(message) };
    const pool = frameThreads(makeWorker);
    const press = new FramePress(logger, pool);
    const rooms = new FrameRooms(2_000_000);
    const frames = await Promise.all(
      [1, 2, 3].map(async () => {
        const room = rooms.take(text.length);
        text.copy(room.raw);
        return await press.compress({ room, length: text.length });
      }),
    );
    const expected = compressFrame(text, { fast: false });
    expect(frames.every((frame) => expected.equals(frame))).toBe(true);
    expect(said).toEqual(["frames are compressed in one thread"]);
    while (pool.count > 0) await setImmediate();
  });
});

test("N61: a job that cannot be handed over fails by itself, and its thread does the next one", async () => {
  const one: FrameThreads = new Threads({
    makeWorker: () => workerBeside(pressUrl, "frame-worker"),
    most: 1,
    idleMs: 0,
  });
  const room = new FrameRooms(2_000_000).take(text.length);
  text.copy(room.raw);
  const job = { raw: room.raw.subarray(0, text.length), into: room.packed, blockAt: undefined };
  // @ts-expect-error a function cannot be copied to a thread
  await expect(one.run({ ...job, blockAt: () => {} })).rejects.toBeInstanceOf(ThreadFailure);
  expect(await one.run(job)).toBe(compressFrame(text, { fast: false }).length);
  while (one.count > 0) await setImmediate();
});
