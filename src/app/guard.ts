import os from "node:os";
import path from "node:path";
import { rulesOf, type IgnoreRules } from "../core/ignore.ts";
import { displayName } from "../core/path/names.ts";
import { topPath } from "../core/path/rel-path.ts";
import type { GuardFinding, GuardReport } from "../core/repo/finding.ts";
import type { OverrideRecord } from "../core/repo/override.ts";
import { readRules } from "../engine/scope/rules-file.ts";
import { openLocalSide } from "../local/local-side.ts";
import { makeOverride } from "../guard/overrides.ts";
import { describeFinding } from "../guard/finding-text.ts";
import { ignoredSecrets } from "../guard/ignored-secrets.ts";
import { refusalText } from "../guard/refusal.ts";
import { judgeRemote } from "../guard/remote-judge.ts";
import { isDamage } from "../guard/risk.ts";
import type { EngineChoice } from "../guard/describe.ts";
import { openGuard } from "../guard/repo-guard.ts";
import { isRefused, isRefusedUnderExclude } from "../guard/report.ts";
import { openIndex } from "../state/database.ts";
import type { WorkspaceRecord } from "../state/config.ts";
import type { RemoteSide } from "../ports.ts";
import { SnapError } from "../std/error.ts";
import type { Environment } from "./environment.ts";
import { isAtOrBelow, resolveFolder } from "./find-workspace.ts";

/** How a folder is checked; the whole and by the cheapest means where nothing is said. */
export type CheckWords = {
  readonly engine?: EngineChoice | undefined;
  /** In ms. */
  readonly budgetMs?: number | undefined;
  /** Everything that is reachable is looked for (G40). */
  readonly deep?: boolean | undefined;
};

/** What the guard sees in a folder, under the rules that stand in it. Changes nothing. */
export async function checkFolder(
  environment: Environment,
  top: string,
  words: CheckWords = {},
): Promise<GuardReport> {
  const { clock, host, variables } = environment;
  const rules = await rulesIn(environment, top);
  const programs = {
    path: variables["PATH"],
    home: variables["HOME"],
    configHome: variables["XDG_CONFIG_HOME"],
  };
  return openGuard({ clock, host, programs }).check(top, {
    ...words,
    rules: (below, kind) => rules.ignores(below, kind),
    overrides: overrideRecords(environment),
  });
}

async function rulesIn(environment: Environment, top: string): Promise<IgnoreRules> {
  const { clock, rng } = environment;
  // No index knows a folder that is not linked yet.
  using nothing = openIndex(":memory:", { clock });
  const local = openLocalSide({ top, clock, rng });
  return rulesOf(await readRules({ local, index: nothing.index, clock }));
}

/** How the person named what is to be linked. */
export type LinkNames = {
  readonly top: string;
  readonly remote: string;
  readonly repos: "refuse" | "exclude";
};

/**
 * Let a folder be linked, or say why not (G6, G55). What only deserves a warning is returned as text.
 *
 * @throws {SnapError} `repository-found`, `repository-damaged`
 */
export async function guardFolder(
  environment: Environment,
  names: LinkNames,
): Promise<readonly string[]> {
  const report = await checkFolder(environment, names.top);
  const forbids = names.repos === "exclude" ? isRefusedUnderExclude : isRefused;
  const refused = report.findings.filter(forbids);
  if (refused.length === 0) {
    const told = report.findings
      .filter(isWorthTelling)
      .map((finding) => warningOf(finding, report.checkedAt));
    const secrets = names.repos === "exclude" ? report.findings.flatMap(secretsWarning) : [];
    return [...told, ...secrets];
  }
  const isDamaged = refused.some((finding) => finding.damage.some(isDamage));
  const text = refusalText(report, {
    action: "link",
    folder: names.top,
    remote: names.remote === "" ? "/" : names.remote,
    repos: names.repos,
  });
  throw new SnapError(isDamaged ? "repository-damaged" : "repository-found", text, {
    path: names.top,
  });
}

/** Ignored secrets that are named; the others are counted. */
const secretsToldMax = 5;

/** What Git ignores is part of the work tree, and comes to Dropbox with it (G50). */
function secretsWarning({ absolutePath, covered, form, vcs }: GuardFinding): readonly string[] {
  if (vcs !== "git" || covered || form === "parent") return [];
  const found = ignoredSecrets(absolutePath);
  if (found.length === 0) return [];
  const names = found.slice(0, secretsToldMax).map((name) => `"${displayName(name)}"`);
  const more = found.length > names.length ? ` and ${found.length - names.length} more` : "";
  return [
    `Git ignores ${names.join(", ")}${more} in "${displayName(absolutePath)}", a sync does not: name in .mignore what is to stay out of Dropbox`,
  ];
}

