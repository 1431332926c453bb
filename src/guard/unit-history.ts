import { mapInTurns, sortInTurns } from "../std/in-turns.ts";
import { textOf } from "./read-only.ts";
import type { UnitFileEntry, UnitPlainEntry, UnitSink } from "../core/repo/unit.ts";
import { readLinkBytes, type Bytes } from "./read-only.ts";
import { listHistory, type Found, type Listing, type Part } from "./unit-listing.ts";
import type { Rank } from "./unit-layout.ts";
import { placeOf, streamFile } from "./unit-read.ts";

/** What is captured of the history so far; goes on from one pass to the next. */
export type Captured = Map<string, { readonly path: Bytes; readonly mark: string }>;

/** A way of the history into a sink. */
export type HistoryCopy = {
  readonly part: Part;
  readonly folders: readonly Bytes[];
  readonly sink: UnitSink;
  readonly captured: Captured;
  /** Called before each file; throws where the capture is to end. */
  readonly step: () => Promise<void>;
};

/** What a pass over the history found. */
export type Pass = {
  /** Nothing came, changed or went meanwhile. */
  readonly settled: boolean;
  readonly listing: Listing;
  readonly plain: readonly UnitPlainEntry[];
  readonly unreadable: readonly string[];
};

/**
 * Capture the history once (G51, step 3): in order of rank, without what an earlier pass took. Afterwards what went meanwhile and
 * has no lasting name is taken out of the sink.
 */
export async function copyHistory(copy: HistoryCopy): Promise<Pass> {
  const { part, folders, captured } = copy;
  const before = await listHistory(part, folders);
  const ranked = await rankedIn(before, part);
  const inOrder = await sortInTurns(ranked, (a, b) => a.rank.rank - b.rank.rank);
  const unreadable: string[] = [];
  let moved = false;
  for (const { found, rank } of inOrder) {
    if (found.kind !== "file" || captured.get(found.key)?.mark === markOf(found, rank)) continue;
    await copy.step();
    const end = await copyFile(copy, found, rank);
    if (end === "unreadable") unreadable.push(textOf(found.path));
    if (end === "moved") moved = true;
  }
  const after = await listHistory(part, folders);
  const settled = !moved && watchedIn(ranked) === watchedIn(await rankedIn(after, part));
  if (settled) await removeGone(copy, after);
  return {
    settled,
    listing: after,
    plain: (await mapInTurns(after.entries, (found) => plainOf(found, part))).filter(
      (plain) => plain !== undefined,
    ),
    unreadable: [...unreadable, ...after.unreadable],
  };
}

/** The same mark is the same content. */
function markOf({ stamp }: Found, { fixed }: Rank): string {
  return fixed ? `${stamp.size}` : stamp.mark;
}

async function copyFile(
  { part, sink, captured }: HistoryCopy,
  found: Found,
  rank: Rank,
): Promise<Awaited<ReturnType<typeof streamFile>>> {
  const { path, stamp } = found;
  const { mode, mtimeNs, owner, size } = stamp;
  const entry: UnitFileEntry = { path, kind: "file", mode, mtimeNs, owner, size };
  const writer = await sink.file(entry);
  captured.delete(found.key);
  let end: Awaited<ReturnType<typeof streamFile>> = "moved";
  try {
    end = await streamFile(placeOf(part.root, path), stamp, (piece) => writer.write(piece));
  } finally {
    if (end === "whole") await writer.done();
    else await writer.drop();
  }
  if (end === "whole") captured.set(found.key, { path, mark: markOf(found, rank) });
  return end;
}

type Ranked = { readonly found: Found; readonly rank: Rank };

async function rankedIn({ entries }: Listing, { layout }: Part): Promise<readonly Ranked[]> {
  return await mapInTurns(entries, (found) => ({
    found,
    rank: layout.rankOf(textOf(found.path)),
  }));
}

function watchedIn(ranked: readonly Ranked[]): string {
  return ranked
    .filter(({ found, rank }) => found.kind === "file" && rank.watched)
    .map(({ found, rank }) => `${found.key}\0${markOf(found, rank)}`)
    .join("\n");
}

/** Objects and packs that went stay: more of them harms nothing, and what was read first may name them. */
async function removeGone({ part, sink, captured }: HistoryCopy, after: Listing): Promise<void> {
  const there = new Set(await mapInTurns(after.entries, ({ key }) => key));
  const gone = await mapInTurns(captured, ([key, { path }]) =>
    there.has(key) || part.layout.rankOf(textOf(path)).fixed ? undefined : { key, path },
  );
  for (const one of gone) {
    if (one === undefined) continue;
    captured.delete(one.key);
    await sink.remove(one.path);
  }
}

function plainOf({ path, kind, stamp }: Found, { root }: Part): UnitPlainEntry | undefined {
  const { mode, mtimeNs, owner } = stamp;
  const kept = { path, mode, mtimeNs, owner };
  if (kind === "folder") return { ...kept, kind };
  const target = kind === "symlink" ? readLinkBytes(placeOf(root, path)) : undefined;
  return target === undefined ? undefined : { ...kept, kind: "symlink", target };
}
