import { comparePaths, isInside, parseRelPath, type RelPath } from "../path/rel-path.ts";
import type { Area, CopyTag, LocalAct, LocalExpectation } from "../plan/local-act.ts";
import { hasMetadata } from "./restore-plan.ts";
import {
  expectationOf,
  readLocalRecord,
  type LocalBefore,
  type LocalDeed,
  type LocalRecord,
} from "./restore-record.ts";
import type { RestoreItemRow } from "./restore-state.ts";
import type { Metadata } from "./restore-wanted.ts";

/** One local path on its way: its row, what it says, and the acts that do it. */
export type LocalStep = {
  readonly row: RestoreItemRow;
  readonly record: LocalRecord;
  readonly acts: readonly LocalAct[];
  /** Rows of what goes with this folder. */
  readonly covered: readonly RestoreItemRow[];
};

/**
 * The steps of a commit in groups: folders, top first; then what is placed; then removals. Steps of one group but
 * the first may run side by side. Folder times come last, bottom up, and are in none of them.
 */
export function stepsOf(
  rows: readonly RestoreItemRow[],
  copy: CopyTag,
): { readonly groups: readonly (readonly LocalStep[])[]; readonly times: readonly LocalStep[] } {
  const sorted = rows
    .filter(({ side }) => side === "local")
    .toSorted((a, b) => comparePaths(a.path, b.path))
    .map((row) => ({ row, record: readLocalRecord(row.expected) }));
  const steps = sorted.map((own, index) => stepOf(own, { sorted, index, copy }));
  const group = (...deeds: LocalDeed[]): LocalStep[] =>
    steps.filter(({ record }) => deeds.includes(record.deed));
  const times = steps.filter(({ record }) => record.deed === "times" || record.deed === "folder");
  return {
    groups: [group("folder"), group("place", "metadata"), group("remove")],
    times: times.toReversed(),
  };
}

type Own = Pick<LocalStep, "row" | "record">;
type Place = { readonly sorted: readonly Own[]; readonly index: number; readonly copy: CopyTag };

function stepOf(own: Own, place: Place): LocalStep {
  const { deed, before } = own.record;
  const { copy } = place;
  const changes = deed === "folder" || deed === "place" || deed === "remove";
  if (!changes) return { ...own, acts: [], covered: [] };
  if (deed === "place" && before?.kind !== "folder") {
    const stays = before === null ? undefined : expectationOf(before);
    const acts = placeActs(own, stays, { displaceTo: undoArea(own.row), copy });
    return { ...own, acts, covered: [] };
  }
  // A file takes the place of a file or link in one act; any other change of kind needs the place empty first.
  const below = before?.kind === "folder" ? rowsBelow(own, place) : [];
  const first = before === null ? [] : [displaceAct(own, before, { below, copy })];
  const to = { displaceTo: emptyArea(own.row.restore), copy };
  const last = deed === "place" ? placeActs(own, undefined, to) : [];
  return { ...own, acts: [...first, ...last], covered: below.map(({ row }) => row) };
}

function displaceAct(
  { row }: Own,
  before: LocalBefore,
  { below, copy }: { readonly below: readonly Own[]; readonly copy: CopyTag },
): LocalAct {
  const known = below.flatMap((other) => knownBelow(row.path, other));
  const displaceTo = undoArea(row);
  return {
    act: "displace",
    path: row.path,
    before: expectationOf(before),
    known,
    displaceTo,
    copy,
  };
}

function placeActs(
  { row, record }: Own,
  before: LocalExpectation | undefined,
  to: { readonly displaceTo: Area; readonly copy: CopyTag },
): LocalAct[] {
  const { source } = record;
  return source === null ? [] : [{ act: "place", source, path: row.path, before, ...to }];
}

function undoArea({ restore }: RestoreItemRow): Area {
  return { kind: "undo", id: restore };
}

/**
 * The area of an act that displaces nothing: another act has displaced something under the same path of the undo
 * area already, and this one must not take that for its own.
 */
export function emptyArea(restore: string): Area {
  return { kind: "undo", id: `${restore}-none` };
}

/** Rows that stand below a folder follow it directly in path order. */
function rowsBelow({ row }: Own, { sorted, index }: Place): Own[] {
  const below: Own[] = [];
  for (let next = index + 1; next < sorted.length; next += 1) {
    const other = sorted[next];
    if (other === undefined || !isInside(other.row.path, row.path)) break;
    if (other.record.deed === "covered") below.push(other);
  }
  return below;
}

function knownBelow(
  folder: RelPath,
  { row, record }: Own,
): (readonly [RelPath, LocalExpectation])[] {
  if (record.before === null) return [];
  return [[parseRelPath(row.path.slice(folder.length + 1)), expectationOf(record.before)]];
}

/** Whether mode and times of a folder are still to be set. */
export function needsTimes(
  record: LocalRecord,
  stat: Parameters<typeof hasMetadata>[1]["stat"],
): boolean {
  return (
    record.want?.kind === "folder" &&
    stat.kind === "folder" &&
    !hasMetadata(setOf(record), { stat })
  );
}

/** Mode, owner and mtime that a record wants. */
export function setOf({ want }: LocalRecord): Metadata {
  if (want === null || want.kind === "symlink") return {};
  const { mode, modifiedNs, special, owner } = want;
  return {
    ...(mode === undefined ? {} : { mode }),
    ...(special === undefined ? {} : { special }),
    ...(owner === undefined ? {} : { owner }),
    ...(modifiedNs === undefined ? {} : { modifiedNs }),
  };
}
