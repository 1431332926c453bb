import { expect, test } from "vitest";
import { Stand } from "../../src/engine/live/stand.ts";

/** What has happened by now: everything that waits for nothing has had its turn. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

function noting(log: string[], what: string, wanted: Promise<Disposable>): Promise<Disposable> {
  return wanted.then((held) => {
    log.push(what);
    return held;
  });
}

test("N34: who stands still waits for what is being written, and nothing is written before it goes on", async () => {
  const stand = new Stand();
  const log: string[] = [];
  const first = await stand.enter();
  const still = noting(log, "still", stand.still());
  const second = noting(log, "second", stand.enter());
  await settled();
  expect(log).toEqual([]);
  first[Symbol.dispose]();
  const held = await still;
  await settled();
  expect([log, stand.isStill]).toEqual([["still"], true]);
  held[Symbol.dispose]();
  (await second)[Symbol.dispose]();
  expect([log, stand.isStill]).toEqual([["still", "second"], false]);
});

test("N34: what belongs together is finished first, also where its parts come later", async () => {
  const stand = new Stand();
  const log: string[] = [];
  const batch = await stand.enter(undefined, true);
  const still = noting(log, "still", stand.still());
  (await stand.enter())[Symbol.dispose]();
  await settled();
  expect(log).toEqual([]);
  batch[Symbol.dispose]();
  batch[Symbol.dispose]();
  (await still)[Symbol.dispose]();
});

test("N34: who stands still is told once that something waits", async () => {
  const stand = new Stand();
  let told = 0;
  const held = await stand.still({ onWanted: () => (told += 1) });
  const writes = [stand.enter(), stand.enter()];
  await settled();
  expect(told).toBe(1);
  held[Symbol.dispose]();
  for (const write of await Promise.all(writes)) write[Symbol.dispose]();
});

test("N34: a signal ends both kinds of waiting, and leaves nothing behind", async () => {
  const stand = new Stand();
  const over = new AbortController();
  const held = await stand.still();
  const write = stand.enter(over.signal);
  over.abort();
  await expect(write).rejects.toMatchObject({ code: "interrupted" });
  held[Symbol.dispose]();
  const writing = await stand.enter();
  const gone = stand.still({ signal: AbortSignal.abort() });
  await expect(gone).rejects.toMatchObject({ code: "interrupted" });
  expect(stand.isStill).toBe(false);
  (await stand.enter())[Symbol.dispose]();
  writing[Symbol.dispose]();
});