function isWorthTelling(finding: GuardFinding): boolean {
  return finding.severity !== "info" || finding.override !== undefined;
}

function warningOf(finding: GuardFinding, now: number): string {
  const facts = `${finding.vcs ?? "repository"} at "${finding.path}": ${describeFinding(finding, now)}`;
  if (finding.override !== undefined)
    return `${facts}; synced by override: ${finding.override.reason}`;
  if (finding.covered) return `${facts}; left out by .mignore`;
  if (finding.form === "parent")
    return `${facts}; its history lies outside the workspace and is not synced`;
  return `${facts}; its files are synced, its history is not`;
}

/** The same for the remote folder: what stands there comes down (G13). @throws {SnapError} `repository-found` */
export async function guardRemote(side: RemoteSide, names: LinkNames): Promise<void> {
  if (names.repos === "exclude") return;
  const [found] = await judgeRemote(side.list(topPath, { recursive: true }));
  if (found === undefined) return;
  throw new SnapError(
    "repository-found",
    `The remote folder "${displayName(names.remote === "" ? "/" : names.remote)}" holds a ${found.vcs} repository at "${displayName(found.path)}"`,
    {
      path: found.path,
      hint: "Its files would come down one by one. Link with --repos exclude, or remove it in Dropbox first. Nothing was changed.",
    },
  );
}

/** Every consent that was recorded; whether one still holds is the guard's to say. */
function overrideRecords(environment: Environment): readonly OverrideRecord[] {
  return environment.settings.read().overrides.filter(isOverrideRecord);
}

function isOverrideRecord(record: object): record is OverrideRecord {
  const texts = ["path", "fingerprint", "reason", "who", "host"];
  const fields = new Map<string, unknown>(Object.entries(record));
  return (
    texts.every((name) => typeof fields.get(name) === "string") &&
    typeof fields.get("at") === "number" &&
    typeof fields.get("expiresAt") === "number"
  );
}

/**
 * Record that one repository is to be synced although it is live (G44).
 *
 * @throws {SnapError} `usage` for a short reason or a folder that is none, `refused` for what no reason makes safe
 */
export async function overrideRepository(
  environment: Environment,
  request: { readonly folder: string; readonly reason: string; readonly dryRun: boolean },
): Promise<OverrideRecord> {
  const top = resolveFolder(environment, request.folder);
  const report = await checkFolder(environment, top, { engine: "none" });
  const finding = report.findings.find(({ path: at, form }) => at === "." && form !== "parent");
  if (finding === undefined) {
    throw new SnapError("usage", `"${top}" is no repository`, {
      path: top,
      hint: "`snap guard check FOLDER` lists the repositories in a folder; name one of them.",
    });
  }
  const { clock, host } = environment;
  const who = os.userInfo().username;
  const record = makeOverride({ finding, reason: request.reason, who, host, now: clock.now() });
  if (!request.dryRun) {
    environment.settings.update((config) => ({
      ...config,
      overrides: [...config.overrides.filter((other) => other["path"] !== record.path), record],
    }));
  }
  return record;
}

/**
 * Which folders of a workspace are repositories that are synced by override. A record counts only while the repository
 * is still what it was when the record was made; without records nothing is looked at.
 */
export async function overriddenFolders(
  environment: Environment,
  record: WorkspaceRecord,
): Promise<ReadonlySet<string>> {
  const folders = new Set<string>();
  for (const { path: folder } of recordsIn(environment, record)) {
    // Whether it is the same repository is told by what it is, not by what is in it.
    const report = await checkFolder(environment, folder, { engine: "none" }).catch(unreachable);
    if (report?.findings.some((finding) => finding.path === "." && finding.override)) {
      folders.add(path.relative(record.path, folder));
    }
  }
  return folders;
}

/** A folder that is gone is no repository any more. */
function unreachable(error: unknown): undefined {
  if (error instanceof SnapError) return undefined;
  throw error;
}

function recordsIn(environment: Environment, record: WorkspaceRecord): readonly OverrideRecord[] {
  return overrideRecords(environment).filter(({ path: folder }) =>
    isAtOrBelow(folder, record.path),
  );
}

/** What a status says of repositories that are synced by override (G44). */
export function overrideNotes(
  environment: Environment,
  record: WorkspaceRecord,
): readonly string[] {
  const now = environment.clock.now();
  return recordsIn(environment, record)
    .filter(({ expiresAt }) => expiresAt > now)
    .map(({ path: folder, reason, who, expiresAt }) => {
      const below = path.relative(record.path, folder) || ".";
      return `Repository "${below}" is synced by override of ${who} until ${new Date(expiresAt).toISOString().slice(0, 10)}: ${reason}`;
    });
}
