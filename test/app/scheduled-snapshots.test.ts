import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import type { Environment } from "../../src/app/environment.ts";
import { requireLink } from "../../src/app/find-workspace.ts";
import { captureWorkspace } from "../../src/app/capture.ts";
import { restoreWorkspace } from "../../src/app/restore.ts";
import { snapshotSchedule } from "../../src/app/schedule-world.ts";
import { keepAutomatically, storeDamage, verifyDaily } from "../../src/app/upkeep.ts";
import { openSnapshotStore } from "../../src/app/store.ts";
import { openLinked } from "../../src/app/workspace.ts";
import type { SnapshotEntry } from "../../src/core/snapshot/entry.ts";
import { parseScheduleNote, type ScheduleNote } from "../../src/core/snapshot/schedule-note.ts";
import type { Settings } from "../../src/core/settings/values.ts";
import { Stand } from "../../src/engine/live/stand.ts";
import { HeldClock } from "../support/held-clock.ts";
import { LinkedHome } from "./linked-home.ts";

const hourMs = 3_600_000;

/** A workspace whose sync is at rest, with its schedule and a clock of its own. */
class Kept implements AsyncDisposable {
  readonly clock: HeldClock = new HeldClock();
  readonly log: string[] = [];
  readonly home: LinkedHome;
  readonly environment: Environment;
  #changed: () => void = () => {};

  constructor(home: LinkedHome, settings: Settings) {
    this.home = home;
    home.set({ "snapshot.verifyBudget": 0, ...settings });
    const note = (what: string): void => void this.log.push(what);
    const logger = { error: note, info: note, debug: () => {} };
    this.environment = { ...home.environment, clock: this.clock, logger };
  }

  static async open(settings: Settings): Promise<Kept> {
    return new Kept(await LinkedHome.open({ a: "1" }), settings);
  }

