import type { ActOutcome, LocalAct } from "../core/plan/local-act.ts";
import { emptyArea, setOf, type LocalStep } from "../core/snapshot/restore-steps.ts";
import { isOwnedByOther } from "../core/snapshot/restore-plan.ts";
import { witnessOf, type LocalRecord } from "../core/snapshot/restore-record.ts";
import type { RestoreItemRow } from "../core/snapshot/restore-state.ts";
import type { LocalStat } from "../core/tree/local-stat.ts";
import { ownerRefusal } from "../core/tree/owner.ts";
import type { LocalSide } from "../ports.ts";
import { SnapError } from "../std/error.ts";

/** How one path ended: its row and those of what went with it, ready for the journal. */
type Ended = readonly RestoreItemRow[];

/**
 * Carry out one step whose intent is in the journal (T22), or go on with it after a crash (T30). One path's trouble ends
 * in its row; the displaced content is back at its place then (T31).
 *
 * @throws {SnapError} what stops every path: a full or failing disk
 */
export async function swap(local: LocalSide, step: LocalStep): Promise<Ended> {
  const ended = await carryOutOrLeave(local, step);
  const isLeft = ended.some(({ path, step: end }) => path === step.row.path && end === "left");
  if (isLeft && isTwofold(step)) await giveBack(local, step);
  return ended;
}

async function carryOutOrLeave(local: LocalSide, step: LocalStep): Promise<Ended> {
  try {
    return await carryOut(local, step);
  } catch (error) {
    if (!(error instanceof SnapError) || error.class !== "item") throw error;
    return left(step, error.message);
  }
}

/** One thing is taken away so that another can come: two acts, of which the second may fail. */
function isTwofold({ record, acts }: LocalStep): boolean {
  return record.deed !== "remove" && acts[0]?.act === "displace";
}

/** Bring what was displaced back to its place, if that is still free; else it rests in the undo area (T31). */
async function giveBack(local: LocalSide, { row, acts: [first] }: LocalStep): Promise<void> {
  if (first?.act !== "displace") return;
  const { path, copy } = first;
  const source = { area: first.displaceTo, path };
  const displaceTo = emptyArea(row.restore);
  try {
    await local.perform({ act: "place", source, path, before: undefined, displaceTo, copy });
  } catch (error) {
    // Nothing had been displaced, or there is no way to the place any more; the row says that the path was left.
    if (!(error instanceof SnapError) || error.class !== "item") throw error;
  }
}

async function carryOut(local: LocalSide, step: LocalStep): Promise<Ended> {
  const isResumed = step.row.step === "acting";
  switch (step.record.deed) {
    case "metadata":
      return await setFileMetadata(local, step);
    case "folder":
      return await makeFolder(local, step, isResumed);
    case "place":
    case "remove":
      return await performAll(local, step, isResumed);
    case "kept":
    case "covered":
    case "times":
      return [];
  }
}

/** Only a file that is still the one that was planned gets the mode and time of the wanted one. */
async function setFileMetadata(local: LocalSide, step: LocalStep): Promise<Ended> {
  const { path } = step.row;
  const { want } = step.record;
  const found = await local.hash(path);
  if (want?.kind !== "file" || found.hash !== want.hash) return left(step, changedMeanwhile);
  await local.setMetadata(path, { ...setOf(step.record), fileId: found.stat.fileId });
  // Read once more: an edit between the two looks would hide behind the new time.
  const { hash, stat } = await local.hash(path);
  return hash === want.hash ? acted(step, { stat, notes: [] }) : left(step, changedMeanwhile);
}

const changedMeanwhile = "it was edited during the restore and stays as it is";

async function makeFolder(local: LocalSide, step: LocalStep, isResumed: boolean): Promise<Ended> {
  const { path } = step.row;
  const now = isResumed ? await local.stat(path) : undefined;
  const notes: string[] = [];
  for (const act of now?.kind === "folder" ? [] : step.acts) {
    const outcome = await performOne(local, act, isResumed);
    if (outcome.state === "cancelled") return left(step, changedMeanwhile, outcome);
    notes.push(...notesOf(outcome));
  }
  const stat = await local.makeFolder(path);
  return acted(step, { stat, notes });
}

