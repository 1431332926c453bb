import { SnapError } from "../std/error.ts";
import { turn } from "../std/turn.ts";
import { isOutOfReach, readFolder, textOf, type Bytes, type RawEntry } from "./read-only.ts";
import { keyOf } from "../core/repo/unit.ts";
import { isKept, namesOf, type UnitLayout } from "./unit-layout.ts";
import { below, placeOf, stampAt, type Stamp } from "./unit-read.ts";

/** An entry of a unit as it was found. */
export type Found = {
  readonly path: Bytes;
  readonly key: string;
  readonly kind: "file" | "folder" | "symlink";
  readonly stamp: Stamp;
};

/** What a look over a unit saw. Entries in order of the walk. */
export type Listing = {
  readonly entries: readonly Found[];
  /** Folders that begin a part of the history: `objects`, `modules/lib/objects`. */
  readonly history: readonly Bytes[];
  /** Pipes, sockets and devices: told, not captured. */
  readonly leftOut: readonly string[];
  readonly locks: readonly string[];
  /** Folders that are there and cannot be listed. */
  readonly unreadable: readonly string[];
};

/** So many entries of one repository are captured; more is refused. */
const entriesMax = 1_000_000;

/** The parts of a unit whose listing is asked for: everything but the history, or the history below some folders. */
export type Part = { readonly root: Bytes; readonly layout: UnitLayout };

/** Entries that are looked at between two turns of everything else: some 2 ms (N61). */
const entriesInARow = 128;

/** List the state: everything but the insides of the history. @throws {SnapError} `too-large` */
export async function listState(part: Part): Promise<Listing> {
  return await new Lister(part, "state").list([Buffer.alloc(0)]);
}

/** List the history, folder by folder. @throws {SnapError} `too-large` */
export async function listHistory(part: Part, folders: readonly Bytes[]): Promise<Listing> {
  return await new Lister(part, "history").list(folders);
}

/** One look over a part of a unit. */
class Lister {
  readonly #part: Part;
  readonly #what: "state" | "history";
  readonly #entries: Found[] = [];
  readonly #history: Bytes[] = [];
  readonly #leftOut: string[] = [];
  readonly #locks: string[] = [];
  readonly #unreadable: string[] = [];
  #looked = 0;

  constructor(part: Part, what: "state" | "history") {
    this.#part = part;
    this.#what = what;
  }

  async list(folders: readonly Bytes[]): Promise<Listing> {
    const waiting = [...folders].toReversed();
    for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
      const entries = this.#read(folder);
      const siblings = namesOf(entries);
      const next: Bytes[] = [];
      for (const entry of entries) {
        this.#looked += 1;
        if (this.#looked % entriesInARow === 0) await turn();
        const inner = this.#take(folder, entry, siblings);
        if (inner !== undefined) next.push(inner);
      }
      waiting.push(...next.toReversed());
    }
    return {
      entries: this.#entries,
      history: this.#history,
      leftOut: this.#leftOut,
      locks: this.#locks,
      unreadable: this.#unreadable,
    };
  }

  #read(folder: Bytes): RawEntry[] {
    const place = placeOf(this.#part.root, folder);
    try {
      // Packs last: what is loose goes into a pack before it is removed.
      return readFolder(place).toSorted((a, b) => Number(isLate(a)) - Number(isLate(b)));
    } catch (error) {
      if (!isOutOfReach(error)) throw error;
      if (stampAt(place) !== undefined) this.#unreadable.push(textOf(folder));
      return [];
    }
  }

  /** @returns the folder to go into */
  #take(folder: Bytes, entry: RawEntry, siblings: ReadonlySet<string>): Bytes | undefined {
    const { layout, root } = this.#part;
    const path = below(folder, entry.bytes);
    const text = textOf(path);
    if (layout.isLock(entry.name, text)) this.#locks.push(text);
    if (layout.isLeftOut(entry.name, text)) return undefined;
    if (this.#what === "history" && layout.isTemporary(entry.name)) return undefined;
    if (!isKept(entry.kind)) {
      this.#leftOut.push(text);
      return undefined;
    }
    const stamp = stampAt(placeOf(root, path));
    // It went in this moment: another look will tell.
    if (stamp === undefined) return undefined;
    this.#entries.push({ path, key: keyOf(path), kind: entry.kind, stamp });
    if (this.#entries.length > entriesMax) throw tooMany(root);
    if (entry.kind !== "folder") return undefined;
    if (this.#what === "history" || !layout.isHistory(text, siblings)) return path;
    this.#history.push(path);
    return undefined;
  }
}

function isLate({ name }: RawEntry): boolean {
  return name === "pack" || name === "info";
}

function tooMany(root: Bytes): SnapError {
  return new SnapError("too-large", `A repository has more than ${entriesMax} files`, {
    path: textOf(root),
    hint: "Pack it with `git gc`, then capture again.",
  });
}