  /** A program runs until its schedule is where the test wants it. */
  async until(isThere: (note: ScheduleNote) => boolean): Promise<void> {
    const record = requireLink(this.environment, this.home.place);
    await using workspace = await openLinked(this.environment, record, "start");
    const ending = new AbortController();
    const note = (): ScheduleNote => parseScheduleNote(workspace.state.index.meta("snapshots"));
    const schedule = snapshotSchedule(workspace, {
      live: () => ({ state: "idle", since: 0, left: [], held: 0, pending: 0 }),
      events: { onStatus: () => this.#changed(), stand: new Stand() },
    });
    const running = schedule.run(ending.signal);
    while (!isThere(note())) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
    // What follows a snapshot comes to its end before the next time is waited for.
    await this.clock.sleeper();
    ending.abort();
    await running;
  }

  /** One snapshot of something new. */
  async taken(text = randomBytes(100_000).toString("hex")): Promise<void> {
    this.home.write("a", text);
    const now = this.clock.now();
    await this.until(({ lookedAt }) => lookedAt === now);
  }

  async reasons(): Promise<readonly string[]> {
    const store = await openSnapshotStore(this.environment);
    return (await store.list()).map(({ reason }) => reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.home[Symbol.asyncDispose]();
  }
}

test("N47, N49, N57: snapshots come hour by hour; the policy takes the old ones and no manual one, and what nobody needs is pruned", async () => {
  await using kept = await Kept.open({
    "snapshot.schedule": "hourly",
    "snapshot.keep": "2h even-last-copy",
  });
  const request = { place: kept.home.place, tags: [], force: false, dryRun: false };
  await captureWorkspace(kept.environment, request, {});
  kept.clock.advance(hourMs);
  for (let hour = 0; hour < 4; hour += 1) {
    await kept.taken();
    kept.clock.advance(hourMs);
  }
  expect(await kept.reasons()).toEqual(["manual", "schedule", "schedule"]);
  const { keeping } = await openSnapshotStore(kept.environment);
  const forgotten = (await keeping.forgets()).map(({ reason }) => reason);
  expect(forgotten).toEqual(["schedule", "schedule"]);
  // Nothing is gone before the grace time.
  expect(kept.log).not.toContain("the snapshot store was pruned");
  kept.clock.advance(8 * 24 * hourMs);
  await kept.taken();
  expect(kept.log).toContain("the snapshot store was pruned");
  const store = await openSnapshotStore(kept.environment);
  for await (const event of store.verify({ level: 2 })) expect(event.type).toBe("checked");
}, 60_000);

test("N47: nothing new is no snapshot, and what a person took counts", async () => {
  await using kept = await Kept.open({});
  await kept.taken();
  kept.clock.advance(24 * hourMs);
  const now = kept.clock.now();
  await kept.until(({ lookedAt }) => lookedAt === now);
  expect(await kept.reasons()).toEqual(["schedule"]);
  kept.clock.advance(24 * hourMs);
  kept.home.write("a", "by hand");
  const request = { place: kept.home.place, tags: [], force: false, dryRun: false };
  await captureWorkspace(kept.environment, request, {});
  kept.clock.advance(hourMs);
  const before = kept.clock.now() - 2 * hourMs;
  kept.home.write("a", "after that");
  await kept.until(({ lookedAt = 0 }) => lookedAt > before);
  expect(await kept.reasons()).toEqual(["schedule", "manual"]);
}, 60_000);

test("N49, N55: what holds the last copy of something stays, unless the policy says otherwise", async () => {
  await using kept = await Kept.open({ "snapshot.schedule": "hourly", "snapshot.keep": "1h" });
  for (const text of ["1", "lost", "1"]) {
    await kept.taken(text);
    kept.clock.advance(hourMs);
  }
  kept.home.write("b", "new");
  await kept.taken("1");
  // Of four the policy keeps the last; the second has what is nowhere else, and that of the first and the third is.
  const store = await openSnapshotStore(kept.environment);
  const paths = async (id: string): Promise<readonly string[]> =>
    (await Array.fromAsync(store.entries(id))).map(({ path: file, size }) => `${file} ${size}`);
  const left = await Promise.all((await store.list()).map(({ id }) => paths(id)));
  expect(left).toEqual([["a 4"], ["a 1", "b 3"]]);
  const settings = { "snapshot.schedule": "hourly", "snapshot.keep": "1h even-last-copy" } as const;
  kept.home.set({ "snapshot.verifyBudget": 0, ...settings });
  kept.clock.advance(hourMs);
  await kept.taken("2");
  expect(await store.list()).toHaveLength(1);
}, 60_000);

test("N49: the newest snapshot without gaps stays where a newer one has some", async () => {
  await using kept = await Kept.open({
    "snapshot.schedule": "hourly",
    "snapshot.keep": "1h even-last-copy",
  });
  await kept.taken();
  const store = await openSnapshotStore(kept.environment);
  const [whole] = await store.list();
  const torn = ["unreadable"] as const;
  for (let hour = 0; hour < 2; hour += 1) {
    kept.clock.advance(hourMs);
    const record = requireLink(kept.environment, kept.home.place);
    const facts = {
      workspace: { id: record.id, path: record.path, device: "d", host: "h" },
      side: "local",
      rules: "",
      sync: "clean",
    } as const;
    const entry: SnapshotEntry = { path: "a", type: "file", size: hour, flags: torn };
    const source = {
      facts: () => Promise.resolve(facts),
      entries: async function* (): AsyncGenerator<readonly SnapshotEntry[]> {
        yield [entry];
      },
      open: () => Promise.reject(new Error("nobody reads it")),
    };
    const { root } = await store.capture(source, { reason: "schedule", force: true });
    expect(root.completeness).toBe("partial");
    await keepAutomatically(kept.environment, root, new AbortController().signal);
    expect((await store.list()).map(({ id }) => id)).toEqual([whole?.id, root.id]);
  }
  kept.clock.advance(hourMs);
  await kept.taken();
  const ids = (await store.list()).map(({ id }) => id);
  expect(ids).not.toContain(whole?.id);
  expect(ids).toHaveLength(1);
}, 60_000);

test("N51: the store is verified for its time a day; damage stays known until it was found sound", async () => {
  await using kept = await Kept.open({ "snapshot.verifyBudget": 60_000 });
  const { environment, clock } = kept;
  const none = new AbortController().signal;
  const count = (): number =>
    kept.log.filter((what) => what === "the snapshot store was verified").length;
  await kept.taken();
  await verifyDaily(environment, none);
  await verifyDaily(environment, none);
  expect(count(), "once a day").toBe(1);
  const data = path.join(environment.locations.store, "data");
  const [shard = ""] = readdirSync(data);
  const [name = ""] = readdirSync(path.join(data, shard)).filter((each) => each.endsWith(".zst"));
  const pack = path.join(data, shard, name);
  const sound = readFileSync(pack);
  writeFileSync(pack, Buffer.from(sound).fill(0, 100, 200));
  clock.advance(24 * hourMs);
  await verifyDaily(environment, none);
  expect(kept.log).toContain("the snapshot store is damaged");
  expect(storeDamage(environment)).toMatchObject({ at: clock.now() });
  writeFileSync(pack, sound);
  clock.advance(24 * hourMs);
  await verifyDaily(environment, none);
  expect([storeDamage(environment), count()]).toEqual([undefined, 3]);
  // What is ended early has its time left; what is killed has not.
  clock.advance(24 * hourMs);
  await verifyDaily(environment, AbortSignal.abort());
  await verifyDaily(environment, none);
  expect(count()).toBe(4);
  kept.home.set({ "snapshot.verifyBudget": 0 });
  clock.advance(24 * hourMs);
  await verifyDaily(environment, none);
  expect(count(), "off").toBe(4);
}, 60_000);

test("T32: beside the sync what restores displaced goes when it is as old as the setting says", async () => {
  await using kept = await Kept.open({ "restore.keepUndo": 48 * hourMs });
  const { environment, home } = kept;
  await kept.taken("1");
  home.write("a", "2");
  const words = { place: home.place, reference: "latest", paths: [], delete: undefined } as const;
  const how = { consent: { by: "yes" }, dryRun: false, onUnsaved: "replace" } as const;
  await restoreWorkspace(environment, { ...words, ...how, onEvent: () => {} }, {});
  const areas = (): readonly string[] => readdirSync(path.join(home.place, ".snap/undo"));
  expect(areas()).toHaveLength(1);
  kept.clock.advance(47 * hourMs);
  await kept.taken();
  expect(areas()).toHaveLength(1);
  kept.clock.advance(2 * hourMs);
  await kept.until(() => true);
  expect(areas()).toEqual([]);
}, 60_000);