async function performAll(local: LocalSide, step: LocalStep, isResumed: boolean): Promise<Ended> {
  const notes: string[] = [];
  let stat: LocalStat | undefined;
  for (const act of step.acts) {
    const outcome = await performOne(local, act, isResumed);
    if (outcome.state === "cancelled") {
      return isGone(step, outcome)
        ? acted(step, { stat: undefined, notes: [] })
        : left(step, changedMeanwhile, outcome);
    }
    if (outcome.leftover) return leftover(step);
    notes.push(...notesOf(outcome));
    stat = outcome.stat;
  }
  return acted(step, { stat, notes });
}

/** Somebody else removed what was to be removed. */
function isGone({ record }: LocalStep, { stat }: ActOutcome): boolean {
  return record.deed === "remove" && stat === undefined;
}

async function performOne(
  local: LocalSide,
  act: LocalAct,
  isResumed: boolean,
): Promise<ActOutcome> {
  if (!isResumed) return await local.perform(act);
  const outcome = await local.settle(act);
  if (outcome.state === "done" || outcome.putBack.length > 0) return outcome;
  return await local.perform(act);
}

function notesOf({ putBack }: ActOutcome): string[] {
  return putBack.map((copy) => `an edit made during the restore is kept as "${copy}"`);
}

function acted(
  { row, record, covered }: LocalStep,
  end: { readonly stat: LocalStat | undefined; readonly notes: readonly string[] },
): Ended {
  const stat = record.want?.kind === "file" ? (end.stat ?? null) : null;
  const notes = [...end.notes, ...ownerNotes(record, end.stat)];
  const own = withRecord(row, record, { stat, note: notes.length > 0 ? notes.join("; ") : null });
  return [
    { ...own, step: "acted", displaced: displacedOf(row, record), witness: witnessOf(record.want) },
    ...covered.map(goneWithFolder),
  ];
}

/** Of a folder that is told once its metadata is set. What an earlier restore displaced was not given to anybody since. */
function ownerNotes({ want, source }: LocalRecord, stat: LocalStat | undefined): string[] {
  if (want?.owner === undefined || want.kind === "folder" || stat === undefined) return [];
  if (source?.area.kind === "undo") return [];
  return isOwnedByOther(want.owner, stat) ? [ownerRefusal(want.owner)] : [];
}

function displacedOf(row: RestoreItemRow, { deed, before }: LocalRecord): string | undefined {
  const moved = before !== null && (deed === "place" || deed === "remove" || deed === "folder");
  return moved ? row.path : undefined;
}

function goneWithFolder(row: RestoreItemRow): RestoreItemRow {
  return { ...row, step: "acted", displaced: row.path, witness: "absent" };
}

/** Nothing happened here: the path and what would have gone with it are as somebody else wants them. */
function left({ row, record, covered }: LocalStep, note: string, outcome?: ActOutcome): Ended {
  const whole = [note, ...(outcome === undefined ? [] : notesOf(outcome))].join("; ");
  return [
    { ...withRecord(row, record, { stat: null, note: whole }), step: "left" },
    ...covered.map((below) => ({ ...below, step: "left" as const })),
  ];
}

/** The folder stays for what is in it; what was known is gone (S70). */
function leftover({ row, record, covered }: LocalStep): Ended {
  const note = "the folder stays: it holds files that are not touched";
  return [
    { ...withRecord(row, record, { stat: null, note }), step: "left" },
    ...covered.map(goneWithFolder),
  ];
}

function withRecord(
  row: RestoreItemRow,
  record: LocalRecord,
  facts: Pick<LocalRecord, "stat" | "note">,
): RestoreItemRow {
  return { ...row, expected: JSON.stringify({ ...record, ...facts }) };
}
