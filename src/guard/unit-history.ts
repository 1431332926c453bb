import { createHash } from "node:crypto";
import { sortInTurns } from "../std/in-turns.ts";
import type { UnitFileEntry, UnitPlainEntry, UnitSink } from "../core/repo/unit.ts";
import type { CapturedHistory } from "./captured-history.ts";
import { readLinkBytes, textOf, type Bytes } from "./read-only.ts";
import { walkHistory, type Found, type Part, type Surroundings } from "./unit-listing.ts";
import type { Rank } from "./unit-layout.ts";
import { placeOf, streamFile } from "./unit-read.ts";

/** A way of the history into a sink. */
export type HistoryCopy = {
  readonly part: Part;
  readonly folders: readonly Bytes[];
  readonly sink: UnitSink;
  /** What is captured so far; goes on from one pass to the next. */
  readonly captured: CapturedHistory;
  /** Called before each file; throws where the capture is to end. */
  readonly step: () => Promise<void>;
  /** So many files are held from the first look until they are copied; of more those of the first rank are copied as a second look finds them. */
  readonly heldMax: number;
};

/** What a pass over the history found. */
export type Pass = {
  /** Nothing came, changed or went meanwhile. */
  readonly settled: boolean;
  readonly plain: readonly UnitPlainEntry[];
  readonly unreadable: readonly string[];
  /** Pipes, sockets and devices. */
  readonly leftOut: readonly string[];
};

/**
 * Capture the history once (G51, step 3): in order of rank, without what an earlier pass took. Afterwards what went meanwhile and
 * has no lasting name is taken out of the sink.
 */
export async function copyHistory(copy: HistoryCopy): Promise<Pass> {
  const held = new Held(copy.heldMax);
  const before = await lookOver(copy, (ranked) => held.add(ranked));
  const copying = new Copying(copy);
  const late: Ranked[] = [];
  const take = async (ranked: Ranked): Promise<void> => {
    if (ranked.rank.rank === 0) await copying.copy(ranked);
    else late.push(ranked);
  };
  let during = before;
  if (held.files === undefined) during = await lookOver(copy, take);
  else for (const ranked of held.files) await take(ranked);
  const inOrder = await sortInTurns(late, (a, b) => a.rank.rank - b.rank.rank);
  for (const ranked of inOrder) await copying.copy(ranked);
  const after = await lookOver(copy);
  const isSame = before.mark === during.mark && during.mark === after.mark;
  const settled = !copying.moved && isSame;
  if (settled) await copy.captured.removeGone(copy.sink);
  const { plain, surroundings } = after;
  const unreadable = [...copying.unreadable, ...surroundings.unreadable];
  return { settled, plain, unreadable, leftOut: surroundings.leftOut };
}

type Ranked = { readonly found: Found; readonly rank: Rank };

/** The files of a look, until they are too many. */
class Held {
  files: Ranked[] | undefined = [];
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  add(ranked: Ranked): void {
    this.files?.push(ranked);
    if ((this.files?.length ?? 0) > this.#max) this.files = undefined;
  }
}

/** What a look over the history saw. */
type Look = {
  /** What tells the watched files from others, in order of the walk. */
  readonly mark: string;
  readonly plain: readonly UnitPlainEntry[];
  readonly surroundings: Surroundings;
};

async function lookOver(
  { part, folders, captured }: HistoryCopy,
  take?: (file: Ranked) => Promise<void> | void,
): Promise<Look> {
  const mark = createHash("sha256");
  const plain: UnitPlainEntry[] = [];
  captured.beginLook();
  const surroundings = await walkHistory(part, folders, (found) => {
    if (found.kind !== "file") {
      const entry = plainOf(found, part);
      if (entry !== undefined) plain.push(entry);
      return undefined;
    }
    const rank = part.layout.rankOf(textOf(found.path));
    if (rank.watched) mark.update(`${found.key}\0${markOf(found, rank)}\n`, "latin1");
    if (!rank.fixed) captured.see(found.key);
    return take?.({ found, rank });
  });
  return { mark: mark.digest("hex"), plain, surroundings };
}

/** The same mark is the same content. */
function markOf({ stamp }: Found, { fixed }: Rank): string {
  return fixed ? `${stamp.size}` : stamp.mark;
}

/** Copies the files of one pass, and notes what of it went wrong. */
class Copying {
  moved = false;
  readonly unreadable: string[] = [];
  readonly #copy: HistoryCopy;

  constructor(copy: HistoryCopy) {
    this.#copy = copy;
  }

  async copy({ found, rank }: Ranked): Promise<void> {
    const { captured, step } = this.#copy;
    const file = { key: found.key, mark: markOf(found, rank), fixed: rank.fixed };
    if (captured.has(file)) return;
    await step();
    const end = await this.#copyFile(found);
    if (end === "unreadable") this.unreadable.push(textOf(found.path));
    if (end === "moved") this.moved = true;
    if (end === "whole") captured.add(file);
    else captured.drop(file);
  }

  async #copyFile({ path, stamp }: Found): Promise<Awaited<ReturnType<typeof streamFile>>> {
    const { part, sink } = this.#copy;
    const { mode, mtimeNs, owner, size } = stamp;
    const entry: UnitFileEntry = { path, kind: "file", mode, mtimeNs, owner, size };
    const writer = await sink.file(entry);
    let end: Awaited<ReturnType<typeof streamFile>> = "moved";
    try {
      end = await streamFile(placeOf(part.root, path), stamp, (piece) => writer.write(piece));
    } finally {
      if (end === "whole") await writer.done();
      else await writer.drop();
    }
    return end;
  }
}

function plainOf({ path, kind, stamp }: Found, { root }: Part): UnitPlainEntry | undefined {
  const { mode, mtimeNs, owner } = stamp;
  const kept = { path, mode, mtimeNs, owner };
  if (kind === "folder") return { ...kept, kind };
  const target = kind === "symlink" ? readLinkBytes(placeOf(root, path)) : undefined;
  return target === undefined ? undefined : { ...kept, kind: "symlink", target };
}
