import { placeKey, type PlaceKey, type RemotePicture, type RemoteSeen } from "./restore-picture.ts";
import type { RelPath } from "../path/rel-path.ts";
import type { ContentHash } from "../tree/node.ts";

/** A file that is wanted in Dropbox. */
export type ServerWish = {
  readonly path: RelPath;
  readonly hash: ContentHash;
  readonly size: number;
};

/** A call of T24 that was tried for a place and did not come off: the next row of the table has its turn. */
export type Refusal = `${"folder" | "move" | "copy" | "revert"} ${PlaceKey}`;

/** What the calls for a plan are chosen from, and what is known of Dropbox at that moment (T24). */
export type ServerWorld = {
  /** What stands there now. */
  readonly present: ReadonlyMap<PlaceKey, RemoteSeen>;
  /** Folders that directly hold something which is not ours to move. */
  readonly holding: ReadonlySet<PlaceKey>;
  readonly wishes: readonly ServerWish[];
  readonly folders: readonly RelPath[];
  /** Places that the plan removes. */
  readonly going: ReadonlySet<PlaceKey>;
  /** The revision of a place that has its wanted content; undefined where it has none. A place without an entry was not asked for. */
  readonly known: ReadonlyMap<RelPath, string | undefined>;
  readonly refused: ReadonlySet<Refusal>;
};

/** A wish with the key of its place. */
export type OpenWish = ServerWish & {
  readonly key: PlaceKey;
  readonly now: RemoteSeen | undefined;
};

/** One file, or a folder with all that is in it, and the free place where it shall stand. */
export type Relocation = {
  readonly from: RemoteSeen;
  readonly to: RelPath;
  /** Its own place, and those of all that goes along. */
  readonly keys: readonly PlaceKey[];
};

/** Files that Dropbox lacks or has with other content, and whose folders are there or can be made. */
export function openWishes(world: ServerWorld): readonly OpenWish[] {
  return world.wishes.flatMap((wish) => {
    const key = placeKey(wish.path);
    const now = world.present.get(key);
    const isOpen = now?.kind !== "folder" && now?.hash !== wish.hash && hasRoad(world, key);
    return isOpen ? [{ ...wish, key, now }] : [];
  });
}

/** Whether the folders above a place are there, or may be made. */
export function hasRoad({ present, refused }: ServerWorld, key: PlaceKey): boolean {
  return keysAbove(key).every(
    (above) => present.get(above)?.kind !== "file" && !refused.has(`folder ${above}`),
  );
}

/** The keys of the folders above a place, the top one first; the linked folder itself is left out. */
export function keysAbove(key: PlaceKey): readonly PlaceKey[] {
  const keys: PlaceKey[] = [];
  for (let end = key.indexOf("/"); end >= 0; end = key.indexOf("/", end + 1)) {
    keys.push(key.slice(0, end));
  }
  return keys;
}

/**
 * What Dropbox may do of a restore by itself: all it can; the same but for putting back small files one by one, which `large` leaves to
 * be uploaded; nothing.
 */
export const serverSides = ["prefer", "large", "never"] as const;

/** @see serverSides */
export type ServerSide = (typeof serverSides)[number];

/** Files below this are uploaded with `large`. */
const smallBytes = 64 * 1024;

/** One place that a plan wants otherwise in Dropbox: what is wanted, and whether something is there. */
export type WantedThere = {
  readonly path: RelPath;
  readonly want:
    | { readonly kind: "file"; readonly hash: ContentHash; readonly size: number }
    | { readonly kind: "folder" | "symlink" }
    | undefined;
  readonly isThere: boolean;
};

/** Where the calls for a plan begin. */
export function worldOf(
  places: readonly WantedThere[],
  { items, holding }: RemotePicture,
  serverSide: ServerSide,
): ServerWorld {
  const wishes = places.flatMap(({ path, want }) =>
    want?.kind === "file" ? [{ path, hash: want.hash, size: want.size }] : [],
  );
  const going = places.filter(({ want, isThere }) => isThere && !isHeldThere(want));
  const small = serverSide === "large" ? wishes.filter(({ size }) => size < smallBytes) : [];
  return {
    present: items,
    holding,
    wishes,
    folders: places.flatMap(({ path, want }) => (want?.kind === "folder" ? [path] : [])),
    going: new Set(going.map(({ path }) => placeKey(path))),
    known: new Map(),
    refused: new Set(small.map(({ path }): Refusal => `revert ${placeKey(path)}`)),
  };
}

/** Links are never in Dropbox. */
function isHeldThere(want: WantedThere["want"]): boolean {
  return want?.kind === "file" || want?.kind === "folder";
}
