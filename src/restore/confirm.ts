import type { LeftPath, SyncReport } from "../core/plan/sync-report.ts";
import { parseRelPath } from "../core/path/rel-path.ts";
import { placeKey, type PlaceKey, type SyncedSeen } from "../core/snapshot/restore-picture.ts";
import {
  readLocalRecord,
  readRemoteRecord,
  remoteWitnessOf,
} from "../core/snapshot/restore-record.ts";
import type { LeftItem } from "../core/snapshot/restore-report.ts";
import type { RestoreItemRow } from "../core/snapshot/restore-state.ts";
import type { Entry } from "../core/tree/node.ts";
import type { EngineControl } from "../ports.ts";
import { remoteRowAt, rowAt } from "./look-remote.ts";
import type { Run } from "./run.ts";

/** What the push and the verification found. */
export type Confirmation = {
  /** Paths that somebody edited meanwhile: their edit stands, ours is a conflicted copy where both differed (T26). */
  readonly late: readonly string[];
  readonly left: readonly LeftItem[];
  /** Paths whose content in Dropbox is neither what was wanted nor an edit of somebody. */
  readonly wrong: readonly string[];
  /** The remote rows as they are to be kept. */
  readonly rows: readonly RestoreItemRow[];
};

/** Let the engine's ordinary cycles push what Dropbox lacks (step 8 of `docs/restore-procedure.md`). */
export async function push(run: Run, engine: EngineControl): Promise<SyncReport> {
  const report = await engine.sync(run.work);
  if (report.exit === 7) return report;
  // What this restore did not touch had changed on both sides already, or is none of its business.
  const touched = new Set(run.items.map(({ path }) => placeKey(path)));
  const isOurs = ({ path }: { readonly path: string }): boolean =>
    run.isDocumented || touched.has(placeKey(parseRelPath(path)));
  const late = new Set([...run.facts.late, ...report.conflicts.filter(isOurs).map((c) => c.path)]);
  const others = report.conflicts.filter((conflict) => !isOurs(conflict)).map(besides);
  run.enter("pushed", () =>
    run.note({
      uploadedBytes: report.counts.bytesUp,
      late: [...late].toSorted(),
      left: [...run.facts.left, ...others],
    }),
  );
  return report;
}

function besides({ path, copy }: SyncReport["conflicts"][number]): LeftItem {
  const reason = `both sides had a version of their own; the local one is now "${copy}"`;
  return { path, side: "both", reason };
}

/** Look again at Dropbox and compare every touched path by content hash (T7). */
export async function verifyRemote(
  run: Run,
  engine: EngineControl,
  pushed: SyncReport | undefined,
): Promise<Confirmation> {
  const observation = await engine.observe(run.work);
  const { index } = run.deps;
  const looks: Looks = {
    // Whatever the rules say now: the restored ones may be others than those the plan was made under.
    remoteAt: (key) => seenOf(remoteRowAt(index, key)),
    localAt: (key) => seenOf(rowAt(index.local, key)),
    left: new Map([...(pushed?.left ?? []), ...observation.left].map((left) => [left.path, left])),
  };
  const rows = run.items.filter(({ side, step }) => side === "remote" && step !== "left");
  const findings = rows.map((row) => ({ row, found: judge(row, looks) }));
  const paths = (is: Finding["is"]): string[] =>
    findings.filter(({ found }) => found.is === is).map(({ row }) => row.path);
  run.enter("verified");
  run.deps.onEvent({ type: "verified", paths: paths("right").length });
  return {
    late: [...new Set([...run.facts.late, ...paths("late")])].toSorted(),
    left: findings.flatMap(({ row, found }) => leftItems(row, found)),
    wrong: paths("wrong"),
    rows: findings.map(({ row, found }) => ({
      ...row,
      step: found.is === "right" ? "acted" : "left",
    })),
  };
}

type Looks = {
  readonly remoteAt: (key: PlaceKey) => SyncedSeen | undefined;
  readonly localAt: (key: PlaceKey) => SyncedSeen | undefined;
  readonly left: ReadonlyMap<string, LeftPath>;
};

function seenOf(row: Entry | undefined): SyncedSeen | undefined {
  return row && { kind: row.kind, hash: row.hash ?? "" };
}

type Finding =
  | { readonly is: "right" | "late" | "wrong" }
  | { readonly is: "left"; readonly reason: string };

function judge(row: RestoreItemRow, { remoteAt, localAt, left }: Looks): Finding {
  const record = readRemoteRecord(row.expected);
  const key = placeKey(row.path);
  const there = remoteWitnessOf(remoteAt(key));
  if (record.aside || there === row.witness) return { is: "right" };
  const aside = left.get(row.path);
  if (aside !== undefined) return { is: "left", reason: aside.reason };
  // Both sides agree on something newer, or an edit came behind the fence: somebody works there (T26).
  const isEdited = there === remoteWitnessOf(localAt(key));
  return isEdited || there !== remoteWitnessOf(record.before) ? { is: "late" } : { is: "wrong" };
}

function leftItems({ path }: RestoreItemRow, found: Finding): LeftItem[] {
  return found.is === "left" ? [{ path, side: "remote", reason: found.reason }] : [];
}

/** What the swap left aside or has to say, from the journal. */
export function notedItems(rows: readonly RestoreItemRow[]): LeftItem[] {
  return rows.flatMap((row) => {
    if (row.side !== "local") return [];
    const { note } = readLocalRecord(row.expected);
    return note === null ? [] : [{ path: row.path, side: "local" as const, reason: note }];
  });
}
