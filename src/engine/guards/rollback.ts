import { beaconPath, formatBeacon, parseBeacon, type Beacon } from "../../core/beacon.ts";
import type { IndexStore, RootMarker } from "../../ports.ts";
import { isSnapError, SnapError } from "../../std/error.ts";
import { isoSeconds } from "../../std/time.ts";
import {
  beaconNote,
  generationOf,
  isBeaconCompared,
  noteBeacon,
  refusePutBack,
  type BeaconNote,
} from "./generation.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { adoptExclusions, markerWith, mayLack } from "./disk-exclusions.ts";
import { checkWorkspace } from "./presence.ts";

/** Why a link is held (S117): which side went back to an older state, or that the linked folder was emptied. */
export type RollbackState = {
  readonly found: "index-behind" | "workspace-behind" | "remote-emptied";
  /** Ours, as the index has it. */
  readonly generation: number;
  /** Of the root marker. */
  readonly marker: number;
  /** What the linked folder says of this link, where it says anything; untrusted text. */
  readonly beacon: Beacon | undefined;
};

/** The document in the linked folder; `beacon` is undefined where it is not readable as one. */
type BeaconFound = { readonly rev: string; readonly beacon: Beacon | undefined };

/**
 * Whether somebody else put an older state back behind our back: three comparisons (S117). Called after both
 * observations, once after a start and before the first plan. Undefined: go on.
 *
 * @throws {SnapError} `workspace-missing`, and what `RemoteSide.document` throws
 */
export async function checkRollback(
  deps: EngineDeps,
  { isRemoteQuiet }: { readonly isRemoteQuiet: boolean } = { isRemoteQuiet: false },
): Promise<RollbackState | undefined> {
  const marker = await checkWorkspace(deps);
  adoptGeneration(deps.index, marker);
  const document = isRemoteQuiet ? notedBeacon(deps.index) : await readBeacon(deps);
  const state = compare(deps.index, marker, document);
  if (state === undefined) noteDocument(deps.index, document);
  return state;
}

/**
 * The same for a look: nothing is written, neither in the index nor on a side (S52, S104).
 *
 * @throws {SnapError} as `checkRollback`
 */
export async function findRollback(deps: EngineDeps): Promise<RollbackState | undefined> {
  const marker = await checkWorkspace(deps);
  return compare(deps.index, marker, await readBeacon(deps));
}

/** S118: a disk or an index that went back is never brought up to date by itself; the error says which. */
export function rollbackRefusal({ found }: RollbackState): SnapError {
  return new SnapError("rolled-back", `${rolledBackText[found]}: nothing is synced`, {
    hint: rolledBackHint,
  });
}

/** What went back, as a whole sentence without its full stop. */
export const rolledBackText: Readonly<Record<RollbackState["found"], string>> = {
  "index-behind":
    "This workspace was put back to an older state, together with what snap knows of it",
  "workspace-behind": "This workspace was put back to an older state",
  "remote-emptied": "The linked folder was emptied behind an older state of this workspace",
};

/** What to do then. */
export const rolledBackHint =
  "`snap rollback show` tells what happened; then `snap rollback keep` or `snap rollback discard`.";

/** A new index must not look as if it had gone back: it takes over what the root marker says (S77). */
function adoptGeneration(index: IndexStore, { generation }: RootMarker): void {
  if (index.meta("generation") !== undefined) return;
  index.transaction(() => {
    index.setMeta("generation", String(generation));
    index.setMeta("marked", String(generation));
  });
}

function compare(
  index: IndexStore,
  marker: RootMarker,
  document: BeaconFound | undefined,
): RollbackState | undefined {
  // As a new index takes it over (S77).
  const isNew = index.meta("generation") === undefined;
  const generation = isNew ? marker.generation : generationOf(index, "generation");
  const marked = isNew ? marker.generation : generationOf(index, "marked");
  const beacon = document?.beacon;
  const state = { generation, marker: marker.generation, beacon };
  if (beacon !== undefined && beacon.generation > generation) {
    return { found: "index-behind", ...state };
  }
  if (marker.generation < marked) {
    return { found: "workspace-behind", ...state };
  }
  const isGone = beaconNote(index) !== undefined && document === undefined;
  return isGone && isEmptied(index) ? { found: "remote-emptied", ...state } : undefined;
}

/** Nothing that both sides once agreed on is on the server. Where they agreed on nothing, nothing is missed. */
function isEmptied({ synced, remote }: IndexStore): boolean {
  let agreed = 0;
  for (const { node } of synced.all()) {
    if (remote.get(node) !== undefined) return false;
    agreed += 1;
  }
  return agreed > 0;
}

