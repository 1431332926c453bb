/** Listings under disturbances: whatever the pages look like, their end is the truth. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { EndpointFailure } from "../../src/server/wire/failure.ts";
import type { Disturbance, PageFault } from "../../src/server/wire/interposer.ts";
import { seedOfRun } from "../property/random-cases.ts";
import type { Answer } from "../support/checked-server.ts";
import { ListingClient } from "../support/listing-client.ts";
import { ListingWorld } from "../support/listing-world.ts";
import { random } from "../support/listing-writes.ts";
import type { Wish } from "../support/listing-writes.ts";

const seed = seedOfRun();
const pagesMax = 10_000;

type Step = {
  readonly writes: readonly Wish[];
  readonly disturbance: Disturbance;
  readonly keeps: boolean;
};

type Case = {
  readonly before: readonly Wish[];
  readonly steps: readonly Step[];
  /** The pages of the beginning are read before anything else happens. */
  readonly isSettled: boolean;
  readonly folder: number;
  readonly isApp: boolean;
  readonly options: {
    readonly recursive: boolean;
    readonly include_deleted: boolean;
    readonly limit: number;
  };
};

const kinds = [
  "empty",
  "short",
  "duplicated",
  "reordered",
  "children-first",
  "split",
] as const satisfies readonly PageFault["kind"][];

const page: fc.Arbitrary<PageFault> = fc.oneof(
  fc.constantFrom(...kinds).map((kind) => ({ kind })),
  fc.nat(6).map((lines) => ({ kind: "stale" as const, lines })),
);

const disturbance: fc.Arbitrary<Disturbance> = fc.oneof(
  { weight: 3, arbitrary: page.map((fault) => ({ page: fault })) },
  { weight: 1, arbitrary: fc.nat(60).map((readableUpTo) => ({ readableUpTo })) },
  { weight: 1, arbitrary: fc.constant({}) },
);

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    writes: fc.array(random, { maxLength: 4, size: "max" }),
    disturbance,
    keeps: fc.boolean(),
  }),
  { minLength: 2, maxLength: 9, size: "max" },
);

const cases: fc.Arbitrary<Case> = fc.record({
  before: fc.array(random, { maxLength: 10, size: "max" }),
  steps,
  isSettled: fc.boolean(),
  folder: fc.noBias(fc.nat(8)),
  isApp: fc.boolean(),
  options: fc.record({
    recursive: fc.boolean(),
    include_deleted: fc.boolean(),
    limit: fc.constantFrom(1, 3, 7, 100),
  }),
});

/** One listing of one folder, followed by a client through everything that happens. */
class Follower {
  readonly #world: ListingWorld;
  readonly #given: Case;
  readonly #path: string;
  readonly #view;
  readonly #kept: { cursor: string; client: ListingClient }[] = [];
  #client: ListingClient;
  #cursor: string | undefined;
  #isGone = false;

