import type { AreaPath } from "../core/plan/local-act.ts";
import type { RelPath } from "../core/path/rel-path.ts";
import type { PlanItem } from "../core/snapshot/restore-item.ts";
import { rowsOf } from "../core/snapshot/restore-rows.ts";
import type { RestoreItemRow } from "../core/snapshot/restore-state.ts";
import type { ContentSource, WantedFile, WantedNode } from "../core/snapshot/restore-wanted.ts";
import type { StageRequest } from "../core/plan/local-act.ts";
import { present } from "../std/assert.ts";
import { forEachLimited } from "../std/limiter.ts";
import { setAttributes, type Undressed } from "./attributes.ts";
import type { Draft } from "./draft.ts";
import { bytesOf as bytesOfItems, placedItems } from "./placed.ts";
import type { ChosenSources } from "./preflight.ts";
import type { Run } from "./run.ts";
import { newPlaces, placesAgain, type StagedPlaces } from "./staged.ts";
import { bytesOf, unreadableContent } from "./sources.ts";

const filesParallel = 8;

/** Rows that go into the journal in one transaction. */
const rowsPerTransaction = 1_000;

/**
 * Write every file that is to be placed below `.snap/staging/`, checked while it is written (T21), then the journal of
 * all paths. What an earlier restore displaced stays where it is until it is placed.
 *
 * @throws {SnapError} `damaged`, `disk-full`, `interrupted`: nothing was changed
 */
export async function stage(run: Run, draft: Draft, chosen: ChosenSources): Promise<void> {
  await stageAt(run, draft, { chosen, ...newPlaces(run, placedItems(draft), chosen) });
}

/** The same for a restore that was cut off meanwhile: what it had staged whole is not staged anew (T30). What it throws is the same. */
export async function stageAgain(run: Run, draft: Draft, chosen: ChosenSources): Promise<void> {
  await stageAt(run, draft, { chosen, ...(await placesAgain(run, placedItems(draft), chosen)) });
}

async function stageAt(
  run: Run,
  draft: Draft,
  { chosen, places, kept }: StagedPlaces & { readonly chosen: ChosenSources },
): Promise<void> {
  const items = placedItems(draft);
  const [total, bytesTotal] = [items.length, bytesOfItems(items)];
  let [done, bytes] = [0, 0];
  const options = { parallel: filesParallel, signal: run.work.signal };
  const { firsts, others } = namesOf(items, places);
  const write = async (item: PlanItem): Promise<void> => {
    const to = present(places.get(item.path), "a place for every staged path");
    const staged = { to, source: chosen.get(item.path), sameAs: others.get(item) };
    if (to.area.kind === "staging" && !kept.has(item.path)) await stageItem(run, item, staged);
    done += 1;
    bytes += bytesOfItems([item]);
    run.progress("stage", { done, total, bytes, bytesTotal });
  };
  await forEachLimited(firsts, options, write);
  await forEachLimited([...others.keys()], options, write);
  await setAttributes(run, undressed(firsts, places));
  writeJournal(run, draft, (item) =>
    present(places.get(item.path), "a place for every placed path"),
  );
}

/** Staged files and links; what an earlier restore displaced has its own. */
function undressed(
  items: readonly PlanItem[],
  places: ReadonlyMap<RelPath, AreaPath>,
): readonly Undressed[] {
  return items.flatMap(({ path, want }) => {
    const place = places.get(path);
    if (place?.area.kind !== "staging" || want === undefined) return [];
    return [{ path, place, wish: want }];
  });
}

/**
 * Of files that were one file with several names the first one is written, and the others become names of it (N38); as far as they
 * are equal in all that names share: an archive can say anything.
 */
function namesOf(
  items: readonly PlanItem[],
  places: ReadonlyMap<RelPath, AreaPath>,
): { readonly firsts: readonly PlanItem[]; readonly others: ReadonlyMap<PlanItem, AreaPath> } {
  const firsts: PlanItem[] = [];
  const others = new Map<PlanItem, AreaPath>();
  const placeOfFirst = new Map<string, AreaPath>();
  for (const item of items) {
    const place = places.get(item.path);
    const key = place?.area.kind === "staging" ? fileKey(item.want) : undefined;
    const first = key === undefined ? undefined : placeOfFirst.get(key);
    if (first === undefined) firsts.push(item);
    else others.set(item, first);
    if (key !== undefined && place !== undefined && first === undefined)
      placeOfFirst.set(key, place);
  }
  return { firsts, others };
}

function fileKey(want: WantedNode | undefined): string | undefined {
  if (want?.kind !== "file" || want.linkGroup === undefined) return undefined;
  const { linkGroup, hash, size, mode, modifiedNs, special, owner, attributes } = want;
  return JSON.stringify([linkGroup, hash, size, mode, modifiedNs, special, owner, attributes]);
}

async function stageItem(
  run: Run,
  { path, want }: PlanItem,
  { to, source, sameAs }: Staged,
): Promise<void> {
  if (want?.kind === "symlink") {
    const { linkTarget, modifiedNs, owner } = want;
    const time = modifiedNs === undefined ? {} : { modifiedNs };
    const owned = owner === undefined ? {} : { owner };
    await run.deps.local.stage({ to, content: { linkTarget }, ...time, ...owned }, run.work);
  } else if (want?.kind === "file") {
    const from = present(source, `a source for "${path}"`);
    await stageFile(run, want, { to, sameAs, bytes: bytesOf(run.deps, from, run.work), path });
  }
}

/** Where something is staged, what from, and the staged file that it is another name of. */
type Staged = {
  readonly to: AreaPath;
  readonly source: ContentSource | undefined;
  readonly sameAs: AreaPath | undefined;
};

async function stageFile(
  run: Run,
  want: WantedFile,
  from: Omit<Staged, "source"> & { bytes: AsyncIterable<Uint8Array>; path: string },
): Promise<void> {
  const { to, sameAs, bytes, path } = from;
  const { hash, size, mode, modifiedNs, special, owner } = want;
  const request: StageRequest = {
    to,
    content: { bytes, expect: { hash, size }, sameAs },
    ...(special === undefined ? {} : { special }),
    ...(owner === undefined ? {} : { owner }),
    ...(mode === undefined ? {} : { mode }),
    ...(modifiedNs === undefined ? {} : { modifiedNs }),
  };
  try {
    await run.deps.local.stage(request, run.work);
  } catch (error) {
    throw unreadableContent(error, path);
  }
}

/** The state follows the last row, so that no journal with a part of the rows is ever carried out. */
function writeJournal(run: Run, draft: Draft, sourceOf: (item: PlanItem) => AreaPath): void {
  const { plan, wanted, sight } = draft;
  const rows = rowsOf(run.id, { items: plan.items, wanted, sight }, sourceOf);
  const batch: RestoreItemRow[] = [];
  for (const row of rows) {
    batch.push(row);
    if (batch.length === rowsPerTransaction) run.deps.journal.putItems(batch.splice(0));
  }
  if (batch.length > 0) run.deps.journal.putItems(batch);
  run.enter("staged");
}