async function readBeacon({ remote, config }: EngineDeps): Promise<BeaconFound | undefined> {
  const document = await remote.document(beaconPath(config.link));
  return document && { rev: document.rev, beacon: parseBeacon(document.text) };
}

/** Where nothing happened there, what is noted is there; it was compared when it was noted. */
function notedBeacon(index: IndexStore): BeaconFound | undefined {
  const note = beaconNote(index);
  return note && { rev: note.rev, beacon: undefined };
}

/** What is there now is what the next write replaces; a beacon that is missing alone is written again (S117). */
function noteDocument(index: IndexStore, document: BeaconFound | undefined): void {
  const known = beaconNote(index);
  if (known?.rev === document?.rev && isBeaconCompared(index)) return;
  const note = document && { rev: document.rev, generation: document.beacon?.generation };
  index.transaction(() => noteBeacon(index, note));
}

/**
 * Count a cycle that changes something, before its first op: in the index first, then in the root marker, then as
 * `marked`, so that a crash in between cannot look like a rollback (S116, S117).
 *
 * @throws {SnapError} `rolled-back` when an older workspace was put back since the sync began
 */
export async function raiseGeneration(deps: EngineDeps): Promise<void> {
  const marker = await checkWorkspace(deps);
  refusePutBack(deps.index, marker);
  const newest = Math.max(generationOf(deps.index, "generation"), marker.generation);
  await setGeneration(deps, marker, newest + 1);
}

async function setGeneration(
  deps: EngineDeps,
  marker: RootMarker,
  generation: number,
): Promise<void> {
  const { index, local } = deps;
  index.transaction(() => index.setMeta("generation", String(generation)));
  await local.writeMarker({ ...markerWith(marker, mayLack(deps, marker)), generation });
  index.transaction(() => index.setMeta("marked", String(generation)));
}

/**
 * Tell the linked folder how far this link has come (S116). Does nothing where that was told already: there is never a
 * second beacon for one generation.
 *
 * @throws {SnapError} `rolled-back` when the beacon there is ahead of us, and what `RemoteSide.writeDocument` throws
 */
export async function writeBeacon(deps: EngineDeps): Promise<void> {
  const known = beaconNote(deps.index);
  const generation = generationOf(deps.index, "generation");
  if (known?.generation === generation) return;
  try {
    await putBeacon(deps, generation, known);
  } catch (error) {
    if (!isSnapError(error, "conflict", "not-found")) throw error;
    await settleConflict(deps, generation);
  }
}

async function putBeacon(
  { index, remote, clock, config }: EngineDeps,
  generation: number,
  known: BeaconNote | undefined,
): Promise<void> {
  const { device, tool, link } = config;
  const text = formatBeacon({ generation, time: isoSeconds(clock.now()), device, tool });
  const rev = await remote.writeDocument(beaconPath(link), text, known?.rev);
  index.transaction(() => noteBeacon(index, { rev, generation }));
}

/** Another beacon is there: the first comparison comes before everything else (S117). */
async function settleConflict(deps: EngineDeps, generation: number): Promise<void> {
  const document = await readBeacon(deps);
  const there = document?.beacon?.generation;
  if (there !== undefined && there > generation) throw rolledBack(there, generation);
  noteDocument(deps.index, document);
  // Ours, whose answer was lost, has this generation; anything older is replaced.
  if (there !== generation) await putBeacon(deps, generation, beaconNote(deps.index));
}

function rolledBack(there: number, here: number): SnapError {
  return new SnapError(
    "rolled-back",
    `The linked folder knows generation ${there} of this link, and the index only ${here}`,
    {
      hint: "Run snap status: an older state was put back, or a copy of this workspace is in use.",
    },
  );
}

/**
 * Put our generation above the one of the beacon and of the root marker, once the user has chosen what holds (S119).
 * Nothing that was compared then looks rolled back any more. A disk that is kept keeps the exclusions that it was made under.
 */
export async function acceptGeneration(
  deps: EngineDeps,
  choice: "keep" | "discard",
): Promise<void> {
  const { index } = deps;
  const marker = await checkWorkspace(deps);
  const document = await readBeacon(deps);
  // Once it is accepted, the marker is ours, and names what is to be excluded besides.
  const isOpen = compare(index, marker, document) !== undefined;
  if (isOpen && choice === "keep") index.transaction(() => adoptExclusions(deps, marker));
  const ours = Math.max(generationOf(index, "generation"), generationOf(index, "marked"));
  const newest = Math.max(ours, marker.generation, document?.beacon?.generation ?? 0);
  await setGeneration(deps, marker, newest + 1);
  noteDocument(index, document);
}
