import { expect, test } from "vitest";
import { reserveBytes } from "../../src/engine/limits.ts";
import { Room } from "../../src/engine/execute/room.ts";
import type { LocalSide } from "../../src/ports.ts";
import { World } from "../support/world.ts";

const mega = 1024 * 1024;

/** A disk that has so many bytes left above the reserve. */
function diskWith(bytes: () => number): LocalSide {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing else of the port is asked
  return { freeBytes: () => Promise.resolve(reserveBytes + BigInt(bytes())) } as LocalSide;
}

async function* chunks(count: number): AsyncGenerator<Uint8Array> {
  for (let chunk = 0; chunk < count; chunk += 1) {
    await Promise.resolve();
    yield new Uint8Array(mega);
  }
}

test("S79: downloads that begin in one moment do not take the same room", async () => {
  const room = new Room();
  const local = diskWith(() => 25 * mega);
  const file = { size: 10 * mega, name: "f" };
  const claims = await Promise.allSettled([1, 2, 3, 4].map(() => room.claim(local, file)));
  expect(claims.map(({ status }) => status)).toEqual([
    "fulfilled",
    "fulfilled",
    "rejected",
    "rejected",
  ]);
  for (const claim of claims) {
    if (claim.status === "fulfilled") claim.value[Symbol.dispose]();
    else expect(claim.reason).toMatchObject({ code: "too-large", exit: 4 });
  }
  using last = await room.claim(local, { size: 25 * mega, name: "g" });
  expect(last).toBeDefined();
});

test("S79: what a download has written is missing from the free bytes, and not counted once more", async () => {
  const room = new Room();
  let written = 0;
  const local = diskWith(() => 20 * mega - written);
  using claim = await room.claim(local, { size: 10 * mega, name: "f" });
  const bytes = claim.through(chunks(10));
  for (let chunk = 0; chunk < 8; chunk += 1) written += (await bytes.next()).value?.length ?? 0;
  await expect(room.claim(local, { size: 12 * mega, name: "g" })).rejects.toThrow("no room");
  using other = await room.claim(local, { size: 9 * mega, name: "g" });
  expect(other).toBeDefined();
  await bytes.return(undefined);
});

test("S79: downloads side by side leave the reserve, and what does not fit comes when there is room", async () => {
  await using world = await World.open();
  for (let file = 0; file < 3; file += 1) {
    await world.remote.write(`${file}`, `${file}`.repeat(1_000));
  }
  const answer = (): void =>
    world.hooks.instead("local.freeBytes", () => {
      answer();
      return reserveBytes + 2_500n;
    });
  answer();
  const report = await world.syncOnce();
  expect(report.exit).toBe(4);
  expect(report.left.map(({ code }) => code)).toEqual(Array.from({ length: 1 }, () => "too-large"));
  expect(world.local.tree().size).toBe(2);
  world.restart();
  await world.sync(0);
  expect(world.local.tree().size).toBe(3);
  await world.assertAlways();
});
