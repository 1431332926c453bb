/** Bodies on their way through faults (V72): never held whole, and let go of when nobody wants them. */
import { expect, test } from "vitest";
import { seededRng } from "../../src/std/random.ts";
import {
  breakAfter,
  changeByte,
  delayPieces,
  reshape,
} from "../../src/server/control/body-steps.ts";
import type { BodyStep } from "../../src/server/control/body-steps.ts";
import { Control } from "../../src/server/control/control.ts";
import { ConnectionCut } from "../../src/server/wire/connection-cut.ts";
import { loadDefinition } from "../../src/server/wire/definition.ts";
import { openDatabase } from "../../src/server/store/database.ts";
import { Waiters } from "../../src/server/tree/waiters.ts";
import { SetClock } from "../support/checked-server.ts";
import { TestClock } from "../support/test-clock.ts";

/** A body of pieces that knows how many were asked for, and whether it was let go of. */
class Source {
  pulled = 0;
  reason: unknown = undefined;
  readonly stream: ReadableStream<Uint8Array>;

  constructor(pieces: readonly Uint8Array[]) {
    this.stream = new ReadableStream(
      {
        pull: (controller) => {
          const piece = pieces[this.pulled];
          this.pulled += 1;
          if (piece === undefined) controller.close();
          else controller.enqueue(piece);
        },
        cancel: (reason) => {
          this.reason = reason ?? "cancelled";
        },
      },
      { highWaterMark: 0 },
    );
  }
}

function source(...texts: readonly string[]): Source {
  return new Source(texts.map((text) => Buffer.from(text)));
}

const signal = new AbortController().signal;

function through(body: Source, ...steps: readonly BodyStep[]): ReadableStream<Uint8Array> {
  return reshape(body.stream, { steps, onBytes: () => {}, signal });
}

async function textsOf(body: ReadableStream<Uint8Array>): Promise<readonly string[]> {
  const texts: string[] = [];
  try {
    for await (const piece of body) texts.push(Buffer.from(piece).toString());
  } catch (error) {
    texts.push(String(error));
  }
  return texts;
}

const broken = (): Error => new Error("cut");

test.each([
  [0, ["Error: cut"]],
  [1, ["0", "Error: cut"]],
  [3, ["012", "Error: cut"]],
  [4, ["012", "3", "Error: cut"]],
  [5, ["012", "34"]],
  [9, ["012", "34"]],
])("V72: a body of five bytes that breaks after %i", async (bytes, expected) => {
  expect(
    await textsOf(
      through(
        source("012", "34"),
        breakAfter(() => bytes, broken),
      ),
    ),
  ).toEqual(expected);
});

test("V72: what breaks off lets its source go", async () => {
  const body = source("012", "34", "56");
  await textsOf(
    through(
      body,
      breakAfter(() => 4, broken),
    ),
  );
  expect([body.reason, body.pulled]).toEqual(["cancelled", 2]);
});

test("V72: who leaves lets the source go, with the reason", async () => {
  const body = source("012", "34", "56");
  const reader = through(body, changeByte(1)).getReader();
  await reader.read();
  await reader.cancel("enough");
  expect([body.reason, body.pulled]).toEqual(["enough", 1]);
});

test("V72: nothing is read ahead", async () => {
  const body = source("012", "34", "56");
  const reader = through(body, changeByte(1)).getReader();
  expect(body.pulled).toBe(0);
  await reader.read();
  expect(body.pulled).toBe(1);
  await reader.cancel();
});

test.each([
  [0, ["112", "34"]],
  [2, ["013", "34"]],
  [3, ["012", "24"]],
  [5, ["012", "34"]],
])("V72: the byte at %i is another, and the source's own stays", async (offset, expected) => {
  const pieces = [Buffer.from("012"), Buffer.from("34")];
  expect(await textsOf(through(new Source(pieces), changeByte(offset)))).toEqual(expected);
  expect(Buffer.concat(pieces).toString()).toBe("01234");
});

test("V72: pieces of n bytes have a pause between them", async () => {
  const clock = new TestClock();
  const body = through(source("01234", "567"), delayPieces(2, 10, clock));
  expect(await textsOf(body)).toEqual(["01", "23", "4", "56", "7"]);
  expect(clock.slept).toEqual([10, 10, 10, 10]);
});

test("V72: an error of the source comes through, and is the end", async () => {
  let ends = 0;
  const failing = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new Error("disk")),
  });
  const body = reshape(failing, {
    steps: [changeByte(0)],
    onBytes: () => {},
    onEnd: () => (ends += 1),
    signal,
  });
  expect(await textsOf(body)).toEqual(["Error: disk"]);
  expect(ends).toBe(1);
});

test("V72: an answer that is never sent lets its body go", async () => {
  const rng = seededRng(1);
  const control = new Control({
    database: openDatabase(":memory:", rng),
    clock: new SetClock(),
    rng,
    waiters: new Waiters(),
    definition: loadDefinition(),
    recentCallsMax: 10,
  });
  control.faults.set({ fault: { kind: "dropResponse" } });
  const facts = { route: "files/download", account: undefined, path: undefined };
  const request = new Request("https://localhost/2/files/download");
  const start = { requestId: "", route: facts.route, host: "localhost", request };
  const passage = await control.enter(start);
  await passage.before(facts);
  const body = source("012");
  await expect(passage.after(facts, new Response(body.stream))).rejects.toBeInstanceOf(
    ConnectionCut,
  );
  expect([body.reason, body.pulled]).toEqual(["cancelled", 0]);
});
