import type { RelPath } from "../path/rel-path.ts";
import type { ContentHash } from "../tree/node.ts";
import { placeKey, type PlaceKey, type RemoteSeen } from "./restore-picture.ts";

/** A file that is wanted in Dropbox. */
export type ServerWish = {
  readonly path: RelPath;
  readonly key: PlaceKey;
  readonly hash: ContentHash;
  readonly size: number;
};

/** A call of T24 that was tried for a place and did not come off: the next row of the table has its turn. */
export type Refusal = `${"folder" | "move" | "copy" | "revert"} ${PlaceKey}`;

/** What a plan wants of Dropbox. */
export type ServerWants = {
  /** In path order. */
  readonly wishes: readonly ServerWish[];
  readonly folders: readonly RelPath[];
  /** Places that the plan removes. */
  readonly going: ReadonlySet<PlaceKey>;
  readonly refused: ReadonlySet<Refusal>;
};

/** What stands in Dropbox, by place. */
export type Standing = Pick<ReadonlyMap<PlaceKey, RemoteSeen>, "get" | "has"> &
  Iterable<readonly [PlaceKey, RemoteSeen]>;

/** What the calls for a plan are chosen from, and what is known of Dropbox at that moment (T24). */
export type ServerWorld = ServerWants & {
  readonly present: Standing;
  /** Folders that directly hold something which is not ours to move. */
  readonly holding: ReadonlySet<PlaceKey>;
  /** The revision of a place that has its wanted content; undefined where it has none. A place without an entry was not asked for. */
  readonly known: Pick<ReadonlyMap<RelPath, string | undefined>, "get" | "has">;
};

/** One file, or a folder with all that is in it, and the free place where it shall stand. */
export type Relocation = {
  readonly from: RemoteSeen;
  readonly to: RelPath;
  /** Its own place, and those of all that goes along. */
  readonly keys: readonly PlaceKey[];
};

/** Files that Dropbox lacks or has with other content, and whose folders are there or can be made. */
export function openWishes(world: ServerWorld): readonly ServerWish[] {
  // Many wishes share a folder.
  const roads = new Map<PlaceKey, boolean>();
  return world.wishes.filter(({ key, hash }) => {
    const now = world.present.get(key);
    if (now?.kind === "folder" || now?.hash === hash) return false;
    const folder = key.slice(0, Math.max(0, key.lastIndexOf("/")));
    const road = roads.get(folder) ?? hasRoad(world, key);
    roads.set(folder, road);
    return road;
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

/** What a plan wants, from its places in path order. Links are never in Dropbox. */
export function wantsOf(places: Iterable<WantedThere>, serverSide: ServerSide): ServerWants {
  const wants = {
    wishes: [] as ServerWish[],
    folders: [] as RelPath[],
    going: new Set<PlaceKey>(),
    refused: new Set<Refusal>(),
  };
  for (const { path, want, isThere } of places) {
    if (want?.kind === "folder") wants.folders.push(path);
    else if (want?.kind !== "file") {
      if (isThere) wants.going.add(placeKey(path));
    } else {
      const whole = placeKey(path);
      // Most are equal, and one text is enough for both.
      const key = whole === path ? path : whole;
      wants.wishes.push({ path, key, hash: want.hash, size: want.size });
      if (serverSide === "large" && want.size < smallBytes) wants.refused.add(`revert ${key}`);
    }
  }
  return wants;
}
