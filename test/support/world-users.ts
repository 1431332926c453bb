import { seededRng } from "../../src/std/random.ts";
import type { World } from "./world.ts";

const names = ["a", "b", "c", "D"];

/** Deeper folders are not made. */
const depthMax = 4;

/** The names that a step of a user may take, and chance, from one seed. */
export class Chance {
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

/** What a user can do on one side. */
export type Side = {
  /** Paths with content hashes, "" for folders. */
  readonly paths: () => Promise<ReadonlyMap<string, string>>;
  /** With what this user stays out of; absent where that is nothing. */
  readonly everything?: Side["paths"];
  readonly write: (path: string, content: string) => unknown;
  readonly mkdir: (path: string) => unknown;
  readonly move: (from: string, to: string) => unknown;
  readonly remove: (path: string) => unknown;
};

/** The users of both sides. */
export const sidesOf = ({ local, remote }: World): Record<"local" | "remote", Side> => ({
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

/** A place on a side, and whether anything can be put there. */
export async function freshPlace(
  side: Side,
  chance: Chance,
): Promise<{ readonly path: string; readonly isFree: boolean }> {
  const tree = await side.paths();
  const all = side.everything === undefined ? tree : await side.everything();
  const taken = new Set([...all.keys()].map((path) => path.toLowerCase()));
  const folders = ["", ...[...tree].filter(([, hash]) => hash === "").map(([path]) => path)];
  const folder = chance.pick(folders) ?? "";
  const path = [folder, chance.pick(names)].filter(Boolean).join("/");
  const isFree = !taken.has(path.toLowerCase()) && path.split("/").length <= depthMax;
  return { path, isFree };
}

/** One thing that a user does on one side, where it makes sense there. */
export async function step(side: Side, chance: Chance): Promise<void> {
  const tree = await side.paths();
  const { path: fresh, isFree } = await freshPlace(side, chance);
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

/** Calls of the ports at which a user may act, or the process may die. */
export const disturbedCalls: readonly string[] = [
  "local.perform",
  "local.stage",
  "local.makeFolder",
  "remote.upload",
  "remote.move",
  "remote.makeFolder",
  "remote.deleteFile",
  "remote.deleteFolder",
];
