import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { blockBytes } from "../../src/core/tree/content-hash.ts";
import { DiskStoreFiles } from "../../src/snapshot/disk-files.ts";
import { openStoreOver } from "../../src/snapshot/store.ts";
import { seededRng } from "../../src/std/random.ts";
import { noNetwork } from "../remote/faulty.ts";
import { linkedServer, type Linked } from "../remote/linked.ts";
import { ThinCloud } from "./hydrate-scenes.ts";
import { hydrate, thinOf } from "./listed-scenes.ts";
import { ScratchStore, contentOf, damageOf, entryAt, noise } from "./scratch-store.ts";
import { Killed, stoppingFiles } from "./stopping-files.ts";

const large = noise(3 * blockBytes + 1_500_000, 3);
const shorter = noise(2 * blockBytes + 100_000, 4);

/** A line that is cut after so many bytes of a body, and stays dead until it is mended; what came over it is counted. */
class Line {
  bytes = 0;
  #left: number;

  constructor(linked: Linked, left: number) {
    this.#left = left;
    linked.intercept = async ({ route }, pass) => {
      if (this.#left <= 0) throw noNetwork();
      const answer = await pass();
      return route === "files/download" ? this.#over(answer) : answer;
    };
  }

  mend(): void {
    this.#left = Infinity;
  }

  #over(answer: Response): Response {
    const count = (piece: Uint8Array): Uint8Array => {
      if (this.#left <= 0) throw noNetwork();
      const come = piece.subarray(0, Math.min(piece.length, this.#left));
      this.bytes += come.length;
      this.#left -= come.length;
      return come;
    };
    const cut = new TransformStream<Uint8Array, Uint8Array>({
      transform: (piece, to) => to.enqueue(count(piece)),
    });
    return new Response(answer.body?.pipeThrough(cut) ?? null, answer);
  }
}

async function expectWhole(scratch: ScratchStore, id: string, content = large): Promise<void> {
  const store = await scratch.open();
  const root = (await store.list()).find((one) => one.id === id);
  if (root === undefined) throw new Error("the hydrated snapshot is gone");
  expect(root.completeness).toBe("full");
  const found = await contentOf(store, await entryAt(store, root, "big"));
  expect(Buffer.compare(found, content), "the content").toBe(0);
  expect(await damageOf(store, 2)).toEqual([]);
  expect(scratch.names().filter((name) => name.startsWith("partial/"))).toEqual([]);
}

test.each([1, 0.5, 1.5, 2.25, 3.25])(
  "N42: a line that is cut after %d blocks costs no more than the block that it was in",
  async (blocks) => {
    await using linked = await linkedServer();
    using scratch = new ScratchStore();
    const thin = await thinOf(linked, scratch, large);
    const line = new Line(linked, blocks * blockBytes);
    await expect(hydrate(linked, scratch, thin)).rejects.toMatchObject({ code: "offline" });
    expect(line.bytes).toBe(blocks * blockBytes);
    // Once more without a line: what came before is not lost by that.
    await expect(hydrate(linked, scratch, thin)).rejects.toMatchObject({ code: "offline" });
    line.mend();
    const { root } = await hydrate(linked, scratch, thin);
    await expectWhole(scratch, root.id);
    const small = 3;
    expect(line.bytes).toBeLessThanOrEqual(large.length + small + blockBytes);
  },
);

test("N42: a line that is cut again and again costs no more than a block each time", async () => {
  await using linked = await linkedServer();
  using scratch = new ScratchStore();
  const thin = await thinOf(linked, scratch, large);
  let [bytes, cuts] = [0, 0];
  for (;;) {
    const line = new Line(linked, 1.5 * blockBytes);
    const done = await hydrate(linked, scratch, thin).catch((error: unknown) => {
      expect(error).toMatchObject({ code: "offline" });
      return undefined;
    });
    bytes += line.bytes;
    if (done !== undefined) {
      await expectWhole(scratch, done.root.id);
      break;
    }
    cuts += 1;
    expect(cuts).toBeLessThan(5);
  }
  expect(cuts).toBe(2);
  expect(bytes).toBeLessThanOrEqual(large.length + cuts * (blockBytes + 3));
});

/** A cloud with the long file, of which each block is due for a checkpoint. */
function slowCloud(scratch: ScratchStore, content = large): ThinCloud {
  const cloud = new ThinCloud().write("big", content);
  cloud.onPiece = () => scratch.clock.advance(6 * 60_000);
  return cloud;
}

test("N32, N42: a hydration that is killed at a file call goes on behind the last checkpoint", async () => {
  let [killed, resumed] = [0, 0];
  for (let calls = 0, isDone = false; !isDone; calls += 5) {
    using scratch = new ScratchStore();
    const cloud = slowCloud(scratch, shorter);
    const thin = await cloud.capture(await scratch.open());
    const { files, close } = stoppingFiles(new DiskStoreFiles(scratch.top, seededRng(9)), calls);
    const { top: path, clock } = scratch;
    const options = { path, clock, rng: seededRng(calls), tool: "0.1.0", reserve: 0 };
    isDone = await cloud.hydrate(await openStoreOver(files, options), thin).then(
      () => true,
      (error: unknown) => {
        if (!(error instanceof Killed)) throw error;
        return false;
      },
    );
    await close();
    // The lock names this process, which lives: that of a killed one would be broken.
    rmSync(join(scratch.top, "lock"), { force: true });
    if (isDone) break;
    killed += 1;
    const before = cloud.bytesSent;
    const { root } = await cloud.hydrate(await scratch.open(), thin);
    expect(cloud.bytesSent, `killed at call ${calls}`).toBeLessThanOrEqual(
      shorter.length + blockBytes,
    );
    if (before + shorter.length > cloud.bytesSent) resumed += 1;
    await expectWhole(scratch, root.id, shorter);
  }
  expect(killed).toBeGreaterThan(6);
  expect(resumed).toBeGreaterThan(2);
});

test("N42: what came before and does not lead to the content is fetched again from the start", async () => {
  using scratch = new ScratchStore();
  const cloud = slowCloud(scratch);
  const thin = await cloud.capture(await scratch.open());
  const wrong = noise(large.length, 8);
  cloud.serve(large, wrong);
  const cut = new AbortController();
  cloud.onPiece = () => {
    if (cloud.bytesSent > 2 * blockBytes) cut.abort();
  };
  const store = await scratch.open();
  await expect(cloud.hydrate(store, thin, cut.signal)).rejects.toMatchObject({
    code: "interrupted",
  });
  cloud.onPiece = undefined;
  cloud.serve(large, large);
  const sent = cloud.bytesSent;
  const { root } = await cloud.hydrate(await scratch.open(), thin);
  await expectWhole(scratch, root.id);
  // First the rest behind two blocks, then all of it.
  expect(cloud.bytesSent - sent).toBe(2 * large.length - 2 * blockBytes);
});
