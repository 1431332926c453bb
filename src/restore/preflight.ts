import type { CheckId } from "../core/snapshot/readiness.ts";
import type { PlanItem } from "../core/snapshot/restore-item.ts";
import { isUnfinished } from "../core/snapshot/restore-state.ts";
import type { ContentSource } from "../core/snapshot/restore-wanted.ts";
import type { RelPath } from "../core/path/rel-path.ts";
import { parentPath } from "../core/path/rel-path.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { checkRules } from "./check-rules.ts";
import type { Looked } from "./checks.ts";
import type { Draft, Order } from "./draft.ts";
import type { RestoreDeps } from "./restore-deps.ts";
import { giveWay } from "./give-way.ts";
import { bytesOf, placedItems } from "./placed.ts";
import { soundSources } from "./sources.ts";
import { checkSpace } from "./space.ts";

/** Where the content of each path that is placed will be taken from. */
export type ChosenSources = ReadonlyMap<RelPath, ContentSource>;

/** What the checks of one restore look at, and leave to each other. */
export type Preflight = {
  readonly deps: RestoreDeps;
  readonly order: Order;
  readonly draft: Draft;
  readonly work: Work;
  /** Files whose content is sound, and where it is; filled by `blocks`. */
  readonly chosen: Map<RelPath, ContentSource>;
  /** Of `blocks`: the files whose content is nowhere. */
  readonly damaged: SnapError[];
  /** `blocks` begins no more files after this time, ms since 1970. */
  readonly until?: number;
  /** Files that `blocks` had no time for. */
  readonly unread: Set<RelPath>;
  /** Of `blocks`: Dropbox is asked for each revision that is needed, and repositories are read, which a restore does as it stages. */
  readonly isLook?: boolean;
};

type PreflightCheck = {
  readonly id: CheckId;
  /** @throws {SnapError} what a restore ends with */
  readonly run: (preflight: Preflight) => Promise<Looked>;
};

/** What is asked of a plan before a restore changes anything, in this order (T33). */
export const preflightChecks: readonly PreflightCheck[] = [
  { id: "blocks", run: checkBlocks },
  { id: "plan", run: checkPlan },
  { id: "space", run: checkSpace },
  { id: "write", run: checkWritable },
  { id: "open", run: checkOpen },
  { id: "guard", run: checkGuard },
];

/** The checks of one order have not run yet. */
export function preflightOf(given: Omit<Preflight, "chosen" | "damaged" | "unread">): Preflight {
  return { ...given, chosen: new Map(), damaged: [], unread: new Set() };
}

/**
 * Check that a restore can be carried out, before anything changes (T33). Only what earlier restores displaced may make room (T32).
 *
 * @throws {SnapError} `workspace-missing`, `damaged`, `refused` for rules, room and permissions, and for files in use where quiet is
 * required
 */
export async function preflight(
  given: Pick<Preflight, "deps" | "order" | "draft" | "work">,
): Promise<ChosenSources> {
  await checkWorkspace(given.deps);
  const flight = preflightOf(given);
  for (const { id, run } of preflightChecks) {
    if (id === "space") await giveWay(flight);
    const { checked } = await run(flight);
    given.deps.onEvent({ type: "preflight", check: id, items: checked });
  }
  return flight.chosen;
}

/** @throws {SnapError} `refused` while another restore of this workspace is not finished */
export function refuseUnfinished({ journal }: Pick<RestoreDeps, "journal">): void {
  const unfinished = journal.restores().find(isUnfinished);
  if (unfinished === undefined) return;
  throw new SnapError("refused", `Restore ${unfinished.id} is not finished yet`, {
    hint: "Run snap sync: it goes on by itself. Then run the same command again.",
  });
}

/** @throws {SnapError} `refused` where content that exists nowhere else would go, and that is not wanted (T12) */
export function refuseUnsaved({ plan }: Draft, { subject }: Order): void {
  const unsaved = plan.loses.localOnly;
  if (subject.options.onUnsaved !== "refuse" || unsaved.length === 0) return;
  const [first] = unsaved;
  throw new SnapError(
    "refused",
    `Nothing was changed: ${unsaved.length} files exist nowhere else, "${first?.path ?? ""}" first`,
    {
      ...(first === undefined ? {} : { path: first.path }),
      hint: "Capture or sync them first, or use --on-unsaved keep or replace.",
    },
  );
}

