import type { AreaPath } from "../core/plan/local-act.ts";
import { parseRelPath } from "../core/path/rel-path.ts";
import type { PlanItem } from "../core/snapshot/restore-item.ts";
import { rowsOf } from "../core/snapshot/restore-rows.ts";
import type { ContentSource, WantedFile } from "../core/snapshot/restore-wanted.ts";
import type { StageRequest } from "../core/plan/local-act.ts";
import { present } from "../std/assert.ts";
import { forEachLimited } from "../std/limiter.ts";
import type { Draft } from "./draft.ts";
import { placedItems, type ChosenSources } from "./preflight.ts";
import type { Run } from "./run.ts";
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
  const items = placedItems(draft);
  const places = new Map(
    items.map((item, order) => [item.path, placeOf(run, chosen, { item, order })]),
  );
  let done = 0;
  const options = { parallel: filesParallel, signal: run.work.signal };
  await forEachLimited(items, options, async (item) => {
    const to = present(places.get(item.path), "a place for every staged path");
    if (to.area.kind === "staging")
      await stageItem(run, item, { to, source: chosen.get(item.path) });
    done += 1;
    run.progress("stage", { done, total: items.length });
  });
  writeJournal(run, draft, (item) =>
    present(places.get(item.path), "a place for every placed path"),
  );
}

/** Staged files are numbered: their own paths would have to be made and made durable, too. */
function placeOf(
  run: Run,
  chosen: ChosenSources,
  { item, order }: { readonly item: PlanItem; readonly order: number },
): AreaPath {
  const source = chosen.get(item.path);
  if (source?.from === "area") return source.place;
  return { area: { kind: "staging", id: run.id }, path: parseRelPath(String(order)) };
}

async function stageItem(
  run: Run,
  { path, want }: PlanItem,
  { to, source }: { readonly to: AreaPath; readonly source: ContentSource | undefined },
): Promise<void> {
  if (want?.kind === "symlink") {
    await run.deps.local.stage({ to, content: { linkTarget: want.linkTarget } }, run.work);
  } else if (want?.kind === "file") {
    const from = present(source, `a source for "${path}"`);
    await stageFile(run, want, { to, bytes: bytesOf(run.deps, from, run.work), path });
  }
}

async function stageFile(
  run: Run,
  want: WantedFile,
  { to, bytes, path }: { to: AreaPath; bytes: AsyncIterable<Uint8Array>; path: string },
): Promise<void> {
  const { hash, size, mode, modifiedNs } = want;
  const request: StageRequest = {
    to,
    content: { bytes, expect: { hash, size } },
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
  for (let start = 0; start < rows.length; start += rowsPerTransaction) {
    run.deps.journal.putItems(rows.slice(start, start + rowsPerTransaction));
  }
  run.enter("staged");
}
