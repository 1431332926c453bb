import type { RelPath } from "../core/path/rel-path.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { PlanOptions } from "../core/snapshot/restore-item.ts";
import type { RestorePlan } from "../core/snapshot/restore-plan.ts";
import { readFacts, reportOf, type RestoreReport } from "../core/snapshot/restore-report.ts";
import { readLocalRecord, readRemoteRecord } from "../core/snapshot/restore-record.ts";
import {
  isUnfinished,
  type RestoreItemRow,
  type RestoreRow,
} from "../core/snapshot/restore-state.ts";
import { concernOf } from "../core/snapshot/restore-concern.ts";
import { undoWish } from "../core/snapshot/restore-undo.ts";
import type { AsidePath, Wanted } from "../core/snapshot/restore-wanted.ts";
import type { Sight } from "../core/snapshot/restore-picture.ts";
import type { ContentHash } from "../core/tree/node.ts";
import { isSnapError, SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { isoDate } from "../std/time.ts";
import type { Order } from "./draft.ts";
import { Looker } from "./look.ts";
import { changedSince } from "./changed-since.ts";
import { keepConcerned } from "./passing.ts";
import { unitsBefore } from "./units-before.ts";
import { preview, runOrder } from "./restore.ts";
import type { Consent, RestoreDeps } from "./restore-deps.ts";

/** What the user asks for: `snap undo`. */
export type UndoRequest = {
  /** Id, or a unique prefix of at least 4 digits; the latest that did something if undefined. */
  readonly restore: string | undefined;
  /** Leave paths alone where somebody worked since, instead of refusing (T45). */
  readonly skipChanged: boolean;
};

/**
 * What `snap undo` would do; nothing is changed.
 *
 * @throws {SnapError} `refused` with the paths where somebody worked since; `usage` for an unknown id
 */
export async function planUndoOf(
  deps: RestoreDeps,
  request: UndoRequest,
  work: Work = {},
): Promise<RestorePlan> {
  return (await preview(deps, await undoOrder(deps, request), work)).plan;
}

/** Take a restore, rollback or undo back (T44). What it throws is what `runOrder` and `planUndoOf` throw. */
export async function undoRestore(
  deps: RestoreDeps,
  request: UndoRequest & { readonly consent: Consent },
  work: Work = {},
): Promise<RestoreReport> {
  return await runOrder(deps, await undoOrder(deps, request), { consent: request.consent, work });
}

/** Every restore, undo and rollback of the workspace, oldest first (T46). */
export function listRestores({ journal }: Pick<RestoreDeps, "journal">): readonly RestoreReport[] {
  return journal.restores().map(reportOf);
}

/** What taking a restore back comes to. @throws {SnapError} `refused`, `usage` */
export async function undoOrder(deps: RestoreDeps, request: UndoRequest): Promise<Order> {
  const undone = chosenRestore(deps, request.restore);
  const options: PlanOptions = { paths: [], delete: true, onUnsaved: "replace" };
  const subject = { kind: "undo", snapshot: undone.id, options, link: deps.link } as const;
  const rows = deps.journal.items(undone.id);
  const localOnly = localOnlyOf(rows);
  const { skipChanged } = request;
  return {
    subject,
    undoes: undone.id,
    looker: new Looker(deps, await deps.scope(), localOnly),
    units: (_items, work) => unitsBefore(deps, { undone, skipChanged }, work),
    begin: () => ({
      passing: keepConcerned(concernOf(rows)),
      wanted: async (sight) => ({
        ...(await wantedBefore(deps, { undone, rows, sight, skipChanged })),
        localOnly,
      }),
    }),
  };
}

/** Ignored places that the restore had to do with (N33). */
function localOnlyOf(rows: readonly RestoreItemRow[]): ReadonlySet<RelPath> {
  const local = rows.filter(({ side }) => side === "local");
  return new Set(
    local.flatMap(({ path, expected }) =>
      readLocalRecord(expected).localOnly === true ? [path] : [],
    ),
  );
}

async function wantedBefore(
  deps: RestoreDeps,
  given: {
    readonly undone: RestoreRow;
    readonly rows: readonly RestoreItemRow[];
    readonly sight: Sight;
    readonly skipChanged: boolean;
  },
): Promise<Wanted> {
  const { undone, rows, sight } = given;
  const { wanted, changed } = undoWish({
    rows,
    sight,
    entries: await safetyEntries(deps, undone, hashesBefore(rows)),
    copy: { device: deps.device, date: isoDate(deps.clock.now()) },
    isRollback: undone.kind === "rollback",
  });
  if (changed.length > 0 && !given.skipChanged) throw changedSince(changed);
  const aside = changed.map((path): AsidePath => ({
    path,
    side: "both",
    reason: "changed since the restore",
  }));
  return { ...wanted, aside: [...wanted.aside, ...aside] };
}

/** What the restore replaced or removed on either side. */
function hashesBefore(rows: readonly RestoreItemRow[]): ReadonlySet<ContentHash> {
  return new Set(
    rows.flatMap(({ side, expected }) => {
      const { before } = side === "local" ? readLocalRecord(expected) : readRemoteRecord(expected);
      return before?.kind === "file" ? [before.hash] : [];
    }),
  );
}

/**
 * Content of the safety snapshot, for what the undo area no longer holds (T32). Where the snapshot is damaged, the undo
 * area alone may still suffice: the preflight finds out.
 */
async function safetyEntries(
  { store }: RestoreDeps,
  undone: RestoreRow,
  asked: ReadonlySet<ContentHash>,
): Promise<ReadonlyMap<ContentHash, SnapshotEntry>> {
  const entries = new Map<ContentHash, SnapshotEntry>();
  const { local } = readFacts(undone).safety;
  const roots = local === null ? [] : await store.list();
  if (!roots.some(({ id }) => id === local)) return entries;
  try {
    for await (const entry of store.entries(local ?? "")) {
      if (entry.hash === undefined || entry.blocks === undefined) continue;
      if (asked.has(entry.hash)) entries.set(entry.hash, entry);
    }
  } catch (error) {
    if (!isSnapError(error, "damaged")) throw error;
  }
  return entries;
}

/** The latest restore that can be taken back and did something. */
export function latestUndoable(journal: RestoreDeps["journal"]): RestoreRow | undefined {
  return journal.restores().findLast((row) => isUndoable(row) && didSomething(journal, row));
}

function chosenRestore({ journal }: RestoreDeps, named: string | undefined): RestoreRow {
  const rows = journal.restores();
  if (named === undefined) {
    const latest = latestUndoable(journal);
    if (latest === undefined) throw nothingToUndo();
    return latest;
  }
  const matches = named.length < 4 ? [] : rows.filter(({ id }) => id.startsWith(named));
  const [row] = matches;
  if (row === undefined || matches.length > 1 || !(isUndoable(row) || isUnfinished(row))) {
    throw new SnapError("usage", `No restore "${named}" can be taken back`, {
      hint: "snap restores lists them.",
    });
  }
  return row;
}

function isUndoable({ state }: RestoreRow): boolean {
  return state === "done" || state === "partial";
}

function didSomething(journal: RestoreDeps["journal"], row: RestoreRow): boolean {
  return journal.items(row.id).length > 0 || (readFacts(row).units ?? []).length > 0;
}

function nothingToUndo(): SnapError {
  return new SnapError("refused", "There is nothing to take back", {
    hint: "snap restores lists what was restored in this workspace.",
  });
}
