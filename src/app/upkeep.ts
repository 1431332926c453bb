import { readFileSync } from "node:fs";
import { join } from "node:path";
import { verifyBudgetDefaultMs } from "../core/settings/catalogue.ts";
import { automaticPolicy } from "../core/snapshot/keep-policy.ts";
import { judge } from "../core/snapshot/retention.ts";
import { periodOf } from "../core/snapshot/retention-periods.ts";
import { isOwn } from "../core/snapshot/root-reference.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import { parseUpkeepNote, type UpkeepNote } from "../core/snapshot/upkeep-note.ts";
import { tornUnits } from "../core/snapshot/unit.ts";
import { writePrivateFile } from "../state/private-file.ts";
import { systemCode, throwIfAborted } from "../std/error.ts";
import { contentElsewhere } from "./content-elsewhere.ts";
import type { Environment } from "./environment.ts";
import { localOffset } from "./forget.ts";
import { hydratePinned } from "./hydrate-due.ts";
import { scheduleSettings } from "./schedule.ts";
import { settingsOf } from "./settings-of.ts";
import { openSnapshotStore } from "./store.ts";
import { proveStore } from "./verify.ts";

/** Packs are verified by reading and decoding what is in them (N50). */
const verifyLevel = 2;

/** With less time than this left of a day, ms, nothing is begun any more. */
const verifyLeastMs = 1_000;

/** What is known of the store by the verifications of the background sync (N51). */
export function storeDamage(environment: Environment): UpkeepNote["damage"] {
  return readNote(environment).damage;
}

/**
 * After a snapshot of the schedule: forget what the policy does not keep (N49), and prune where that is worth it (N57).
 *
 * @throws {SnapError} `busy`, `disk-full` and so on
 */
export async function keepAutomatically(
  environment: Environment,
  root: SnapshotRoot,
  signal: AbortSignal,
): Promise<void> {
  await forgetBySchedule(environment, root.workspace.id, signal);
  await pruneIfWorth(environment, signal);
}

async function forgetBySchedule(
  environment: Environment,
  workspace: string,
  signal: AbortSignal,
): Promise<void> {
  const { clock, logger } = environment;
  const { keep } = scheduleSettings(settingsOf(environment, { id: workspace }));
  const policy = automaticPolicy(keep);
  if (policy === undefined || keep === "all") return;
  const store = await openSnapshotStore(environment, { wait: 0 });
  const roots = await store.list({ workspace });
  const verdicts = judge(roots, policy, { nowMs: clock.now(), offset: localOffset });
  const whole = roots.findLast((root) => isOwn(root) && isWhole(root));
  const superfluous = verdicts
    .filter(({ root, keptBy }) => keptBy.length === 0 && root.id !== whole?.id)
    .map(({ root }) => root.id);
  throwIfAborted(signal);
  if (superfluous.length === 0) return;
  const { evenLastCopy } = keep;
  const elsewhere = contentElsewhere(environment, new Set([workspace]));
  const asked = { ids: superfluous, elsewhere, signal };
  // Told of the newest holder of each content: without these nothing of the others is the last copy.
  const copies = evenLastCopy ? [] : await store.keeping.lastCopies(asked);
  const stay = new Set(copies.map(({ id }) => id));
  const ids = superfluous.filter((id) => !stay.has(id));
  if (ids.length === 0) return;
  const options = { ...asked, ids, reason: "schedule", evenLastCopy } as const;
  const { id } = await store.keeping.forget(options);
  const facts = { count: ids.length, undo: id, ...(evenLastCopy ? {} : { kept: stay.size }) };
  logger.info("snapshots were forgotten by the policy", facts);
}

/** One without gaps always stays: what cannot be read now was read then. */
function isWhole({ completeness, git = [] }: SnapshotRoot): boolean {
  return completeness === "full" && tornUnits(git).length === 0;
}

