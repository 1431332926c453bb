import { parentPath } from "../path/rel-path.ts";
import type { AreaPath } from "../plan/local-act.ts";
import type { PlanItem } from "./restore-item.ts";
import type { Sight } from "./restore-picture.ts";
import {
  localBeforeOf,
  remoteBeforeOf,
  remoteWantOf,
  wantRecordOf,
  witnessOf,
  type LocalDeed,
  type LocalRecord,
  type RemoteRecord,
} from "./restore-record.ts";
import type { RestoreItemRow } from "./restore-state.ts";
import { parentsOf, type Wanted } from "./restore-wanted.ts";

/** The journal's rows of a plan, one after the other, local ones first. `sourceOf` says where the content of a placed path waits. */
export function* rowsOf(
  restore: string,
  plan: { readonly items: readonly PlanItem[]; readonly wanted: Wanted; readonly sight: Sight },
  sourceOf: (item: PlanItem) => AreaPath,
): Generator<RestoreItemRow> {
  const vacated = new Set(plan.items.filter(leavesWithFolder).map(({ path }) => path));
  for (const item of plan.items) {
    const isCovered = parentsOf(item.path).some((parent) => vacated.has(parent));
    const isLocalOnly = plan.wanted.localOnly?.has(item.path) ?? false;
    yield localRow(restore, item, { isCovered, isLocalOnly, sourceOf });
  }
  yield* timesRows(restore, plan);
  for (const item of plan.items) yield* remoteRow(restore, item);
}

/** A folder that is displaced as a whole. */
function leavesWithFolder({ local }: PlanItem): boolean {
  const { before, action } = local;
  return before?.stat.kind === "folder" && (action === "delete" || action === "replace");
}

type Naming = {
  readonly isCovered: boolean;
  readonly isLocalOnly: boolean;
  readonly sourceOf: (item: PlanItem) => AreaPath;
};

function localRow(restore: string, item: PlanItem, naming: Naming): RestoreItemRow {
  const deed = deedOf(item, naming.isCovered);
  const before = localBeforeOf(item.local.before);
  const source = deed === "place" ? naming.sourceOf(item) : null;
  const stat =
    deed === "kept" && before?.kind === "file" ? (item.local.before?.stat ?? null) : null;
  const record: LocalRecord = {
    deed,
    before,
    want: wantRecordOf(item.want),
    source,
    stat,
    ...(naming.isLocalOnly ? { localOnly: true } : {}),
    note: null,
  };
  // What is kept has happened already: undo compares it with what stands there now.
  const settled = deed === "kept";
  return {
    restore,
    side: "local",
    path: item.path,
    step: settled ? "acted" : "staged",
    expected: JSON.stringify(record),
    displaced: undefined,
    witness: settled ? witnessOf(before) : undefined,
    rev: undefined,
  };
}

function deedOf({ local, want }: PlanItem, isCovered: boolean): LocalDeed {
  switch (local.action) {
    case "keep":
    case "aside":
      return "kept";
    case "metadata":
      return want?.kind === "folder" ? "times" : "metadata";
    case "delete":
      return isCovered ? "covered" : "remove";
    case "create":
    case "replace":
      return want?.kind === "folder" ? "folder" : "place";
  }
}

/** Folders whose times change because something in them does: they are set again at the end (T22). */
function timesRows(
  restore: string,
  plan: { readonly items: readonly PlanItem[]; readonly wanted: Wanted; readonly sight: Sight },
): RestoreItemRow[] {
  const own = new Set(plan.items.map(({ path }) => path));
  const parents = new Set(
    plan.items
      .filter(({ local }) => local.action !== "keep")
      .flatMap(({ path }) => parentPath(path) ?? []),
  );
  return [...parents].flatMap((path) => {
    const want = plan.wanted.nodes.get(path);
    const before = localBeforeOf(plan.sight.local.items.get(path));
    if (own.has(path) || want?.kind !== "folder" || want.implied || before === null) return [];
    const record: LocalRecord = {
      deed: "times",
      before,
      want: wantRecordOf(want),
      source: null,
      stat: null,
      note: null,
    };
    const expected = JSON.stringify(record);
    const row = { restore, side: "local", path, step: "staged", expected } as const;
    return [{ ...row, displaced: undefined, witness: undefined, rev: undefined }];
  });
}

function remoteRow(restore: string, item: PlanItem): RestoreItemRow[] {
  if (item.remote === undefined) return [];
  const { action, before } = item.remote;
  const want = wantRecordOf(item.want);
  const record: RemoteRecord = {
    before: remoteBeforeOf(before),
    synced: item.synced ?? null,
    want,
    aside: action === "aside",
  };
  const row = { restore, side: "remote", path: item.path, step: "planned" } as const;
  const expected = JSON.stringify(record);
  return [
    { ...row, expected, displaced: undefined, witness: remoteWantOf(want), rev: before?.rev },
  ];
}
