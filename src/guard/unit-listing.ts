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

/** What a look over a unit saw beside its entries. */
export type Surroundings = {
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

/** What is done with each entry, in order of the walk. */
export type Take = (found: Found) => Promise<void> | void;

/** Go over the state: everything but the insides of the history. Few entries are held at a time. @throws {SnapError} `too-large` */
export async function walkState(part: Part, take: Take): Promise<Surroundings> {
  return await new Lister(part, "state").walk([Buffer.alloc(0)], take);
}

/**
 * Go over the history, folder by folder: it may have a million files, of which few are held at a time (N6).
 *
 * @throws {SnapError} `too-large`
 */
export async function walkHistory(
  part: Part,
  folders: readonly Bytes[],
  take: Take,
): Promise<Surroundings> {
  return await new Lister(part, "history").walk(folders, take);
}

/** What one name in a folder came to. */
type Look = { readonly found?: Found; readonly inner?: Bytes };

const nothing: Look = {};

/** One look over a part of a unit. */
class Lister {
  readonly #part: Part;
  readonly #what: "state" | "history";
  readonly #history: Bytes[] = [];
  readonly #leftOut: string[] = [];
  readonly #locks: string[] = [];
  readonly #unreadable: string[] = [];
  #count = 0;

  constructor(part: Part, what: "state" | "history") {
    this.#part = part;
    this.#what = what;
  }

  async walk(folders: readonly Bytes[], take: Take): Promise<Surroundings> {
    for await (const run of this.#runs(folders)) for (const found of run) await take(found);
    return {
      history: this.#history,
      leftOut: this.#leftOut,
      locks: this.#locks,
      unreadable: this.#unreadable,
    };
  }

  /** With a turn for everything else after each run. */
  async *#runs(folders: readonly Bytes[]): AsyncGenerator<readonly Found[]> {
    const waiting = [...folders].toReversed();
    let run: Found[] = [];
    let looked = 0;
    for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
      const entries = this.#read(folder);
      const siblings = namesOf(entries);
      const next: Bytes[] = [];
      for (const entry of entries) {
        const { found, inner } = this.#look(folder, entry, siblings);
        if (found !== undefined) run.push(found);
        if (inner !== undefined) next.push(inner);
        looked += 1;
        if (looked % entriesInARow !== 0) continue;
        yield run;
        run = [];
        await turn();
      }
      waiting.push(...next.toReversed());
    }
    yield run;
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

  /** @returns the entry, if it is one of the unit, and the folder to go into */
  #look(folder: Bytes, entry: RawEntry, siblings: ReadonlySet<string>): Look {
    const { layout, root } = this.#part;
    const path = below(folder, entry.bytes);
    const text = textOf(path);
    if (layout.isLock(entry.name, text)) this.#locks.push(text);
    if (layout.isLeftOut(entry.name, text)) return nothing;
    if (this.#what === "history" && layout.isTemporary(entry.name)) return nothing;
    if (!isKept(entry.kind)) {
      this.#leftOut.push(text);
      return nothing;
    }
    const stamp = stampAt(placeOf(root, path));
    // It went in this moment: another look will tell.
    if (stamp === undefined) return nothing;
    const found = { path, key: keyOf(path), kind: entry.kind, stamp };
    this.#count += 1;
    if (this.#count > entriesMax) throw tooMany(root);
    if (entry.kind !== "folder") return { found };
    if (this.#what === "history" || !layout.isHistory(text, siblings))
      return { found, inner: path };
    this.#history.push(path);
    return { found };
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
