import type { Where } from "../../core/live/marks.ts";
import { parseRelPath, type RelPath } from "../../core/path/rel-path.ts";
import type { LeftPath } from "../../core/plan/sync-report.ts";
import type { NodeId } from "../../core/tree/node.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import type { IndexStore } from "../../ports.ts";
import { bareLeftover } from "./bare-leftover.ts";
import { blockedPlaces, type Place } from "./blocked-places.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { pairByContent } from "./content.ts";
import { noFindings, type Findings } from "./findings.ts";
import { lookEverywhere, type LookWork } from "./looking.ts";
import type { Again, LookMemory } from "./memory.ts";
import { pairLoose } from "./loose.ts";
import { settle, type Settlement } from "./settle.ts";
import { startOf } from "./start.ts";
import { LocalWalk } from "./walk.ts";
import { giveWantedPlaces, withdrawUnwanted } from "./wanted-leftovers.ts";
import { vanishedTop } from "./whereabouts.ts";
import { removeGone, RowWriter } from "./write.ts";
import type { FoundRepositories } from "../guards/moved-repositories.ts";
import { checkWorkspace } from "../guards/presence.ts";
import { readContents, type Unread } from "./read-content.ts";
import type { Looker } from "./scan.ts";
import { leftOutBy } from "../scope/left-out.ts";
import { scopeDigest, type Scope } from "../scope/scope.ts";
import { lookAgain, noteAbsence, type Doubts } from "./second-look.ts";

/** What a look at the disk leaves to tell, besides the rows of the local tree. */
export type LocalObservation = {
  readonly left: readonly LeftPath[];
  /** Unknown or held, each with everything below it; `rootNode` means everything (S29, G20). */
  readonly frozen: ReadonlySet<NodeId>;
  /** Places on the disk that hold something which is in no tree: nothing can be put there. */
  readonly blocked: readonly Place[];
  readonly repositories: FoundRepositories;
};

/**
 * Look at the whole workspace and bring the local tree up to what the disk shows (S22–S29). What is as it was leaves no
 * trace; rows of what changed are written in batches as the look goes, what is unknown keeps its row, and contents come last.
 * A look that is killed has written nothing that is wrong: the next one finishes it.
 *
 * @throws {SnapError} `workspace-missing`, `interrupted`, errors of the index
 */
export async function observeLocal(
  deps: EngineDeps,
  scope: Scope,
  work: LookWork,
): Promise<LocalObservation> {
  await checkWorkspace(deps);
  const looking = work.looking ?? lookEverywhere();
  const { memory } = looking;
  const rules = scopeDigest(deps, scope.rules, scope.exclusions);
  looking.onScope?.(leftOutBy(scope, rules));
  const startedAt = deps.clock.now();
  const where = memory.begin(looking.where(), rules);
  const isWhole = where.kind === "everything";
  const looked = await observeFolders(deps, { scope, where, memory, startedAt }, work);
  memory.end({ rules, again: looked.again, ...(isWhole && { wholeAt: startedAt }) });
  return looked.observation;
}

/** Where to look, and by which rules. */
type Look = {
  readonly scope: Scope;
  readonly where: Where;
  readonly memory: LookMemory;
  readonly startedAt: number;
};

async function observeFolders(
  deps: EngineDeps,
  { scope, where, memory, startedAt }: Look,
  work: LookWork,
): Promise<{ readonly observation: LocalObservation; readonly again: Again }> {
  const { index } = deps;
  const looker: Looker = { ...deps, scope };
  const isWhole = where.kind === "everything";
  const findings = noFindings(startedAt, { notes: memory, isWhole });
  const rows = new RowWriter(index);
  const start = await startOf(index, looker, where);
  await new LocalWalk({ index, looker, rows, findings, work }).from(start);
  for (const node of rows.made) findings.visited.add(node);
  await pairLoose({ index, looker, findings });
  await pairByContent(deps, findings, work);
  noteAbsence(index, findings, rows);
  const doubts = await lookAgain({ deps, looker, findings }, work);
  const settlement = writeLoose(index, { findings, doubts, rows });
  const frozen = frozenBy(index, findings, settlement);
  giveWantedPlaces(index, findings.wantedLeftovers, (node) => frozen.has(node));
  const unread = await readContents(deps, (node) => frozen.has(node), work);
  forgetLeftovers(index, findings);
  withdrawUnwanted(index, findings.wantedLeftovers);
  const blocked = await blockedPlaces(deps, { findings, settlement, unread });
  const observed = { findings, doubts, settlement, frozen, unread };
  return { observation: report(observed, blocked), again: lookedAtAgain(index, observed) };
}

