import type { RelPath } from "../core/path/rel-path.ts";
import type { ServedItem } from "../core/plan/sync-report.ts";
import { placeKey, type PlaceKey } from "../core/snapshot/restore-picture.ts";
import { readRemoteRecord, type ServerCall } from "../core/snapshot/restore-record.ts";
import type { LeftItem } from "../core/snapshot/restore-report.ts";
import type { RestoreItemRow } from "../core/snapshot/restore-state.ts";
import {
  openWishes,
  wantsOf,
  type Refusal,
  type ServerWants,
  type ServerWish,
  type ServerWorld,
  type WantedThere,
} from "../core/snapshot/server-world.ts";
import type { EngineControl } from "../ports.ts";
import { present } from "../std/assert.ts";
import { serverPicture } from "./look-server.ts";
import type { RestoreRemote } from "./restore-deps.ts";
import type { Run } from "./run.ts";

/** By which row of T24 a file came to have its content. */
export type Way = "reverted" | "moved" | "copied";

/** What became of the call for a place. */
export type Outcome = {
  readonly path: RelPath;
  readonly way: Way;
  /** What is ours there, with what came along. */
  readonly ours: readonly ServedItem[];
};

/** What the server's own part of a restore knows while it goes on (T24). Whatever a later run needs is in the journal. */
export class Serving {
  readonly run: Run;
  readonly kept: RestoreRemote;
  /** Rows of calls that a run had begun when it was killed. */
  readonly begun: readonly RestoreItemRow[];
  readonly #engine: EngineControl;
  readonly #rows: ReadonlyMap<RelPath, RestoreItemRow>;
  readonly #wants: ServerWants;
  readonly #known = new Map<RelPath, string | undefined>();
  readonly #refused = new Set<Refusal>();
  readonly #closed = new Set<PlaceKey>();
  readonly #made = new Set<RelPath>();
  /** Places of calls that were begun, by this run or one that was killed, and whose outcome is not known. */
  readonly #open: Set<RelPath>;
  readonly #counts = { reverted: 0, moved: 0, copied: 0 };
  readonly #total: number;
  #done = 0;

  constructor(
    run: Run,
    { kept, engine }: { readonly kept: RestoreRemote; readonly engine: EngineControl },
  ) {
    this.run = run;
    this.kept = kept;
    this.#engine = engine;
    const rows = rowsToServe(run);
    const { serverSide = "prefer" } = run.facts;
    this.begun = rows.filter(({ step }) => step === "acting");
    this.#wants = wantsOf(placesOf(rows), serverSide);
    this.#rows = new Map(rows.map((row) => [row.path, row]));
    this.#open = new Set(this.begun.map(({ path }) => path));
    this.#total = openWishes(this.world()).length;
  }

  /** Some call may have been done, and hide an edit: nothing may be handed over before its place was looked at. */
  get isOpen(): boolean {
    return this.#open.size > 0;
  }

