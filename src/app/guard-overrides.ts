import os from "node:os";
import path from "node:path";
import { displayName } from "../core/path/names.ts";
import type { GuardFinding } from "../core/repo/finding.ts";
import type { SyncedRepository } from "../core/repo/gitdir-path.ts";
import type { OverrideRecord } from "../core/repo/override.ts";
import { repositoryIdentity } from "../guard/identity.ts";
import {
  makeOverride,
  overrideStateText,
  stateOfOverride,
  type OverrideState,
} from "../guard/overrides.ts";
import type { WorkspaceRecord } from "../state/config.ts";
import { SnapError } from "../std/error.ts";
import type { Environment } from "./environment.ts";
import { isAtOrBelow, resolveFolder, workspaceAround } from "./find-workspace.ts";
import { openGuardOf, overrideRecords } from "./guard-world.ts";
import { openOverrideLog } from "./override-log.ts";

/** A risk that a person is about to take: nothing was recorded yet. */
export type OverridePlan = {
  /** Real, absolute path of the repository's folder. */
  readonly folder: string;
  /** Of the folder; what is to be typed on a terminal. */
  readonly name: string;
  /** One for each system that keeps a history there. */
  readonly records: readonly OverrideRecord[];
};

/**
 * What would be recorded for a repository that is to be synced although it is live (G44).
 *
 * @throws {SnapError} `usage` for a short reason or a folder that is none, `refused` for what no reason makes safe
 */
export async function planOverride(
  environment: Environment,
  request: { readonly folder: string; readonly reason: string; readonly trust?: boolean },
): Promise<OverridePlan> {
  const folder = resolveFolder(environment, request.folder);
  const found = (await examine(environment, folder)).filter(
    ({ severity }) => severity === "refuse",
  );
  if (found.length === 0) {
    throw new SnapError("usage", `"${folder}" is no repository`, {
      path: folder,
      hint: "`snap guard check FOLDER` lists the repositories in a folder; name one of them.",
    });
  }
  const now = environment.clock.now();
  const taken = {
    reason: request.reason,
    trust: request.trust === true,
    who: os.userInfo().username,
    host: environment.host,
    now,
  };
  const records = found.map((finding) => makeOverride({ ...taken, finding }));
  return { folder, name: path.basename(folder), records };
}

/** Record the risk; in the op log, too, where the folder is in a workspace that is linked. Durable on return. @throws {SnapError} `busy` */
export async function recordOverride(environment: Environment, plan: OverridePlan): Promise<void> {
  await using log = await openOverrideLog(environment, plan.folder);
  environment.settings.update((config) => ({
    ...config,
    overrides: [
      ...config.overrides.filter((other) => other["path"] !== plan.folder),
      ...plan.records,
    ],
  }));
  log.note("guard.override", plan.records[0]?.reason ?? "");
}

/** An override and whether it holds. */
export type ListedOverride = { readonly record: OverrideRecord; readonly state: OverrideState };

/** Every override that was recorded, by path, with what has become of it (G44). */
export async function listOverrides(environment: Environment): Promise<readonly ListedOverride[]> {
  const listed: ListedOverride[] = [];
  for (const record of overrideRecords(environment)) {
    listed.push({ record, state: await stateNow(environment, record, "auto") });
  }
  return listed.toSorted((a, b) => (a.record.path < b.record.path ? -1 : 1));
}

async function stateNow(
  environment: Environment,
  record: OverrideRecord,
  engine: "auto" | "none",
): Promise<OverrideState> {
  const found = await examine(environment, record.path, engine);
  const present = { now: environment.clock.now(), isIdentityKnown: engine === "auto" };
  const states = found.map((finding) =>
    stateOfOverride(record, { ...present, identity: repositoryIdentity(finding) }),
  );
  return states.find((state) => state === "in-force") ?? states[0] ?? "another-form";
}

/**
 * Take the overrides of a repository back; one that is gone is named as it was recorded. Durable on return.
 *
 * @returns the records that are none any more
 * @throws {SnapError} `usage` where there is none, `busy`
 */
