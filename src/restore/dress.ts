import { hasWantedAttributes } from "../core/snapshot/attributes.ts";
import { readLocalRecord, type LocalRecord } from "../core/snapshot/restore-record.ts";
import type { RestoreItemRow } from "../core/snapshot/restore-state.ts";
import type { LocalStep } from "../core/snapshot/restore-steps.ts";
import { SnapError } from "../std/error.ts";
import { setAttributes, type Undressed } from "./attributes.ts";
import type { Run } from "./run.ts";

type Step = Pick<LocalStep, "row" | "record">;

/**
 * Files that stayed at their places get their attributes once owner and mode are set: to give a file away takes some from it.
 *
 * @param ended the rows of a batch that is done @returns them as they are afterwards
 */
export async function dressFiles(
  run: Run,
  ended: readonly RestoreItemRow[],
): Promise<readonly RestoreItemRow[]> {
  const open = ended
    .filter(({ step }) => step === "acted")
    .map((row) => ({ row, record: readLocalRecord(row.expected) }))
    .filter(({ record }) => record.deed === "metadata" && lacksAttributes(record));
  await setAttributes(run, open.flatMap(undressed));
  const looked = new Map<string, RestoreItemRow>();
  for (const step of open) looked.set(step.row.path, await lookAgain(run, step));
  return ended.map((row) => looked.get(row.path) ?? row);
}

/** The stat changes with the attributes; an edit meanwhile would hide behind that. */
async function lookAgain({ deps }: Run, { row, record }: Step): Promise<RestoreItemRow> {
  const { want } = record;
  try {
    const { hash, stat } = await deps.local.hash(row.path);
    if (want?.kind === "file" && want.hash === hash)
      return { ...row, expected: JSON.stringify({ ...record, stat }) };
  } catch (error) {
    if (!(error instanceof SnapError) || error.class !== "item") throw error;
  }
  const note = "it was edited during the restore and stays as it is";
  return { ...row, step: "left", expected: JSON.stringify({ ...record, stat: null, note }) };
}

/** Folders get theirs before mode and time: a folder that is closed takes none. */
export async function dressFolders(
  run: Run,
  steps: readonly Step[],
  fresh: ReadonlyMap<string, RestoreItemRow>,
): Promise<void> {
  const open = steps.filter(
    ({ row, record }) => fresh.get(row.path)?.step !== "left" && lacksAttributes(record),
  );
  await setAttributes(run, open.flatMap(undressed));
}

function undressed({ row: { path }, record: { want } }: Step): readonly Undressed[] {
  return want === null || want.kind === "symlink" ? [] : [{ path, place: path, wish: want }];
}

/** What is made anew may have inherited some. */
function lacksAttributes({ want, before }: LocalRecord): boolean {
  if (want === null || want.kind === "symlink" || want.attributes === undefined) return false;
  if (before === null || before.kind !== want.kind || before.attributes === undefined) return true;
  return !hasWantedAttributes(want, before.attributes);
}
