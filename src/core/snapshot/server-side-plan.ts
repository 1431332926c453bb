import { baseName, comparePaths, parentPath, topPath, type RelPath } from "../path/rel-path.ts";
import type { ContentHash } from "../tree/node.ts";
import { placeKey, type PlaceKey, type RemoteSeen } from "./restore-picture.ts";
import { folderMoves } from "./server-folder-moves.ts";
import {
  hasRoad,
  keysAbove,
  openWishes,
  type ServerWish,
  type Relocation,
  type ServerWorld,
} from "./server-world.ts";

/** Calls that may be made now, all of one kind and independent of each other. `folders` are made before them, parents first. */
export type ServerStep =
  | {
      readonly call: "move" | "copy";
      readonly folders: readonly RelPath[];
      readonly pairs: readonly Relocation[];
    }
  /** Whether Dropbox has the wanted content as a revision of these places decides what is done next. */
  | { readonly call: "ask"; readonly wishes: readonly ServerWish[] }
  | {
      readonly call: "revert";
      readonly folders: readonly RelPath[];
      readonly wishes: readonly ServerWish[];
    }
  | { readonly call: "folders"; readonly folders: readonly RelPath[] };

/**
 * The next calls by which Dropbox itself makes a wanted tree of what it still holds: for each file the first row of T24 that fits.
 * Undefined where nothing is left but uploads and removals, which are the engine's.
 *
 * Pure; asked again after each step with what became of it. A place is moved or copied to only where it is free, and only what the
 * plan removes is moved. A revision goes over what stands at its place only when nothing can be moved or copied any more, since that may be
 * wanted elsewhere.
 */
export function nextStep(world: ServerWorld): ServerStep | undefined {
  const open = openWishes(world);
  return (
    moveStep(world, open) ?? copyStep(world, open) ?? revertStep(world, open) ?? folderStep(world)
  );
}

function moveStep(world: ServerWorld, open: readonly ServerWish[]): ServerStep | undefined {
  const wishes = open.filter(
    ({ key }) => !world.present.has(key) && !world.refused.has(`move ${key}`),
  );
  if (wishes.length === 0 || world.going.size === 0) return undefined;
  const folders = folderMoves(world, wishes);
  const files = new Sources(
    world,
    wishes,
    (key) => world.going.has(key) && !folders.sources.has(key),
  );
  const single = wishes.flatMap(({ path, key, hash }): readonly Relocation[] => {
    const isSettled = [key, ...keysAbove(key)].some((one) => folders.targets.has(one));
    const source = isSettled ? undefined : files.take(hash, path);
    return source === undefined ? [] : [relocation(source, path)];
  });
  const pairs = [...folders.pairs, ...single];
  if (pairs.length === 0) return undefined;
  return {
    call: "move",
    folders: missingFolders(world, pairs.map(targetOf)),
    pairs,
  };
}

/** A copy is no continuation of a file: a revision of its place goes before it. */
function copyStep(world: ServerWorld, open: readonly ServerWish[]): ServerStep | undefined {
  const free = open.filter(
    ({ key }) => !world.present.has(key) && !world.refused.has(`copy ${key}`),
  );
  if (free.length === 0) return undefined;
  const sources = new Sources(world, free, () => true);
  const wishes = free.filter(({ hash }) => sources.has(hash));
  const asked = wishes.filter((wish) => mayRevert(world, wish) && !world.known.has(wish.path));
  if (asked.length > 0) return { call: "ask", wishes: asked };
  const pairs = wishes.flatMap((wish): readonly Relocation[] => {
    const source = mayRevert(world, wish) ? undefined : sources.find(wish.hash, wish.path);
    return source === undefined ? [] : [relocation(source, wish.path)];
  });
  if (pairs.length === 0) return undefined;
  return {
    call: "copy",
    folders: missingFolders(world, pairs.map(targetOf)),
    pairs,
  };
}

function revertStep(world: ServerWorld, open: readonly ServerWish[]): ServerStep | undefined {
  const wishes = open.filter((wish) => mayRevert(world, wish));
  if (wishes.length === 0) return undefined;
  return {
    call: "revert",
    folders: missingFolders(world, wishes),
    wishes,
  };
}

/** Whether a revision may have the content: it has not been asked for yet, or is known. */
function mayRevert({ refused, known }: ServerWorld, { key, path }: ServerWish): boolean {
  return !refused.has(`revert ${key}`) && (!known.has(path) || known.get(path) !== undefined);
}

function folderStep(world: ServerWorld): ServerStep | undefined {
  const folders = world.folders.filter((path) => isMissing(world, placeKey(path)));
  return folders.length === 0
    ? undefined
    : { call: "folders", folders: folders.toSorted(comparePaths) };
}

function isMissing(world: ServerWorld, key: PlaceKey): boolean {
  return !world.present.has(key) && !world.refused.has(`folder ${key}`) && hasRoad(world, key);
}

function missingFolders(
  { present }: ServerWorld,
  places: readonly { readonly path: RelPath }[],
): readonly RelPath[] {
  const looked = new Set<RelPath>();
  const missing = new Map<PlaceKey, RelPath>();
  for (const { path } of places) {
    for (
      let folder = parentPath(path) ?? topPath;
      folder !== topPath && !looked.has(folder);
      folder = parentPath(folder) ?? topPath
    ) {
      looked.add(folder);
      const key = placeKey(folder);
      if (!present.has(key) && !missing.has(key)) missing.set(key, folder);
    }
  }
  return [...missing.values()].toSorted(comparePaths);
}

type Source = readonly [PlaceKey, RemoteSeen];

function targetOf({ to }: Relocation): { readonly path: RelPath } {
  return { path: to };
}

function relocation([key, from]: Source, to: RelPath): Relocation {
  return { from, to, keys: [key] };
}

/** Files of one content among which one of the same name is looked for: thousands may be empty. */
const sourcesMax = 64;

/** Living files by content, as far as it is wanted, in path order. */
class Sources {
  readonly #byHash: Map<ContentHash, Source[]>;

  constructor(
    { present }: ServerWorld,
    wishes: readonly ServerWish[],
    isSource: (key: PlaceKey) => boolean,
  ) {
    const wanted = new Set(wishes.map(({ hash }) => hash));
    const sources: Source[] = [];
    for (const [key, seen] of present) {
      if (seen.kind === "file" && wanted.has(seen.hash) && isSource(key)) sources.push([key, seen]);
    }
    sources.sort(([, a], [, b]) => comparePaths(a.path, b.path));
    this.#byHash = Map.groupBy(sources, ([, { hash }]) => hash);
  }

  has(hash: ContentHash): boolean {
    return this.#byHash.has(hash);
  }

  /** One of the same name, else any. */
  find(hash: ContentHash, path: RelPath): Source | undefined {
    const files = this.#byHash.get(hash)?.slice(0, sourcesMax);
    return files?.find(([, seen]) => baseName(seen.path) === baseName(path)) ?? files?.[0];
  }

  /** As `find`; what was taken once is not there any more. */
  take(hash: ContentHash, path: RelPath): Source | undefined {
    const found = this.find(hash, path);
    const files = this.#byHash.get(hash) ?? [];
    if (found !== undefined) files.splice(files.indexOf(found), 1);
    return found;
  }
}
