import { expect, test } from "vitest";
import { isSnapError } from "../../src/std/error.ts";
import { seededRng } from "../../src/std/random.ts";
import { Killed } from "../support/world-ports.ts";
import { World } from "../support/world.ts";

/** One more than this number of seeds is run by `SNAP_SEED=<first>:<count>`. */
const [firstSeed = 1, seedCount = 12] = (process.env["SNAP_SEED"] ?? "")
  .split(":")
  .flatMap((text) => (text === "" ? [] : [Number(text)]));

const names = ["a", "b", "c", "D"];
const roundsEach = 5;
const stepsEach = 5;

/** The names that a step of a user may take, and chance, from one seed. */
class Chance {
  readonly #rng: ReturnType<typeof seededRng>;
  #token = 0;

  constructor(seed: number) {
    this.#rng = seededRng(seed);
  }

  below(bound: number): number {
    return (this.#rng.bytes(1)[0] ?? 0) % bound;
  }

  pick<T>(items: readonly T[]): T | undefined {
    return items[this.below(Math.max(1, items.length))];
  }

  /** A content that was never written before. */
  token(): string {
    this.#token += 1;
    return `token ${this.#token}`;
  }
}

type Side = {
  readonly paths: () => Promise<ReadonlyMap<string, string>>;
  readonly write: (path: string, content: string) => unknown;
  readonly mkdir: (path: string) => unknown;
  readonly move: (from: string, to: string) => unknown;
  readonly remove: (path: string) => unknown;
};

const sidesOf = ({ local, remote }: World): Record<"local" | "remote", Side> => ({
  local: {
    paths: () => Promise.resolve(local.tree()),
    write: (path, content) => local.write(path, content),
    mkdir: (path) => local.mkdir(path),
    move: (from, to) => local.move(from, to),
    remove: (path) => local.remove(path),
  },
  remote: {
    paths: () => remote.tree(),
    write: (path, content) => remote.write(path, content),
    mkdir: (path) => remote.mkdir(path),
    move: (from, to) => remote.move(from, to),
    remove: (path) => remote.remove(path),
  },
});

/** One thing that a user does on one side, where it makes sense there. */
async function step(side: Side, chance: Chance): Promise<void> {
  const tree = await side.paths();
  const taken = new Set([...tree.keys()].map((path) => path.toLowerCase()));
  const folders = ["", ...[...tree].filter(([, hash]) => hash === "").map(([path]) => path)];
  const folder = chance.pick(folders) ?? "";
  const fresh = [folder, chance.pick(names)].filter(Boolean).join("/");
  const isFree = !taken.has(fresh.toLowerCase()) && fresh.split("/").length <= 4;
  const any = chance.pick([...tree.keys()]);
  const file = chance.pick([...tree].filter(([, hash]) => hash !== "").map(([path]) => path));
  const canMove = isFree && !`${fresh}/`.startsWith(`${any ?? ""}/`);
  const steps: readonly (readonly [boolean, () => unknown])[] = [
    [isFree, () => side.write(fresh, chance.token())],
    [isFree, () => side.mkdir(fresh)],
    [file !== undefined, () => side.write(file ?? "", chance.token())],
    [any !== undefined && canMove, () => side.move(any ?? "", fresh)],
    [any !== undefined, () => side.remove(any ?? "")],
  ];
  const [makesSense, act] = chance.pick(steps) ?? [];
  if (makesSense === true) await act?.();
}

const methods = [
  "local.perform",
  "local.stage",
  "local.makeFolder",
  "remote.upload",
  "remote.move",
  "remote.makeFolder",
  "remote.deleteFile",
  "remote.deleteFolder",
];

/** Users that act, and processes that die, while the engine is at work. */
function disturb(world: World, chance: Chance): void {
  const sides = sidesOf(world);
  const method = chance.pick(methods) ?? "local.perform";
  const when = chance.below(2) === 0 ? "before" : "after";
  const what = chance.below(3);
  if (what === 0) world.hooks[when](method, () => world.hooks.kill());
  if (what === 1) world.hooks[when](method, () => step(sides.local, chance));
  if (what === 2) world.hooks[when](method, () => step(sides.remote, chance));
}

async function syncThrough(world: World): Promise<void> {
  try {
    await world.syncOnce();
  } catch (error) {
    if (!(error instanceof Killed) && !isSnapError(error)) throw error;
    world.restart();
  }
}

const seeds = Array.from({ length: seedCount }, (_, at) => firstSeed + at);

test.each(seeds)(
  "P1, P4: whatever users do and wherever the process dies, seed %i",
  async (seed) => {
    const chance = new Chance(seed);
    await using world = await World.synced("a/b: 0\na/c/d: 00\nb: 000\nc/");
    const sides = sidesOf(world);
    for (let round = 0; round < roundsEach; round += 1) {
      for (let count = 0; count < stepsEach; count += 1) {
        await step(chance.below(2) === 0 ? sides.local : sides.remote, chance);
      }
      disturb(world, chance);
      await syncThrough(world);
    }
    world.restart();
    await world.sync();
    expect(await world.both()).toBeDefined();
    await world.assertAlways();
  },
);
