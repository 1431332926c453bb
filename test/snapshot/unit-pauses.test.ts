import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RepositoryUnits, UnitReport } from "../../src/core/repo/unit.ts";
import { SnapError } from "../../src/std/error.ts";
import { turn } from "../../src/std/turn.ts";
import { MemorySpool } from "../support/memory-spool.ts";
import { MemorySource } from "../support/memory-source.ts";
import { heldPaths, waitingClock } from "./checkpoint-scenes.ts";
import { ScratchStore, all, contentOf, damageOf, entryAt, noise } from "./scratch-store.ts";

const manual = { reason: "manual" } as const;
const mib = 1024 * 1024;

const report: UnitReport = {
  word: "verified",
  reasons: [],
  movedDuring: false,
  leftOut: [],
  state: {},
};

/** Called when so many MiB of a file were handed over. */
type OnPiece = (path: string, mib: number) => void | Promise<void>;

/** Units with a small file, and a long one that comes piece by piece. */
class UnitSource extends MemorySource {
  readonly units: RepositoryUnits;

  /** @param paths of the units */
  constructor(paths: readonly string[], onPiece: OnPiece) {
    super();
    this.write("a", noise(5_000, 1));
    for (const path of paths) {
      this.folder(path.slice(0, path.indexOf("/"))).folder(path, { unit: path });
    }
    this.write("z", "z");
    this.units = {
      makeSpool: () => new MemorySpool(),
      capture: async ({ path: unit }, sink) => {
        const put = async (name: string, content: Buffer): Promise<void> => {
          const path = Buffer.from(name);
          const entry = {
            path,
            mode: 0o644,
            mtimeNs: 5n,
            kind: "file",
            size: content.length,
          } as const;
          const writer = await sink.file(entry);
          for (let at = 0; at < content.length; at += mib) {
            await writer.write(Buffer.from(content.subarray(at, at + mib)));
            await onPiece(`${unit}/${name}`, at / mib);
          }
          await writer.done();
        };
        await put("HEAD", Buffer.from(`head of ${unit}`));
        await put("pack", longFile(unit));
        await put("x", noise(3_000, 9));
        return report;
      },
    };
  }
}

function longFile(unit: string): Buffer {
  return noise(20 * mib, unit.charCodeAt(0));
}

function amid(path: string, act: () => void | Promise<void>): OnPiece {
  return async (at, done) => {
    if (at === path && done === 13) await act();
  };
}

test("N32: a capture cut off in a repository leaves a checkpoint of what it stored, which a prune spares and the next one uses", async () => {
  using scratch = new ScratchStore();
  const controller = new AbortController();
  const cut = new UnitSource(
    ["r/.git"],
    amid("r/.git/pack", () => {
      controller.abort();
      throw new SnapError("interrupted", "Interrupted");
    }),
  );
  const store = await scratch.open();
  const { signal } = controller;
  await expect(store.capture(cut, { ...manual, signal })).rejects.toMatchObject({
    code: "interrupted",
  });
  expect(await store.list()).toEqual([]);
  expect(await heldPaths(scratch)).toEqual(["a", "r", "r/.git/HEAD", "r/.git/pack"]);

  const next = await scratch.open();
  await next.keeping.prune({});
  const { root } = await next.capture(new UnitSource(["r/.git"], () => {}), manual);
  expect(root.stored).toBeLessThan(longFile("r/.git").length - 11 * mib);
  const pack = await contentOf(next, await entryAt(next, root, "r/.git/pack"));
  expect(pack.equals(longFile("r/.git"))).toBe(true);
  expect(scratch.names("partial")).toEqual([]);
});

test("N32: in a repository a checkpoint is written every five minutes, and the snapshot is the same", async () => {
  using scratch = new ScratchStore();
  const held: (readonly string[])[] = [];
  const source = new UnitSource(["q/.git", "r/.git"], async (path, done) => {
    if (done === 4) scratch.clock.advance(6 * 60_000);
    if (done === 9) held.push(await heldPaths(scratch));
    if (path === "r/.git/pack" && done === 18) scratch.clock.advance(6 * 60_000);
  });
  const { root } = await (await scratch.open()).capture(source, manual);
  const first = ["a", "q", "q/.git/HEAD", "q/.git/pack"];
  expect(held).toEqual([
    first,
    [
      "a",
      "q",
      "q/.git",
      "q/.git/HEAD",
      "q/.git/pack",
      "q/.git/x",
      "r",
      "r/.git/HEAD",
      "r/.git/pack",
    ],
  ]);
  using plain = new ScratchStore();
  const { root: same } = await (
    await plain.open()
  ).capture(new UnitSource(["q/.git", "r/.git"], () => {}), manual);
  expect(root.lists).toEqual(same.lists);
});

test("N30: a writer that waits goes first in the middle of a repository, and what a prune spares is all that is stored of it", async () => {
  using scratch = new ScratchStore();
  // Something to look after.
  await (await scratch.open()).capture(new MemorySource().write("other", "o"), manual);
  const lock = join(scratch.top, "lock");
  let other: Promise<unknown> | undefined;
  let isDone = false;
  const seen: boolean[] = [];
  const source = new UnitSource(["q/.git", "r/.git"], async (path, done) => {
    if (path !== "r/.git/pack") return;
    if (done === 18) seen.push(isDone);
    if (done !== 14) return;
    const second = await scratch.open({ clock: waitingClock(scratch, () => {}), wait: 1e9 });
    other = second.keeping.prune({}).then(() => (isDone = true));
    const wait = join(scratch.top, "wait");
    while (!existsSync(wait) || scratch.names("wait").length === 0) await turn();
    scratch.clock.advance(11_000);
  });
  const clock = waitingClock(scratch, async () => {
    while (!existsSync(lock) && scratch.names("wait").length > 0) await turn();
  });
  const { root } = await (await scratch.open({ clock })).capture(source, manual);
  await other;
  expect(seen, "the other was done before the repository was").toEqual([true]);
  const store = await scratch.open();
  for (const unit of ["q/.git", "r/.git"]) {
    const pack = await contentOf(store, await entryAt(store, root, `${unit}/pack`));
    expect(pack.equals(longFile(unit)), unit).toBe(true);
  }
  expect(await damageOf(store, 2)).toEqual([]);
});

test("N32, N37: after a repository that cannot be captured checkpoints hold what is in the manifest alone", async () => {
  using scratch = new ScratchStore();
  const held: (readonly string[])[] = [];
  const source = new UnitSource(["q/.git", "r/.git"], async (path, done) => {
    if (path === "q/.git/pack" && done === 13) throw new SnapError("too-large", "It is too large");
    if (path === "r/.git/pack" && done === 4) scratch.clock.advance(6 * 60_000);
    if (path === "r/.git/pack" && done === 9) held.push(await heldPaths(scratch));
  });
  const store = await scratch.open();
  const { root } = await store.capture(source, manual);
  expect(held).toEqual([["a", "q", "q/.git", "r", "r/.git/HEAD", "r/.git/pack"]]);
  expect(root.completeness).toBe("partial");
  expect((await all(store.entries(root.id))).map(({ path }) => path)).not.toContain("q/.git/HEAD");
});