type Ends = { readonly findings: Findings; readonly doubts: Doubts; readonly rows: RowWriter };

/** What was moved first, then what is gone: nothing that moved out of a removed folder goes with it. */
function writeLoose(index: IndexStore, { findings, doubts, rows }: Ends): Settlement {
  const settlement = settle({
    findings,
    doubts,
    rowOf: (node) => index.local.get(node),
    isVanished: (node) => vanishedTop(index, findings, node) !== undefined,
  });
  for (const loose of findings.loose) {
    if (!settlement.skipped.has(loose)) rows.add(loose.folder, loose.stat, loose.node);
  }
  rows.flush();
  removeGone(index, findings.missed.keys(), settlement);
  return settlement;
}

/** The unknown, and what stands at the place of something unknown. */
function frozenBy(index: IndexStore, findings: Findings, settlement: Settlement): Set<NodeId> {
  const frozen = new Set<NodeId>();
  for (const { node } of findings.closed.keys()) if (node !== undefined) frozen.add(node);
  for (const node of [...settlement.unknown, ...settlement.parents]) {
    frozen.add(node);
    const row = index.local.get(node);
    if (row === undefined) continue;
    for (const other of index.local.children(row.parent)) {
      if (other.name === row.name) frozen.add(other.node);
    }
  }
  return frozen;
}

type Observed = {
  readonly findings: Findings;
  readonly doubts: Doubts;
  readonly settlement: Settlement;
  readonly frozen: Set<NodeId>;
  readonly unread: readonly Unread[];
};

/** What to tell, and what the merge must keep away from. */
function report(
  { findings, doubts, settlement, frozen, unread }: Observed,
  blocked: readonly Place[],
): LocalObservation {
  const { closed, notes } = findings;
  const noted = [...notes.notes()];
  const left = noted.flatMap((note) => note.left);
  const unsynced = noted.flatMap((note) => note.unsynced);
  const doubted = new Set([...doubts.values()].map(({ path }) => path));
  const skipped = [...settlement.skipped.values()].filter((why) => why !== undefined);
  const told = [...closed.values(), ...skipped, ...doubts.values()];
  const links = unsynced
    .filter((path) => !doubted.has(path))
    .map((path): LeftPath => ({ path, kind: "unsynced", reason: "is a link or a special file" }));
  for (const { row } of unread) frozen.add(row.node);
  return {
    left: [...left, ...told, ...unread.map((one) => one.left), ...links],
    frozen,
    blocked,
    repositories: {
      held: told.filter(({ kind }) => kind === "hold").map(({ path }) => parseRelPath(path)),
      workTrees: noted.flatMap((note) => note.workTrees),
    },
  };
}

/** What is unknown is looked at again by each look: nothing tells when it is not so any more (S29). */
function lookedAtAgain(index: IndexStore, observed: Observed): Again {
  const { findings, settlement, unread } = observed;
  const folders = new Set<RelPath>(findings.clouded);
  for (const { folder } of findings.missed.values()) folders.add(folder.path);
  for (const { folder } of settlement.skipped.keys()) folders.add(folder.path);
  const kept = [...settlement.unknown, ...settlement.parents].map((node) => index.local.get(node));
  const unreadNow = unread.filter(({ left }) => left.kind !== "unsynced").map(({ row }) => row);
  for (const row of [...kept, ...unreadNow]) {
    const path = row === undefined ? undefined : pathOf(index.local, row.parent);
    if (path !== undefined) folders.add(path);
  }
  for (const { workTrees } of findings.notes.notes())
    for (const path of workTrees) folders.add(path);
  return { folders, whole: new Set([...findings.closed.keys()].map(({ path }) => path)) };
}

/**
 * Folders that were left over and are not any more: gone, or with something in them that is synced (S70). What has a row until it has
 * made way is one of them still.
 */
function forgetLeftovers(index: IndexStore, { notes, closed, wantedLeftovers }: Findings): void {
  // One that got something to upload since it was noted is a folder like any other.
  const leftovers = [...notes.notes()].flatMap((note) =>
    note.folder.hasRow ? [] : note.leftovers,
  );
  for (const { node, path } of wantedLeftovers) {
    const row = node === undefined ? undefined : bareLeftover(index, node);
    if (row !== undefined) leftovers.push({ fileId: row.fileId, path });
  }
  // What nobody could look into may hold some.
  if (closed.size > 0 || !index.leftovers.hasOthers(leftovers)) return;
  index.transaction(() => index.leftovers.keepOnly(leftovers));
}
