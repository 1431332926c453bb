import { parseRelPath, pathComponents, type RelPath } from "../path/rel-path.ts";
import type { ContentHash } from "../tree/node.ts";
import { placeKey, type PlaceKey } from "./restore-picture.ts";
import {
  hasRoad,
  keysAbove,
  type ServerWish,
  type Relocation,
  type ServerWorld,
} from "./server-world.ts";

/** Folders that move as a whole, and all places that this settles. */
export type FolderMoves = {
  readonly pairs: readonly Relocation[];
  readonly sources: ReadonlySet<PlaceKey>;
  readonly targets: ReadonlySet<PlaceKey>;
};

/** Places that are tried for one folder: much has the same content, above all nothing. */
const triesMax = 16;

/**
 * Folders that the plan removes and of which everything is wanted under one other folder, which is not there yet: one call moves them
 * with all that they hold. The highest are taken.
 *
 * @param wishes open ones, at free places
 */
export function folderMoves(world: ServerWorld, wishes: readonly ServerWish[]): FolderMoves {
  const folders = [...world.going].filter((key) => world.present.get(key)?.kind === "folder");
  if (folders.length === 0) return { pairs: [], sources: new Set(), targets: new Set() };
  const finding = new Finding(world, wishes);
  for (const key of folders.toSorted()) finding.add(key);
  return finding;
}

class Finding implements FolderMoves {
  readonly pairs: Relocation[] = [];
  readonly sources = new Set<PlaceKey>();
  readonly targets = new Set<PlaceKey>();
  readonly #world: ServerWorld;
  readonly #wishes: ReadonlyMap<PlaceKey, ServerWish>;
  readonly #byHash: ReadonlyMap<ContentHash, readonly ServerWish[]>;
  /** Wanted folders that are not there. */
  readonly #folders: ReadonlySet<PlaceKey>;
  readonly #keys: readonly PlaceKey[];

  constructor(world: ServerWorld, wishes: readonly ServerWish[]) {
    this.#world = world;
    this.#wishes = new Map(wishes.map((wish) => [wish.key, wish]));
    this.#byHash = Map.groupBy(wishes, ({ hash }) => hash);
    this.#folders = new Set(world.folders.map(placeKey).filter((key) => !world.present.has(key)));
    this.#keys = Array.from(world.present, ([key]) => key).toSorted();
  }

  add(key: PlaceKey): void {
    const from = this.#world.present.get(key);
    if (from === undefined || this.#folders.size === 0 || this.sources.has(key)) return;
    const below = this.#below(key);
    const target = this.#isMovable(key, below) ? this.#targetOf(key, below) : undefined;
    if (target === undefined) return;
    const keys = [key, ...below];
    this.pairs.push({ from, to: target.path, keys });
    for (const one of keys) {
      this.sources.add(one);
      this.targets.add(target.key + one.slice(key.length));
    }
  }

  #isMovable(key: PlaceKey, below: readonly PlaceKey[]): boolean {
    const { going, holding } = this.#world;
    return [key, ...below].every((one) => going.has(one) && !holding.has(one));
  }

  #targetOf(
    key: PlaceKey,
    below: readonly PlaceKey[],
  ): { readonly key: PlaceKey; readonly path: RelPath } | undefined {
    const file = below.find((one) => this.#world.present.get(one)?.kind === "file");
    if (file === undefined) return undefined;
    const rest = file.slice(key.length);
    const hash = this.#world.present.get(file)?.hash ?? "";
    const same = (this.#byHash.get(hash) ?? []).filter((wish) => wish.key.endsWith(rest));
    for (const wish of same.slice(0, triesMax)) {
      const target = wish.key.slice(0, -rest.length);
      if (this.#isFree(target) && this.#fits(below, { key, target })) {
        return { key: target, path: folderOf(wish.path, keysAbove(rest).length) };
      }
    }
    return undefined;
  }

  #isFree(target: PlaceKey): boolean {
    const { refused } = this.#world;
    if (!this.#folders.has(target) || refused.has(`move ${target}`) || this.targets.has(target))
      return false;
    return (
      hasRoad(this.#world, target) && !keysAbove(target).some((above) => this.targets.has(above))
    );
  }

  #fits(
    below: readonly PlaceKey[],
    { key, target }: { readonly key: PlaceKey; readonly target: PlaceKey },
  ): boolean {
    return below.every((one) => {
      const place = target + one.slice(key.length);
      const seen = this.#world.present.get(one);
      if (seen?.kind === "folder") return this.#folders.has(place);
      return this.#wishes.get(place)?.hash === seen?.hash;
    });
  }

  /** What follows a folder in order and begins with its key. */
  #below(folder: PlaceKey): readonly PlaceKey[] {
    const prefix = `${folder}/`;
    const keys = this.#keys;
    let [low, high] = [0, keys.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((keys[middle] ?? "") < prefix) low = middle + 1;
      else high = middle;
    }
    let end = low;
    while (keys[end]?.startsWith(prefix) === true) end += 1;
    return keys.slice(low, end);
  }
}

/** The folder so many names above a path. */
function folderOf(path: RelPath, names: number): RelPath {
  return parseRelPath(pathComponents(path).slice(0, -names).join("/"));
}