/** @throws {SnapError} `workspace-missing` unless the folder is there, and the one it was */
export async function checkWorkspace({ local, workspace, index }: RestoreDeps): Promise<void> {
  const marker = await local.readMarker();
  if (marker?.workspace === workspace) return;
  if (marker === undefined && index.meta("link") === undefined) return;
  throw new SnapError("workspace-missing", `"${local.top}" is not the workspace it was`, {
    path: local.top,
    hint: "Look whether the right disk is mounted there.",
  });
}

async function checkBlocks(flight: Preflight): Promise<Looked> {
  const items = placedItems(flight.draft);
  const { chosen, damaged, unread } = await soundSources(flight.deps, {
    ...flight,
    items,
    asksRevisions: flight.isLook === true,
  });
  for (const [path, source] of chosen) flight.chosen.set(path, source);
  for (const path of unread) flight.unread.add(path);
  flight.damaged.push(...damaged);
  const [first] = damaged;
  if (first !== undefined) throw first;
  await checkUnits(flight);
  return { checked: chosen.size, bytes: bytesOf(items.filter(({ path }) => chosen.has(path))) };
}

async function checkUnits(flight: Preflight): Promise<void> {
  const { isLook, deps, draft, order, work, until, unread } = flight;
  const [{ snapshot }, steps] = [order.subject, draft.plan.units ?? []];
  if (isLook !== true || snapshot === undefined || steps.length === 0) return;
  const isLate = until !== undefined && deps.clock.now() >= until;
  if (isLate) for (const { path } of steps) unread.add(path);
  else await deps.units?.requireSound({ snapshot, steps }, work);
}

async function checkPlan(flight: Preflight): Promise<Looked> {
  const { deps, draft, order, chosen, work } = flight;
  refuseUnsaved(draft, order);
  await checkRules(deps, { items: draft.plan.items, chosen }, work);
  return { checked: draft.plan.items.length };
}

/** A folder that nobody may write to would stop the restore half way. */
async function checkWritable({ draft: { plan, sight } }: Preflight): Promise<Looked> {
  for (const { path } of plan.items.filter(isMoved)) {
    const parent = parentPath(path);
    const folder = parent === undefined ? undefined : sight.local.items.get(parent);
    if (folder === undefined || folder.stat.kind !== "folder") continue;
    if ((folder.stat.mode & 0o222) !== 0) continue;
    throw new SnapError("refused", `The folder "${folder.path}" is write-protected`, {
      path: folder.path,
      hint: `Make it writable (chmod u+w), then run the same command again. Nothing was changed.`,
    });
  }
  return Promise.resolve({ checked: plan.items.length });
}

/** Whether something takes, leaves or changes its place on the disk. */
function isMoved({ local: { action } }: PlanItem): boolean {
  return action === "create" || action === "replace" || action === "delete";
}

/** Nobody may be at work in a repository that is swapped (T40). */
async function checkGuard({ deps, draft, work }: Preflight): Promise<Looked> {
  const { units = [] } = draft.plan;
  await deps.units?.requireQuiet(units, work);
  return { checked: units.length };
}

/** A program that writes to a file it has open goes on writing to what was displaced. */
async function checkOpen({ deps, draft, order }: Preflight): Promise<Looked> {
  const touched = new Set(draft.plan.items.filter(isMoved).map(({ path }) => path));
  const writers = touched.size === 0 ? [] : ((await deps.writers?.()) ?? []);
  const inUse = writers.filter(({ path }) => touched.has(path));
  for (const { path, program } of inUse) {
    const message = `"${path}" is open for writing in ${program}: what it writes during the restore goes to the replaced file`;
    deps.onEvent({ type: "warning", message });
  }
  const [first] = inUse;
  if (first === undefined || order.requireQuiet !== true) return { checked: touched.size };
  throw new SnapError("refused", `Nothing was changed: "${first.path}" is in use`, {
    path: first.path,
    hint: `End ${first.program} first, or leave --require-quiet out.`,
  });
}
