import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { canonicalJson } from "../../src/core/snapshot/checked-json.ts";
import type { SnapshotEntry } from "../../src/core/snapshot/entry.ts";
import { ownIdentity } from "../../src/snapshot/process-identity.ts";
import type { OpenedStore } from "../../src/snapshot/store.ts";
import type { CaptureSource } from "../../src/ports.ts";
import type { Clock } from "../../src/std/time.ts";
import { turn } from "../../src/std/turn.ts";
import { MemorySource, memoryFacts } from "../support/memory-source.ts";
import { dayMs, treeOf } from "./keep-scenes.ts";
import { ScratchStore, damageOf, noise } from "./scratch-store.ts";

const manual = { reason: "manual" } as const;

/** Files enough for several runs of entries. */
function longTree(): MemorySource {
  const source = new MemorySource();
  for (let at = 1000; at < 1900; at += 1) source.write(`f${at}`, noise(3_000, at));
  return source;
}

/** The clock of a writer that waits: each sleep is `during`, and then a turn for all others. */
function waitingClock(now: () => number, during: () => Promise<void>): Clock {
  return {
    now,
    sleep: async () => {
      await during();
      await turn();
    },
  };
}

/** The clock of a capture that lets the writer that waits go first. */
function politeClock(scratch: ScratchStore): Clock {
  return waitingClock(
    () => scratch.clock.now(),
    async () => {
      while (!existsSync(join(scratch.top, "lock")) && scratch.names("wait").length > 0)
        await turn();
    },
  );
}

/** A second writer, begun while the first is at work: returns when it waits. */
async function beginSecond<T>(
  scratch: ScratchStore,
  act: (store: OpenedStore) => Promise<T>,
  aheadMs = 0,
): Promise<{ readonly ended: Promise<T> }> {
  const clock = waitingClock(
    () => scratch.clock.now() + aheadMs,
    () => Promise.resolve(),
  );
  const ended = act(await scratch.open({ clock, wait: 1_000_000_000 }));
  while (!existsSync(join(scratch.top, "wait")) || scratch.names("wait").length === 0) await turn();
  scratch.clock.advance(11_000);
  return { ended };
}

test("N1, N39: a snapshot that is forgotten while the next one is taken is not told as the present state", async () => {
  using scratch = new ScratchStore();
  const source = longTree();
  const { root: parent } = await (await scratch.open()).capture(source, manual);
  let second: { readonly ended: Promise<unknown> } | undefined;
  source.onOpen = async (path) => {
    if (path !== "f1100") return;
    second = await beginSecond(scratch, (store) =>
      store.keeping.forget({ ids: [parent.id], ...manual, evenLastCopy: true }),
    );
  };
  const store = await scratch.open({ clock: politeClock(scratch) });
  const { root } = await store.capture(source, manual);
  await second?.ended;
  expect((await (await scratch.open()).list()).map(({ id }) => id)).toEqual([root.id]);
});

test("N1, N30: a capture is not acknowledged when what it had stored was taken away, whatever the other's clock says", async () => {
  using scratch = new ScratchStore();
  const source = longTree();
  let second: { readonly ended: Promise<unknown> } | undefined;
  source.onOpen = async (path) => {
    if (path !== "f1400" || second !== undefined) return;
    second = await beginSecond(scratch, (store) => store.keeping.prune({}), 9 * dayMs);
  };
  // Something to look after.
  await (await scratch.open()).capture(new MemorySource().write("other", "o"), manual);
  const store = await scratch.open({ clock: politeClock(scratch) });
  await expect(store.capture(source, manual)).rejects.toMatchObject({ code: "busy" });
  await second?.ended;
  expect(await damageOf(await scratch.open(), 2)).toEqual([]);
  const { root } = await (await scratch.open()).capture(source, manual);
  expect(root.counts.files).toBe(900);
  expect(await damageOf(await scratch.open(), 2)).toEqual([]);
});

test("N30, N59: what an archive holds can be read once, so its import lets nobody go first", async () => {
  using scratch = new ScratchStore();
  const entries: SnapshotEntry[] = [];
  let second: { readonly ended: Promise<unknown> } | undefined;
  const source: CaptureSource = {
    facts: () => Promise.resolve(memoryFacts),
    prepare: async function* () {
      for (let at = 1000; at < 1600; at += 1) {
        const bytes = noise(3_000, at);
        const path = `f${at}`;
        const keep = (hash: string): void => {
          entries.push({ path, type: "file", size: 3_000, blocks: [hash], flags: [] });
        };
        yield { path, bytes, keep };
        if (at === 1300) second = await beginSecond(scratch, (store) => store.keeping.prune({}));
      }
    },
    entries: async function* () {
      yield entries;
    },
    open: () => Promise.reject(new Error("an archive is read once")),
  };
  await (await scratch.open()).capture(new MemorySource().write("other", "o"), manual);
  const store = await scratch.open({ clock: politeClock(scratch) });
  const { root } = await store.capture(source, { reason: "import" });
  await second?.ended;
  expect(root.completeness).toBe("full");
  const fresh = await scratch.open();
  expect(await damageOf(fresh, 2)).toEqual([]);
  expect(Object.keys(await treeOf(fresh, root))).toHaveLength(600);
});

test("N1, N30: who has lost the lock commits nothing", async () => {
  using scratch = new ScratchStore();
  const source = longTree();
  const own = await ownIdentity();
  source.onOpen = (path) => {
    if (path !== "f1899") return;
    rmSync(join(scratch.top, "lock"));
    const renewedMs = scratch.clock.now();
    const told = { token: "other", doing: "prune", since: "2026-11-21T12:00:00Z", renewedMs };
    scratch.write("lock", canonicalJson({ ...own, ...told }));
  };
  const store = await scratch.open();
  await expect(store.capture(source, manual)).rejects.toMatchObject({ code: "busy" });
  expect(await store.list()).toEqual([]);
});

test("N55, N56: what a prune leaves in the trash can be taken back whole, also when the grace time ends meanwhile", async () => {
  using scratch = new ScratchStore();
  const store = await scratch.open();
  await store.capture(new MemorySource().write("kept", "k"), manual);
  const { root } = await store.capture(new MemorySource().write("x", noise(50_000, 3)), manual);
  const { id } = await store.keeping.forget({ ids: [root.id], ...manual, evenLastCopy: true });
  const [name = ""] = scratch.names("trash");
  const [, batch = ""] = name.split("/");
  const madeMs = Date.parse(
    batch.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"),
  );
  // The grace time ends after so many looks at the clock.
  for (let looks = 12; looks > 0; looks -= 1) {
    let calls = 0;
    const now = (): number => madeMs + 7 * dayMs + ((calls += 1) > looks ? 1 : 0);
    const clock = waitingClock(now, () => Promise.resolve());
    await (await scratch.open({ clock })).keeping.prune({});
    if (!scratch.names("trash").some((each) => each.includes("/roots/"))) break;
    expect(scratch.names("trash").filter((each) => each.includes("/data/"))).toEqual([]);
  }
  await (await scratch.open()).keeping.unforget(id).catch(() => {});
  expect(await damageOf(await scratch.open(), 2)).toEqual([]);
});
