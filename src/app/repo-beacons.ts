import { headText, type HeadBeacon, type WorkTreeHead } from "../core/repo/head-beacon.ts";
import {
  chosenIn,
  formatRepoNotes,
  parseRepoNotes,
  toldWorkTreesMax,
  type RepoNotes,
  type WorkTreeNote,
} from "../core/repo/repo-notes.ts";
import { choiceOf, isSameChoice } from "../core/repo/policy.ts";
import type { RelPath } from "../core/path/rel-path.ts";
import type { SyncCounts, SyncReport } from "../core/plan/sync-report.ts";
import { readHeads, readPolicy, writeHead, writePolicy } from "../guard/beacon.ts";
import { isSnapError } from "../std/error.ts";
import { isoDate, isoSeconds } from "../std/time.ts";
import type { LinkedWorkspace } from "./workspace.ts";

/** A time that lies further ahead was made up, or its device has no idea of the time, ms. */
const aheadMaxMs = 86_400_000;

/**
 * So long after files came the others are heard once more, ms: a device tells what it sent them from when it has sent them all. Not
 * once something else is checked out here: then the files are ours.
 */
const hearMs = 60_000;

/**
 * After a sync: tell the other devices what was chosen for repositories and what is checked out here, and hear it from them (G46,
 * G49). Costs nothing while nothing changed. Trouble with it does not make a sync fail: the next one tells.
 */
export async function tellRepositories(
  workspace: LinkedWorkspace,
  { counts }: Pick<SyncReport, "counts">,
): Promise<void> {
  const { index } = workspace.state;
  const before = parseRepoNotes(index.meta("repositories"));
  try {
    const policy = await agreeOnPolicy(workspace, before);
    const notes = { ...policy, workTrees: before?.workTrees ?? [] };
    note(workspace, withTime(notes, before?.broughtAt));
    if (workspace.record.repos !== "exclude") return;
    const told = await tellHeads(workspace, notes);
    const isOther = JSON.stringify(told.workTrees) !== JSON.stringify(notes.workTrees);
    const lastAt = isOther ? undefined : before?.broughtAt;
    const broughtAt = hasBrought(counts) ? workspace.environment.clock.now() : lastAt;
    const next = withTime(told, broughtAt);
    note(workspace, next);
    if (before === undefined || isRecent(workspace, broughtAt)) {
      note(workspace, await hearHeads(workspace, next));
    }
  } catch (error) {
    if (!isSnapError(error)) throw error;
    const { logger } = workspace.environment;
    logger.info("what is checked out was not told", { code: error.code, reason: error.message });
  }
}

function withTime(notes: RepoNotes, broughtAt: number | undefined): RepoNotes {
  return broughtAt === undefined ? notes : { ...notes, broughtAt };
}

function isRecent({ environment }: LinkedWorkspace, broughtAt: number | undefined): boolean {
  return broughtAt !== undefined && Math.abs(environment.clock.now() - broughtAt) <= hearMs;
}

function hasBrought({ downloaded, movedLocal, removedLocal, foldersLocal }: SyncCounts): boolean {
  return downloaded + movedLocal + removedLocal + foldersLocal > 0;
}

function note({ state: { index } }: LinkedWorkspace, notes: RepoNotes): void {
  const text = formatRepoNotes(notes);
  if (text !== index.meta("repositories")) {
    index.transaction(() => index.setMeta("repositories", text));
  }
}

/** Whoever is first writes it, and whoever changes the setting of a link; the others are only compared with it, once a day. */
async function agreeOnPolicy(
  { environment, record, remote }: LinkedWorkspace,
  before: RepoNotes | undefined,
): Promise<Omit<RepoNotes, "workTrees" | "broughtAt">> {
  const choice = choiceOf(record);
  const now = environment.clock.now();
  const today = isoDate(now);
  const { repos: chosen, ...rest } = choice;
  const ours = { chosen, ...rest, askedOn: today };
  const device = environment.settings.read().device.name;
  const write = (): Promise<void> =>
    writePolicy(remote, { ...choice, time: isoSeconds(now), device });
  if (before !== undefined && !isSameChoice(chosenIn(before), choice)) {
    await write();
    return ours;
  }
  if (before?.askedOn === today) {
    const { policy } = before;
    return policy === undefined ? ours : { ...ours, policy };
  }
  const there = await readPolicy(remote);
  if (there === undefined && chosen === "exclude") await write();
  if (there === undefined || isSameChoice(there, choice)) return ours;
  return { ...ours, policy: { ...choiceOf(there), device: there.device } };
}

type Head = { readonly folder: RelPath; readonly head: WorkTreeHead };

function headsOf({ engineDeps }: LinkedWorkspace): readonly Head[] {
  const heads = engineDeps.workTrees?.heads() ?? [];
  return heads
    .flatMap(({ folder, head }) => (head === undefined ? [] : [{ folder, head }]))
    .slice(0, toldWorkTreesMax);
}

async function tellHeads(workspace: LinkedWorkspace, notes: RepoNotes): Promise<RepoNotes> {
  const { environment, remote } = workspace;
  const { id, name } = environment.settings.read().device;
  const time = isoSeconds(environment.clock.now());
  const known = new Map(notes.workTrees.map((one) => [one.folder, one]));
  const workTrees: WorkTreeNote[] = [];
  for (const { folder, head } of headsOf(workspace)) {
    const told = JSON.stringify(head);
    const before = known.get(folder);
    if (before?.told !== told) {
      await writeHead(remote, {
        workTree: folder,
        device: id,
        beacon: { ...head, time, device: name },
      });
    }
    workTrees.push({ ...before, folder, told });
  }
  return { ...notes, workTrees };
}

async function hearHeads(workspace: LinkedWorkspace, notes: RepoNotes): Promise<RepoNotes> {
  const { environment, remote } = workspace;
  const { id } = environment.settings.read().device;
  const here = new Map(headsOf(workspace).map(({ folder, head }) => [folder, head.oid ?? ""]));
  const workTrees: WorkTreeNote[] = [];
  for (const { folder, told } of notes.workTrees) {
    const heads = await readHeads(remote, { workTree: folder, device: id });
    const newest = newestOf(heads, environment.clock.now());
    const ours = here.get(folder) ?? "";
    const oid = newest?.oid;
    const from =
      newest === undefined || oid === undefined || oid === ours
        ? {}
        : { from: { device: newest.device, head: headText(newest), oid, here: ours } };
    workTrees.push({ folder, told, ...from });
  }
  return { ...notes, workTrees };
}

/** Who told last is whose files came; a time in the future is not believed. */
function newestOf(heads: readonly HeadBeacon[], now: number): HeadBeacon | undefined {
  const sound = heads.filter(({ time }) => Date.parse(time) <= now + aheadMaxMs);
  return sound.toSorted((a, b) => Date.parse(b.time) - Date.parse(a.time))[0];
}
