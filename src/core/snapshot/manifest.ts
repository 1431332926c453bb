import { hash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { SnapError } from "../../std/error.ts";
import type { Runs } from "../../std/runs.ts";
import { comparePaths } from "../path/rel-path.ts";
import type { RelPath } from "../path/rel-path.ts";
import { CheckedRecord, damagedError, textFromBytes } from "./checked-json.ts";
import { decodeEntry } from "./entry.ts";
import type { SnapshotEntry } from "./entry.ts";

/** Lines and bytes after which a page or list ends in any case (N21). */
const pieceLinesMax = 512;
const pieceBytesMax = 1024 * 1024;

/** One line in so many ends a piece by its own content, so that equal neighbourhoods are cut alike. */
const cutOneIn = 64;

/** A run of lines of the manifest, or of the list of its pages, as it is stored. */
export type Piece = {
  /** SHA-256 of the bytes: its name in the store. */
  readonly hash: string;
  readonly bytes: Uint8Array;
  readonly count: number;
  /** Key of the first line. */
  readonly first: string;
};

/** How a list names a page (N22). */
export type PageRef = { readonly hash: string; readonly entries: number; readonly first: string };

/**
 * Cuts a stream of lines into pieces: after a line whose key has `crc32 mod 64 = 0`, at 512 lines or at 1 MiB
 * (N21). A local change therefore rewrites one piece, whatever the length of the stream.
 */
export class PieceCutter {
  #lines: string[] = [];
  #bytes = 0;
  #first = "";

  /** Take one line; the piece that it completes, if it does. */
  add(line: string, key: string): Piece | undefined {
    if (this.#lines.length === 0) this.#first = key;
    this.#lines.push(line);
    this.#bytes += Buffer.byteLength(line) + 1;
    return this.#isFull() || crc32(key) % cutOneIn === 0 ? this.end() : undefined;
  }

  /** What is left, if anything. */
  end(): Piece | undefined {
    const piece = this.sofar();
    this.#lines = [];
    this.#bytes = 0;
    return piece;
  }

  /** A piece of what is there and of one line more, if it is given; the cutter goes on as if it had not been asked. */
  sofar(line?: string): Piece | undefined {
    const lines = line === undefined ? this.#lines : [...this.#lines, line];
    if (lines.length === 0) return undefined;
    const bytes = Buffer.from(`${lines.join("\n")}\n`);
    return { hash: hash("sha256", bytes, "hex"), bytes, count: lines.length, first: this.#first };
  }

  #isFull(): boolean {
    return this.#lines.length >= pieceLinesMax || this.#bytes >= pieceBytesMax;
  }
}

/** One line of a list, without its line feed. */
export function encodePageRef(page: Piece): string {
  return JSON.stringify({ m: page.hash, n: page.count, a: page.first });
}

/** The pages that a list names. @throws {SnapError} `damaged` */
export function decodeList(bytes: Uint8Array): readonly PageRef[] {
  const what = "A list of manifest pages";
  return linesOf(bytes, what).map((line) => {
    const record = CheckedRecord.parse(line, what);
    return { hash: record.hash("m"), entries: record.count("n"), first: record.text("a") };
  });
}

/** The entries of a page, checked against what its list says. @throws {SnapError} `damaged` */
export function decodePage(bytes: Uint8Array, ref: PageRef): readonly SnapshotEntry[] {
  const entries = linesOf(bytes, "A page of a manifest").map(decodeEntry);
  if (entries.length !== ref.entries || entries[0]?.path !== ref.first) throw notAsListed(ref);
  return entries;
}

/**
 * The entries of a page that do not stand in another one as well, letter for letter. Two pages that begin alike and differ have
 * most of their lines in common, and those need not be decoded.
 *
 * @throws {SnapError} `damaged`
 */
export function decodeOwnEntries(
  bytes: Uint8Array,
  ref: PageRef,
  other: Uint8Array,
): readonly SnapshotEntry[] {
  const what = "A page of a manifest";
  const lines = linesOf(bytes, what);
  const [first = ""] = lines;
  if (lines.length !== ref.entries || decodeEntry(first).path !== ref.first) throw notAsListed(ref);
  const others = new Set(linesOf(other, what));
  return lines.filter((line) => !others.has(line)).map(decodeEntry);
}

function notAsListed(ref: PageRef): SnapError {
  return damagedError(`Page ${ref.hash} of a manifest is not what its list says`);
}

function linesOf(bytes: Uint8Array, what: string): readonly string[] {
  const lines = textFromBytes(bytes, what).split("\n");
  if (lines.pop() !== "" || lines.length === 0 || lines.length > pieceLinesMax) {
    throw damagedError(`${what} is cut off or too long`);
  }
  return lines;
}

/**
 * The pages that can hold `under` or something below it. A page ends before the first path of the next one, so
 * the others need not be read.
 */
export function pagesInside(pages: readonly PageRef[], under: RelPath): readonly PageRef[] {
  if (under === "") return pages;
  return pages.filter((page, index) => {
    const next = pages[index + 1];
    const endsBefore = next !== undefined && comparePaths(next.first, under) <= 0;
    const startsAfter = comparePaths(page.first, under) > 0 && !startsInside(page, under);
    return !endsBefore && !startsAfter;
  });
}

function startsInside(page: PageRef, under: RelPath): boolean {
  return page.first === under || page.first.startsWith(`${under}/`);
}

/** Whether an entry is `under` itself or below it. */
export function isEntryInside(entry: SnapshotEntry, under: RelPath): boolean {
  return under === "" || entry.path === under || entry.path.startsWith(`${under}/`);
}

/**
 * What each of two manifests has alone. Both are in path order, so a page that stands in both holds the same
 * entries of the same range on both sides: nothing outside such pages can differ from what is inside.
 */
export function unsharedPages<T>(
  pair: { readonly a: readonly T[]; readonly b: readonly T[] },
  nameOf: (item: T) => string,
): { readonly a: readonly T[]; readonly b: readonly T[] } {
  const inA = new Set(pair.a.map(nameOf));
  const inB = new Set(pair.b.map(nameOf));
  return {
    a: pair.a.filter((item) => !inB.has(nameOf(item))),
    b: pair.b.filter((item) => !inA.has(nameOf(item))),
  };
}

/** @throws {SnapError} `damaged` unless each path comes after the one before. */
export async function* inPathOrder(
  runs: Runs<SnapshotEntry>,
): AsyncGenerator<readonly SnapshotEntry[]> {
  let before: string | undefined;
  for await (const run of runs) {
    for (const { path } of run) {
      if (before !== undefined && comparePaths(before, path) >= 0) {
        throw damagedError(`A manifest is out of order at "${path}"`);
      }
      before = path;
    }
    yield run;
  }
}

/** What two manifests say of one path; at least one of them is there. */
export type Pair = {
  readonly left: SnapshotEntry | undefined;
  readonly right: SnapshotEntry | undefined;
};

/** Merge join of two streams in path order: one pair a path, in path order. */
export async function* joinByPath(
  left: AsyncIterable<SnapshotEntry>,
  right: AsyncIterable<SnapshotEntry>,
): AsyncGenerator<Pair> {
  const cursors = [left[Symbol.asyncIterator](), right[Symbol.asyncIterator]()] as const;
  try {
    let heads = [await headOf(cursors[0]), await headOf(cursors[1])] as const;
    while (heads[0] !== undefined || heads[1] !== undefined) {
      const order = compareHeads(heads[0], heads[1]);
      yield {
        left: order <= 0 ? heads[0] : undefined,
        right: order >= 0 ? heads[1] : undefined,
      };
      heads = [
        order <= 0 ? await headOf(cursors[0]) : heads[0],
        order >= 0 ? await headOf(cursors[1]) : heads[1],
      ];
    }
  } finally {
    await cursors[0].return?.();
    await cursors[1].return?.();
  }
}

async function headOf(cursor: AsyncIterator<SnapshotEntry>): Promise<SnapshotEntry | undefined> {
  const step = await cursor.next();
  return step.done ? undefined : step.value;
}

/** The end of a stream comes after everything. */
function compareHeads(a: SnapshotEntry | undefined, b: SnapshotEntry | undefined): number {
  if (a === undefined) return 1;
  return b === undefined ? -1 : comparePaths(a.path, b.path);
}