  constructor(world: ListingWorld, given: Case) {
    this.#world = world;
    this.#given = given;
    this.#view = world.view(given.isApp ? "Box" : undefined);
    const folders = world
      .nodes()
      .filter(({ kind, key }) => kind === "folder" && key.startsWith(`${this.#view.topKey}/`))
      .map((node) => node.key.slice(this.#view.topKey.length));
    this.#path = ["", ...folders][given.folder % (folders.length + 1)] ?? "";
    this.#client = new ListingClient(this.#path);
  }

  /** One page, with its disturbance; whether more follow. */
  turn(faults: Disturbance, keeps: boolean): boolean {
    if (this.#isGone) return false;
    const result = this.#page(faults);
    if (result === undefined) return !this.#isGone;
    // One more for the folder itself (V30), one for an entry that comes twice.
    expect(result.entries.length).toBeLessThanOrEqual(this.#given.options.limit + 2);
    this.#client.apply(result.entries);
    this.#cursor = result.cursor;
    if (keeps && this.#kept.length < 3)
      this.#kept.push({ cursor: result.cursor, client: this.#client.copy() });
    return result.has_more;
  }

  /** Read on without disturbance until nothing is left, and compare. */
  finish(): void {
    for (let pages = 0; this.turn({}, false); pages += 1) expect(pages).toBeLessThan(pagesMax);
    expect(this.#client.items()).toEqual(this.#truth());
  }

  /** Cursors that were kept lead to the same end: for who knew what they were made for, and for who knows more. */
  replay(): void {
    for (const { cursor, client } of this.#kept) {
      for (const knowing of [client, this.#client.copy()]) {
        const again = new Follower(this.#world, this.#given);
        again.#cursor = cursor;
        again.#client = knowing;
        again.#follow(this);
      }
    }
  }

  #follow(first: Follower): void {
    for (let pages = 0; ; pages += 1) {
      expect(pages).toBeLessThan(pagesMax);
      const result = first.#call("continue", { cursor: this.#cursor }, {});
      if (typeof result === "string") return;
      this.#client.apply(result.entries);
      this.#cursor = result.cursor;
      if (!result.has_more) break;
    }
    expect(this.#client.items()).toEqual(first.#truth());
  }

  /** Undefined where the listing ended with an error. */
  #page(faults: Disturbance): Answer["json"] {
    const result =
      this.#cursor === undefined
        ? this.#call("list_folder", { path: this.#path, ...this.#given.options }, faults)
        : this.#call("continue", { cursor: this.#cursor }, faults);
    if (typeof result !== "string") return result;
    // Begin anew, or give up: the folder is another one now, or none.
    this.#client = new ListingClient(this.#path);
    this.#isGone = result === "path";
    this.#cursor = undefined;
    if (this.#path === "") expect(result).toBe("reset");
    return undefined;
  }

  #call(route: "list_folder" | "continue", argument: object, faults: Disturbance) {
    try {
      return this.#world.call(route, argument, { ...faults, view: this.#view });
    } catch (error) {
      if (error instanceof EndpointFailure) return error.error[".tag"];
      throw error;
    }
  }

  #truth(): Answer["json"][] {
    if (this.#isGone) return [];
    const top = this.#view.topKey + this.#path;
    const { recursive } = this.#given.options;
    return this.#world
      .nodes()
      .filter(({ key }) => {
        if (recursive && key === top) return this.#path !== "";
        const isBelow = key.startsWith(`${top}/`);
        return isBelow && (recursive || !key.slice(top.length + 1).includes("/"));
      })
      .map((node) => this.#world.shown(node, this.#view));
  }
}

async function holds(given: Case, scan: number): Promise<void> {
  using world = new ListingWorld({ journalScanMax: scan });
  for (const wish of given.before) await wish(world);
  const follower = new Follower(world, given);
  if (given.isSettled) follower.finish();
  for (const step of given.steps) {
    follower.turn(step.disturbance, step.keeps);
    for (const wish of step.writes) await wish(world);
  }
  follower.finish();
  follower.replay();
}

test(`V28, V29, V72: pages of every kind end in the true tree (SNAP_SEED=${seed})`, async () => {
  const law = fc.asyncProperty(fc.noBias(cases), fc.constantFrom(2, 1000), holds);
  await fc.assert(law, { seed, numRuns: 250 });
});

const scripts = fc.array(random, { maxLength: 24, size: "max" });

/** Removals that a later one takes with it say nothing of their own. */
function withoutRepeated(entries: readonly Answer["json"][]): Answer["json"][] {
  const isTakenBy = (entry: Answer["json"], later: Answer["json"]): boolean =>
    later[".tag"] === "deleted" && `${entry.path_lower}/`.startsWith(`${later.path_lower}/`);
  return entries.filter(
    (entry, index) =>
      entry[".tag"] !== "deleted" ||
      !entries.slice(index + 1).some((later) => isTakenBy(entry, later)),
  );
}

test(`Choice 15: no cursor is told less by a journal without its pointless lines (SNAP_SEED=${seed})`, async () => {
  const law = fc.asyncProperty(fc.noBias(scripts), async (wishes) => {
    using world = new ListingWorld();
    const cursors = [false, true].map((recursive) => ({ recursive, all: [] as string[] }));
    for (const wish of wishes) {
      for (const { recursive, all } of cursors) {
        all.push(world.call("get_latest_cursor", { path: "", recursive, limit: 2000 }).cursor);
      }
      await wish(world);
    }
    const told = () =>
      cursors.flatMap(({ all }) =>
        all.map((cursor) => withoutRepeated(world.call("continue", { cursor }).entries)),
      );
    const before = told();
    await world.trim();
    expect(told()).toEqual(before);
  });
  await fc.assert(law, { seed, numRuns: 120 });
});