export async function revokeOverride(
  environment: Environment,
  request: { readonly folder: string; readonly dryRun: boolean },
): Promise<readonly OverrideRecord[]> {
  const folder = placeOf(environment, request.folder);
  const records = overrideRecords(environment).filter((record) => record.path === folder);
  if (records.length === 0) {
    throw new SnapError("usage", `There is no override for "${folder}"`, {
      path: folder,
      hint: "`snap guard override --list` shows those that there are.",
    });
  }
  if (request.dryRun) return records;
  await using log = await openOverrideLog(environment, folder);
  environment.settings.update((config) => ({
    ...config,
    overrides: config.overrides.filter((other) => other["path"] !== folder),
  }));
  log.note("guard.revoke", "");
  return records;
}

function placeOf(environment: Environment, named: string): string {
  try {
    return resolveFolder(environment, named);
  } catch (error) {
    if (error instanceof SnapError && error.code === "path-missing") {
      return path.resolve(environment.cwd, named);
    }
    throw error;
  }
}

/** The repositories that a folder is; none where it is gone. */
async function examine(
  environment: Environment,
  folder: string,
  engine: "auto" | "none" = "auto",
): Promise<readonly GuardFinding[]> {
  const outside = workspaceAround(environment, folder)?.path;
  const options = { rules: () => false, overrides: overrideRecords(environment), engine, outside };
  return await openGuardOf(environment).examine(folder, options);
}

/**
 * Which folders of a workspace are repositories that are synced by override. A record counts only while the repository
 * is still what it was when the record was made; without records nothing is looked at.
 */
export async function overriddenFolders(
  environment: Environment,
  record: WorkspaceRecord,
): Promise<ReadonlyMap<string, SyncedRepository>> {
  const folders = new Map<string, SyncedRepository>();
  const places = new Set(overridesIn(environment, record).map(({ path: folder }) => folder));
  for (const folder of places) {
    const found = (await examine(environment, folder)).filter(
      ({ severity }) => severity === "refuse",
    );
    const isTaken = found.every((finding) => finding.override !== undefined);
    if (found.length === 0 || !isTaken) continue;
    folders.set(path.relative(record.path, folder), {
      form: found.some(({ marker }) => marker === "") ? "gitdir" : "work-tree",
      isTrusted: found.every(({ override }) => override?.trust === true),
    });
  }
  return folders;
}

/** What was recorded for repositories in a workspace; whether it holds is another question. */
export function overridesIn(
  environment: Environment,
  record: WorkspaceRecord,
): readonly OverrideRecord[] {
  return overrideRecords(environment).filter(({ path: folder }) =>
    isAtOrBelow(folder, record.path),
  );
}

/** What a status says of repositories that are synced by override (G44), by the records alone. */
export function overrideNotes(
  environment: Environment,
  record: WorkspaceRecord,
): readonly string[] {
  const now = environment.clock.now();
  return overridesIn(environment, record)
    .filter(({ expiresAt }) => expiresAt > now)
    .map((taken) => noteOf(record, taken));
}

/** The same with a look at the repositories, as far as plain text tells: one that is void is said to be so. */
export async function overrideNotesNow(
  environment: Environment,
  record: WorkspaceRecord,
): Promise<readonly string[]> {
  const notes: string[] = [];
  for (const taken of overridesIn(environment, record)) {
    const state = await stateNow(environment, taken, "none");
    notes.push(state === "in-force" ? noteOf(record, taken) : overrideLine(taken, state));
  }
  return notes;
}

function noteOf(
  workspace: WorkspaceRecord,
  { path: folder, who, expiresAt, reason, trust }: OverrideRecord,
): string {
  const below = path.relative(workspace.path, folder) || ".";
  const day = new Date(expiresAt).toISOString().slice(0, 10);
  return `Repository "${below}" is synced by override of ${who} until ${day}, or until it is another one, ${trust === true ? "with" : "without"} its hooks and configuration: ${reason}`;
}

/** Overrides for a folder, or something in it, that do not hold any more, in sentences: for whom is refused. */
export async function voidOverrides(
  environment: Environment,
  top: string,
): Promise<readonly string[]> {
  const listed = await listOverrides(environment);
  return listed
    .filter(({ record, state }) => state !== "in-force" && isAtOrBelow(record.path, top))
    .map(({ record, state }) => overrideLine(record, state));
}

/** One override in a sentence. */
export function overrideLine(record: OverrideRecord, state: OverrideState): string {
  const day = new Date(record.at).toISOString().slice(0, 10);
  return `The override of ${day} for "${displayName(record.path)}" ${overrideStateText(state)}.`;
}