async function pruneIfWorth(environment: Environment, signal: AbortSignal): Promise<void> {
  const { logger } = environment;
  const today = dayOf(environment);
  if (readNote(environment).prunedOn === today) return;
  const { keeping } = await openSnapshotStore(environment, { wait: 0 });
  const { isWorth } = await keeping.pruneWorth({ signal });
  if (isWorth) {
    const { emptied, dropped, rewritten } = await keeping.prune({ signal, givesWay: true });
    const bytes = emptied.bytes + dropped.bytes + rewritten.bytes - rewritten.into;
    logger.info("the snapshot store was pruned", { bytes });
  }
  writeNote(environment, { ...readNote(environment), prunedOn: today });
}

/**
 * Once a day: fetch what pinned snapshots have only in Dropbox, before it lets that go (N42). What fails is logged, and tried again the
 * next day: there are several before anything is lost.
 */
export async function hydrateDaily(environment: Environment, signal: AbortSignal): Promise<void> {
  const today = dayOf(environment);
  if (readNote(environment).hydratedOn === today) return;
  const ended = await hydratePinned(environment, { signal });
  for (const one of ended) {
    if (!("outcome" in one)) continue;
    const { root, missing } = one.outcome;
    const facts = { id: one.id, hydrated: root.id, missing: missing.length };
    environment.logger.info("a pinned snapshot was hydrated", facts);
  }
  writeNote(environment, { ...readNote(environment), hydratedOn: today });
}

/**
 * Verify the store as long as the setting `snapshot.verifyBudget` says for one day, those packs first that were not verified for longest
 * (N51). Ends early when the signal fires; the rest of the time is for later that day. What a kill cuts off counts as spent.
 */
export async function verifyDaily(environment: Environment, signal: AbortSignal): Promise<void> {
  const { clock, logger, settings } = environment;
  const budgetMs = settings.read().settings["snapshot.verifyBudget"] ?? verifyBudgetDefaultMs;
  const day = dayOf(environment);
  const before = readNote(environment);
  const spentMs = before.verified?.day === day ? before.verified.spentMs : 0;
  if (budgetMs - spentMs < verifyLeastMs) return;
  const startedAt = clock.now();
  writeNote(environment, { ...before, verified: { day, spentMs: budgetMs } });
  try {
    const store = await openSnapshotStore(environment, { wait: 0 });
    const request = { root: undefined, level: verifyLevel, budgetMs: budgetMs - spentMs };
    const { damaged, checked } = await proveStore(store, request, { signal });
    logger.info("the snapshot store was verified", { checked, damaged: damaged.length });
    noteDamage(environment, damaged);
  } catch (error) {
    if (!signal.aborted) throw error;
    const spent = spentMs + Math.max(0, clock.now() - startedAt);
    writeNote(environment, { ...readNote(environment), verified: { day, spentMs: spent } });
  }
}

/** Each verification tells what is known to be damaged, whether it came to it or not. */
function noteDamage(
  environment: Environment,
  damaged: readonly { readonly name: string; readonly reason: string }[],
): void {
  const { damage, ...rest } = readNote(environment);
  const [first] = damaged;
  if (first !== undefined) {
    const { name, reason } = first;
    const count = damaged.length;
    environment.logger.error("the snapshot store is damaged", { count, name, reason });
    writeNote(environment, { ...rest, damage: { at: environment.clock.now(), count } });
  } else if (damage !== undefined) writeNote(environment, rest);
}

function dayOf({ clock }: Environment): string {
  return periodOf("daily", clock.now(), localOffset);
}

function noteFile({ locations }: Environment): string {
  return join(locations.home, "upkeep.json");
}

/** A note that is missing or damaged says nothing. */
function readNote(environment: Environment): UpkeepNote {
  try {
    return parseUpkeepNote(readFileSync(noteFile(environment), "utf8"));
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return {};
  }
}

function writeNote(environment: Environment, note: UpkeepNote): void {
  writePrivateFile(noteFile(environment), JSON.stringify(note));
}
