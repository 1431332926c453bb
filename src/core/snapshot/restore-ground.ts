import { comparePaths, parentPath, type RelPath } from "../path/rel-path.ts";
import type { PlanOptions } from "./restore-item.ts";
import {
  placeKey,
  type LocalItem,
  type PlaceKey,
  type RemoteSeen,
  type Sight,
  type SyncedSeen,
} from "./restore-picture.ts";
import { isAtOrBelow, parentsOf, type AsidePath, type Wanted } from "./restore-wanted.ts";

/** What is known before the first path is decided: which paths there are, and which of them may be touched. */
export type Ground = {
  readonly wanted: Wanted;
  readonly sight: Sight;
  /** Every path that is wanted or stands on a side. */
  readonly paths: readonly RelPath[];
  /** Folders that cannot go, because something in them stays. */
  readonly holding: ReadonlySet<RelPath>;
  /** Wanted paths that are left aside. */
  readonly left: readonly AsidePath[];
  /** Frozen, unknown or kept: neither side changes there. */
  isUntouched(path: RelPath): boolean;
  /** Not wanted, and to be removed. */
  isGoing(path: RelPath): boolean;
  /** Another wanted path has the same key; on the server only one of them can have its name (S42). */
  isTwin(path: RelPath): boolean;
  /** Another path has this one's place on the server, as after a rename that changed only the case (S15). */
  isDisplaced(path: RelPath): boolean;
  remoteAt(path: RelPath): RemoteSeen | undefined;
  syncedAt(path: RelPath): SyncedSeen | undefined;
};

/** Look over wanted tree and sides once. */
export function groundOf(wanted: Wanted, sight: Sight, options: PlanOptions): Ground {
  const places = new Places(wanted, sight);
  const closed = new Set([...wanted.frozen, ...sight.local.unknown.keys()]);
  const isGoing = (path: RelPath): boolean =>
    !wanted.nodes.has(path) &&
    !isAtOrBelow(path, closed) &&
    (wanted.isRemoved(path) || givesWay(wanted, path));
  const unsaved = options.onUnsaved === "keep" ? unsavedPaths({ wanted, sight, isGoing }) : [];
  const untouched = new Set([...closed, ...unsaved]);
  const unknown = new Set(sight.local.unknown.keys());
  const unseen = [...wanted.nodes.keys()].filter((path) => isAtOrBelow(path, unknown));
  const left = [
    ...asideOf(unseen, "cannot be looked at"),
    ...asideOf(unsaved, "not saved anywhere else"),
  ];
  const goes = (path: RelPath): boolean => !untouched.has(path) && isGoing(path);
  return {
    wanted,
    sight,
    paths: places.paths,
    holding: holdingFolders({ sight, places, untouched, goes, wanted }),
    left,
    isUntouched: (path) => isAtOrBelow(path, untouched),
    isGoing: goes,
    isTwin: (path) => places.isTwin(path),
    isDisplaced: (path) => !places.owns(path),
    remoteAt: (path) => places.remoteAt(path),
    syncedAt: (path) => (places.owns(path) ? sight.synced.get(placeKey(path)) : undefined),
  };
}

function asideOf(paths: readonly RelPath[], reason: AsidePath["reason"]): AsidePath[] {
  return paths.map((path) => ({ path, side: "both", reason }));
}

/** Below a place where a file or link is wanted: what is there goes with its folder (T14). */
function givesWay(wanted: Wanted, path: RelPath): boolean {
  return parentsOf(path).some((parent) => {
    const node = wanted.nodes.get(parent);
    return node !== undefined && node.kind !== "folder";
  });
}

/** Local files that would be replaced or removed, and whose content is nowhere else (T12). */
function unsavedPaths(look: {
  readonly wanted: Wanted;
  readonly sight: Sight;
  readonly isGoing: (path: RelPath) => boolean;
}): RelPath[] {
  return [...look.sight.local.items.values()]
    .filter(
      (item) =>
        isUnsaved(item, look.sight) && (look.isGoing(item.path) || isReplaced(item, look.wanted)),
    )
    .map(({ path }) => path);
}

function isUnsaved({ stat, hash }: LocalItem, sight: Sight): boolean {
  return stat.kind === "file" && hash !== undefined && !sight.saved.has(hash);
}

function isReplaced({ path, hash }: LocalItem, wanted: Wanted): boolean {
  const want = wanted.nodes.get(path);
  return want !== undefined && (want.kind !== "file" || want.hash !== hash);
}

function holdingFolders(look: {
  readonly sight: Sight;
  readonly places: Places;
  readonly untouched: ReadonlySet<RelPath>;
  readonly goes: (path: RelPath) => boolean;
  readonly wanted: Wanted;
}): ReadonlySet<RelPath> {
  const { sight, places, wanted } = look;
  const holding = new Set<RelPath>();
  const hold = (path: RelPath | undefined): void => {
    for (let folder = path; folder !== undefined && folder !== "" && !holding.has(folder);) {
      holding.add(folder);
      folder = parentPath(folder);
    }
  };
  for (const folder of sight.local.holding) hold(folder);
  for (const key of sight.remote?.holding ?? []) hold(places.pathAt(key));
  for (const path of look.untouched) hold(parentPath(path));
  for (const path of places.paths) {
    if (!wanted.nodes.has(path) && !look.goes(path)) hold(parentPath(path));
  }
  return holding;
}

/** Which path has which place on the server, where there is one: two local names with one key are one name there (S15). */
class Places {
  readonly paths: readonly RelPath[];
  readonly #owners = new Map<PlaceKey, RelPath>();
  readonly #twins = new Set<RelPath>();
  readonly #sight: Sight;

  constructor(wanted: Wanted, sight: Sight) {
    this.#sight = sight;
    if (sight.remote === undefined) {
      this.paths = [...new Set([...wanted.nodes.keys(), ...sight.local.items.keys()])];
      return;
    }
    const remote = [...sight.remote.items.values()].map(({ path }) => path);
    const exact = new Set(remote);
    // A name that stands on the server as it is written comes before one that only has its key.
    const wantedPaths = [...wanted.nodes.keys()].toSorted(
      (a, b) => Number(exact.has(b)) - Number(exact.has(a)) || comparePaths(a, b),
    );
    const settled = sight.settled?.places ?? new Map<PlaceKey, RelPath>();
    for (const [key, path] of settled) this.#owners.set(key, path);
    for (const path of wantedPaths) if (!this.#claim(path)) this.#twins.add(path);
    for (const path of sight.local.items.keys()) this.#claim(path);
    for (const path of remote) this.#claim(path);
    const owners = [...this.#owners].filter(([key]) => !settled.has(key)).map(([, path]) => path);
    this.paths = [...new Set([...wantedPaths, ...sight.local.items.keys(), ...owners])];
  }

  owns(path: RelPath): boolean {
    return this.#owners.get(placeKey(path)) === path;
  }

  pathAt(key: PlaceKey): RelPath | undefined {
    return this.#owners.get(key);
  }

  isTwin(path: RelPath): boolean {
    return isAtOrBelow(path, this.#twins);
  }

  remoteAt(path: RelPath): RemoteSeen | undefined {
    const key = placeKey(path);
    return this.#owners.get(key) === path && !this.isTwin(path)
      ? this.#sight.remote?.items.get(key)
      : undefined;
  }

  /** Whether the place is this path's. */
  #claim(path: RelPath): boolean {
    const key = placeKey(path);
    const owner = this.#owners.get(key);
    if (owner === undefined) this.#owners.set(key, path);
    return owner === undefined || owner === path;
  }
}
