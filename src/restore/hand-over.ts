import type { RebaseItem } from "../core/plan/sync-report.ts";
import { placeKey } from "../core/snapshot/restore-picture.ts";
import { readLocalRecord, readRemoteRecord } from "../core/snapshot/restore-record.ts";
import type { RestoreItemRow } from "../core/snapshot/restore-state.ts";
import type { EngineControl } from "../ports.ts";
import { SnapError } from "../std/error.ts";
import type { Run } from "./run.ts";

/**
 * Give the result to the engine as an edit on top of the newest known remote state (T23, S98): the synced tree is rebased
 * and the fence lifted in the transaction that enters `handed`.
 */
export async function handOver(run: Run, engine: EngineControl): Promise<void> {
  const rows = run.items;
  const remote = new Map(
    rows.filter(({ side }) => side === "remote").map((row) => [row.path, row]),
  );
  const items: RebaseItem[] = [];
  const late: RestoreItemRow[] = [];
  for (const row of rows) {
    if (row.side !== "local" || row.step !== "acted") continue;
    const item = await rebaseItem(run, row, remote.get(row.path));
    if (item === "edited") late.push(row);
    else if (item !== undefined) items.push(item);
  }
  await engine.rebase({ restore: run.id, items: withoutTwins(items) }, () => {
    run.deps.journal.putItems([...late.map(editedSince), ...leftRemotely(rows, late)]);
    run.enter("handed");
  });
}

/** What the restore left at one path; undefined where the engine has nothing to learn. */
async function rebaseItem(
  { deps }: Run,
  row: RestoreItemRow,
  remote: RestoreItemRow | undefined,
): Promise<RebaseItem | "edited" | undefined> {
  const { path } = row;
  const { deed, want, stat, localOnly } = readLocalRecord(row.expected);
  if (deed === "times" || localOnly === true) return undefined;
  if (want?.kind === "symlink") return undefined;
  if (want === null) {
    // What stays in Dropbox, because a link has its name here, is none of this restore's removals.
    const stays = remote !== undefined && readRemoteRecord(remote.expected).aside;
    return stays ? undefined : { path, want: { kind: "absent" } };
  }
  if (want.kind === "folder") return { path, want: { kind: "folder" } };
  if (stat !== null) return { path, want: { kind: "file", hash: want.hash, stat } };
  const found = await hashOf(deps.local, row);
  if (found?.hash !== want.hash) return "edited";
  return { path, want: { kind: "file", hash: want.hash, stat: found.stat } };
}

/** After a crash the stat of a placed file may be unknown: then the file is read. */
async function hashOf(
  local: Run["deps"]["local"],
  { path }: RestoreItemRow,
): Promise<Awaited<ReturnType<Run["deps"]["local"]["hash"]>> | undefined> {
  try {
    return await local.hash(path);
  } catch (error) {
    if (error instanceof SnapError && error.class === "item") return undefined;
    throw error;
  }
}

/** Two names with one key are one place in Dropbox: what is wanted there counts, not what is gone. */
function withoutTwins(items: readonly RebaseItem[]): RebaseItem[] {
  const present = new Set(
    items.filter(({ want }) => want.kind !== "absent").map(({ path }) => placeKey(path)),
  );
  return items.filter(({ path, want }) => want.kind !== "absent" || !present.has(placeKey(path)));
}

function editedSince(row: RestoreItemRow): RestoreItemRow {
  const record = {
    ...readLocalRecord(row.expected),
    note: "it was edited right after it was restored",
  };
  return { ...row, step: "left", expected: JSON.stringify(record) };
}

/** What was left aside on the disk is not pushed, and not verified in Dropbox either. */
function leftRemotely(
  rows: readonly RestoreItemRow[],
  late: readonly RestoreItemRow[],
): RestoreItemRow[] {
  const locally = rows.filter(({ side, step }) => side === "local" && step === "left");
  const left = new Set([...locally, ...late].map(({ path }) => path));
  return rows
    .filter(({ side, path }) => side === "remote" && left.has(path))
    .map((row) => ({ ...row, step: "left" }));
}
