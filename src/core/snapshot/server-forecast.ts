import { parseRelPath, type RelPath } from "../path/rel-path.ts";
import { placeKey, type PlaceKey, type RemoteSeen } from "./restore-picture.ts";
import { nextStep, type ServerStep } from "./server-side-plan.ts";
import type { OpenWish, Relocation, ServerSide, ServerWorld } from "./server-world.ts";

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
export type Foreseen = { readonly forecast: ServerForecast; readonly unasked: readonly OpenWish[] };

/** What the calls of T24 will come to where nothing goes wrong. What was not asked for counts as missing. */
export function foresee(world: ServerWorld, serverSide: ServerSide): Foreseen {
  const future = new Future(world);
  if (serverSide !== "never") future.run();
  return future.foreseen(serverSide);
}

class Future {
  readonly #world: ServerWorld;
  readonly #present: Map<PlaceKey, RemoteSeen>;
  readonly #known: Map<RelPath, string | undefined>;
  readonly #unasked = new Map<RelPath, OpenWish>();
  readonly #counts = { reverted: 0, moved: 0, copied: 0, calls: 0 };

  constructor(world: ServerWorld) {
    this.#present = new Map(world.present);
    this.#known = new Map(world.known);
    this.#world = { ...world, present: this.#present, known: this.#known };
  }

  /** Every step leaves fewer open wishes, fewer that were not asked for, or fewer missing folders. */
  run(): void {
    for (let step = nextStep(this.#world); step !== undefined; step = nextStep(this.#world)) {
      this.#take(step);
    }
  }

  foreseen(serverSide: ServerSide): Foreseen {
    const { wishes, going } = this.#world;
    const missing = wishes.filter(
      ({ path, hash }) => this.#present.get(placeKey(path))?.hash !== hash,
    );
    const removed = [...going].filter((key) => this.#present.get(key)?.kind === "file");
    const unasked = missing.flatMap(({ path }) => this.#unasked.get(path) ?? []);
    const { calls, ...counts } = this.#counts;
    const forecast: ServerForecast = {
      serverSide,
      ...counts,
      uploaded: missing.length,
      unasked: unasked.length,
      uploadBytes: missing.reduce((sum, { size }) => sum + size, 0),
      calls: calls + missing.length + removed.length,
    };
    return { forecast, unasked };
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
        for (const wish of step.wishes) this.#miss(wish);
        return;
      case "revert":
        for (const wish of step.wishes) this.#revert(wish);
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
      if (call === "move") this.#present.delete(key);
      this.#put({ ...seen, path: parseRelPath(to + seen.path.slice(from.path.length)) });
      if (seen.kind === "file") this.#counts[call === "move" ? "moved" : "copied"] += 1;
    }
  }

  #miss(wish: OpenWish): void {
    this.#unasked.set(wish.path, wish);
    this.#known.set(wish.path, undefined);
  }

  #revert(wish: OpenWish): void {
    const rev = this.#known.get(wish.path);
    if (rev === undefined) {
      this.#miss(wish);
      return;
    }
    this.#counts.reverted += 1;
    this.#counts.calls += 1;
    const { path, hash, size } = wish;
    this.#put({ ...nothing, path, kind: "file", hash, size, rev });
  }

  #put(seen: RemoteSeen): void {
    this.#present.set(placeKey(seen.path), seen);
  }
}