  /** As the index knows Dropbox now. */
  world(): ServerWorld {
    const { items: present, holding } = serverPicture(this.run.deps.index, this.#wants);
    const refused = this.#wants.refused.union(this.#refused);
    const wishes = this.#wants.wishes.filter(({ key }) => !this.#closed.has(key));
    return { ...this.#wants, wishes, present, holding, known: this.#known, refused };
  }

  /** Without what an earlier run asked for there. */
  rowAt(path: RelPath): RestoreItemRow {
    const row = present(this.#rows.get(path), "the row of a place that is served");
    return row.step === "acting" ? rowWithCall(row, undefined) : row;
  }

  /** In the journal before the calls: a later run has to know what may have been done. */
  intend(rows: readonly RestoreItemRow[]): void {
    for (const { path } of rows) this.#open.add(path);
    this.run.deps.journal.putItems(rows.map((row) => ({ ...row, step: "acting" })));
  }

  /** The outcome of calls is known; what is ours becomes the remote row of its place. */
  settle(outcomes: readonly Outcome[]): void {
    const ours = outcomes.flatMap((outcome) => outcome.ours);
    this.run.deps.index.transaction(() => {
      if (ours.length > 0) this.#engine.noteServed(this.run.id, ours);
      this.run.deps.journal.putItems(
        outcomes.map(({ path }) => ({ ...this.rowAt(path), step: "planned" })),
      );
    });
    for (const { path, way, ours: items } of outcomes) {
      this.#open.delete(path);
      this.#counts[way] += items.filter(({ item }) => item?.kind === "file").length;
    }
  }

  /** A call may have been done, and its place cannot be looked at: that is for the report. */
  giveUp(path: RelPath): void {
    this.close(path);
    if (!this.#open.has(path)) return;
    this.settle([{ path, way: "reverted", ours: [] }]);
    const reason =
      "whether an edit came during the restore could not be found out: its revisions in Dropbox tell";
    this.noteLeft({ path, side: "remote", reason });
  }

  /** Folders that were made or found. One that has no place in the index is not asked for again. */
  noteFolders(folders: readonly ServedItem[]): void {
    if (folders.length > 0) this.#engine.noteServed(this.run.id, folders);
    for (const { path } of folders) {
      if (this.#made.has(path)) this.refuse("folder", path);
      this.#made.add(path);
    }
  }

  /** Of a place that Dropbox was asked about. */
  know({ path }: ServerWish, rev: string | undefined): void {
    this.#known.set(path, rev);
  }

  /** The next row of T24 has its turn there. */
  refuse(call: "folder" | "move" | "copy" | "revert", path: RelPath): void {
    this.#refused.add(`${call} ${placeKey(path)}`);
  }

  /** Somebody works there, or it has what it is to have: the rest is for the push. */
  close(path: RelPath): void {
    this.#closed.add(placeKey(path));
  }

  /** An edit of that moment stands beside what was restored (T25). */
  noteLate(path: RelPath): void {
    const { late } = this.run.facts;
    this.run.note({ late: [...new Set([...late, path])].toSorted() });
  }

  noteLeft(left: LeftItem): void {
    this.run.note({ left: [...this.run.facts.left, left] });
  }

  noteCounts(): void {
    const { reverted = 0, moved = 0, copied = 0 } = this.run.facts;
    const counts = this.#counts;
    if (counts.reverted > 0) this.run.note({ reverted: reverted + counts.reverted });
    if (counts.moved > 0) this.run.note({ moved: moved + counts.moved });
    if (counts.copied > 0) this.run.note({ copied: copied + counts.copied });
    Object.assign(counts, { reverted: 0, moved: 0, copied: 0 });
  }

  /** So many files are still open before the next step. */
  progress(open: number): void {
    this.#done = Math.max(0, this.#total - open);
    this.advance(0);
  }

  /** So many places were tried since. */
  advance(places: number): void {
    this.#done = Math.min(this.#total, this.#done + places);
    this.run.progress("serve", { done: this.#done, total: this.#total });
  }
}

/** What was left aside on the disk is not pushed. */
function rowsToServe({ items }: Run): readonly RestoreItemRow[] {
  const left = new Set(
    items.filter(({ side, step }) => side === "local" && step === "left").map(({ path }) => path),
  );
  return items.filter(
    ({ side, path, step }) => side === "remote" && step !== "left" && !left.has(path),
  );
}

function* placesOf(rows: readonly RestoreItemRow[]): Generator<WantedThere> {
  for (const { path, expected } of rows) {
    const { want, aside, before } = readRemoteRecord(expected);
    if (!aside) yield { path, want: want ?? undefined, isThere: before !== null };
  }
}

/** A wish of a row that says it. */
export function wishOf(row: RestoreItemRow): ServerWish | undefined {
  const { want } = readRemoteRecord(row.expected);
  if (want?.kind !== "file") return undefined;
  return { path: row.path, key: placeKey(row.path), hash: want.hash, size: want.size };
}

/** The row of a place, with what is going to be asked for there. */
export function rowWithCall(row: RestoreItemRow, call: ServerCall | undefined): RestoreItemRow {
  const { call: _before, ...record } = readRemoteRecord(row.expected);
  return { ...row, expected: JSON.stringify(call === undefined ? record : { ...record, call }) };
}
