import { parseRelPath, type RelPath } from "../path/rel-path.ts";
import { placeKey, type PlaceKey, type RemoteSeen } from "./restore-picture.ts";
import { nextStep, type ServerStep } from "./server-side-plan.ts";
import {
  openWishes,
  type Relocation,
  type ServerSide,
  type ServerWish,
  type ServerWorld,
  type Standing,
} from "./server-world.ts";

/** Entries of one batch call. */
export const batchEntriesMax = 1_000;

const nothing = { hash: "", size: 0, rev: "", remoteId: "", modified: 0 };

/** How a plan reaches Dropbox (T17). Files are counted, but for the last two. */
export type ServerForecast = {
  readonly serverSide: ServerSide;
  readonly reverted: number;
  readonly moved: number;
  readonly copied: number;
  readonly uploaded: number;
  /** Of those uploaded: Dropbox was not asked whether it holds them, so these are the most that there will be. */
  readonly unasked: number;
  readonly uploadBytes: number;
  /** Calls that change something there; looks are not counted. */
  readonly calls: number;
};

/** A forecast, and the files about which Dropbox would have to be asked for a better one. */
export type Foreseen = {
  readonly forecast: ServerForecast;
  readonly unasked: readonly ServerWish[];
};

/** What the calls of T24 will come to where nothing goes wrong. What was not asked for counts as missing. */
export function foresee(world: ServerWorld, serverSide: ServerSide): Foreseen {
  const future = new Future(world);
  if (serverSide !== "never") future.run();
  return future.foreseen(serverSide);
}

class Future {
  readonly #world: ServerWorld;
  readonly #before: ServerWorld;
  readonly #present: ChangedPlaces;
  readonly #counts = { reverted: 0, moved: 0, copied: 0, calls: 0 };
  /** What is copied unless Dropbox has it as a revision. */
  #copies: readonly ServerWish[] = [];
  /** From the first step on that needs to know: what was not asked for is nowhere. */
  #isAllKnown = false;

  constructor(world: ServerWorld) {
    this.#before = world;
    this.#present = new ChangedPlaces(world.present);
    const known: ServerWorld["known"] = {
      get: (path) => world.known.get(path),
      has: (path) => this.#isAllKnown || world.known.has(path),
    };
    this.#world = { ...world, present: this.#present, known };
  }

  /** Every step leaves fewer open wishes, fewer missing folders, or all known. */
  run(): void {
    for (let step = nextStep(this.#world); step !== undefined; step = nextStep(this.#world)) {
      this.#take(step);
    }
  }

  foreseen(serverSide: ServerSide): Foreseen {
    const { wishes, going } = this.#world;
    const missing = wishes.filter(({ key, hash }) => this.#present.get(key)?.hash !== hash);
    const removed = [...going].filter((key) => this.#present.get(key)?.kind === "file");
    const unasked = serverSide === "never" ? [] : this.#unasked();
    const { calls, ...counts } = this.#counts;
    const forecast: ServerForecast = {
      serverSide,
      ...counts,
      uploaded: missing.length,
      unasked: unasked.length,
      uploadBytes: missing.reduce((sum, { size }) => sum + size, 0),
      calls: calls + missing.length + removed.length,
    };
    return { forecast, unasked: [...this.#copies, ...unasked] };
  }

  #unasked(): readonly ServerWish[] {
    const { known, refused } = this.#before;
    return openWishes(this.#world).filter(
      ({ path, key }) => !known.has(path) && !refused.has(`revert ${key}`),
    );
  }

  #take(step: ServerStep): void {
    if (step.call !== "ask") this.#make(step.folders);
    switch (step.call) {
      case "move":
      case "copy":
        this.#counts.calls += Math.ceil(step.pairs.length / batchEntriesMax);
        for (const pair of step.pairs) this.#relocate(step.call, pair);
        return;
      case "ask":
        this.#copies = step.wishes;
        this.#isAllKnown = true;
        return;
      case "revert":
        for (const wish of step.wishes) this.#revert(wish);
        this.#isAllKnown = true;
        return;
      case "folders":
    }
  }

  #make(folders: readonly RelPath[]): void {
    this.#counts.calls += Math.ceil(folders.length / batchEntriesMax);
    for (const path of folders) this.#put({ ...nothing, path, kind: "folder" });
  }

  #relocate(call: "move" | "copy", { from, to, keys }: Relocation): void {
    for (const key of keys) {
      const seen = this.#present.get(key);
      if (seen === undefined) continue;
      if (call === "move") this.#present.set(key, undefined);
      this.#put({ ...seen, path: parseRelPath(to + seen.path.slice(from.path.length)) });
      if (seen.kind === "file") this.#counts[call === "move" ? "moved" : "copied"] += 1;
    }
  }

  #revert(wish: ServerWish): void {
    const rev = this.#before.known.get(wish.path);
    if (rev === undefined) return;
    this.#counts.reverted += 1;
    this.#counts.calls += 1;
    const { path, hash, size } = wish;
    this.#put({ ...nothing, path, kind: "file", hash, size, rev });
  }

  #put(seen: RemoteSeen): void {
    this.#present.set(placeKey(seen.path), seen);
  }
}

/** What will stand in Dropbox: what stands there now, but for what changes. */
class ChangedPlaces implements Standing {
  readonly #before: Standing;
  readonly #changed = new Map<PlaceKey, RemoteSeen | undefined>();

  constructor(before: Standing) {
    this.#before = before;
  }

  get(key: PlaceKey): RemoteSeen | undefined {
    return this.#changed.has(key) ? this.#changed.get(key) : this.#before.get(key);
  }

  has(key: PlaceKey): boolean {
    return this.get(key) !== undefined;
  }

  set(key: PlaceKey, seen: RemoteSeen | undefined): void {
    this.#changed.set(key, seen);
  }

  *[Symbol.iterator](): Generator<readonly [PlaceKey, RemoteSeen]> {
    for (const [key, seen] of this.#before) if (!this.#changed.has(key)) yield [key, seen];
    for (const [key, seen] of this.#changed) if (seen !== undefined) yield [key, seen];
  }
}
