import path from "node:path";
import { Exclusions } from "../core/exclusions.ts";
import { rulesOf } from "../core/ignore.ts";
import { displayName } from "../core/path/names.ts";
import { isRelPath, topPath } from "../core/path/rel-path.ts";
import type { RepoChoice } from "../core/repo/policy.ts";
import type { GuardFinding, GuardReport } from "../core/repo/finding.ts";
import { readRules } from "../engine/scope/rules-file.ts";
import { openLocalSide } from "../local/local-side.ts";
import type { Covers } from "../guard/drafts.ts";
import { describeFinding } from "../guard/finding-text.ts";
import { ignoredSecrets } from "../guard/ignored-secrets.ts";
import { refusalText } from "../guard/refusal.ts";
import { judgeRemote } from "../guard/remote-judge.ts";
import { isDamage } from "../guard/risk.ts";
import type { EngineChoice } from "../guard/describe.ts";
import { isRefused, isRefusedUnderExclude } from "../guard/report.ts";
import { openIndex } from "../state/database.ts";
import type { RemoteSide } from "../ports.ts";
import { SnapError } from "../std/error.ts";
import type { Environment } from "./environment.ts";
import { excludedIn } from "./exclusion-record.ts";
import { workspaceAround } from "./find-workspace.ts";
import { voidOverrides } from "./guard-overrides.ts";
import { elsewherePlaces, openGuardOf, overrideRecords } from "./guard-world.ts";

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
  return await openGuardOf(environment).check(top, {
    ...words,
    outside: workspaceAround(environment, top)?.path,
    rules: await rulesFor(environment, top),
    overrides: overrideRecords(environment),
    elsewhere: elsewherePlaces(environment),
  });
}

/** `.mignore` at the top of the workspace that holds a folder, or in the folder; and what a link leaves on the server (G9). */
export async function rulesFor(environment: Environment, folder: string): Promise<Covers> {
  const { clock, rng } = environment;
  const record = workspaceAround(environment, folder);
  const top = record?.path ?? folder;
  // The rules that stand in the file are asked for, not those of the last sync.
  using nothing = openIndex(":memory:", { clock });
  const local = openLocalSide({ top, clock, rng });
  const rules = rulesOf(await readRules({ local, index: nothing.index, clock }));
  const exclusions = new Exclusions(record === undefined ? [] : excludedIn(environment, record.id));
  const start = path.relative(top, folder);
  return (below, kind) => {
    const place = start === "" ? below : `${start}/${below}`;
    // What cannot be named in a sync is covered by no rule.
    if (!isRelPath(place)) return false;
    return rules.ignores(place, kind) || exclusions.above(place) !== undefined;
  };
}

/** How the person named what is to be linked. */
export type LinkNames = {
  readonly top: string;
  readonly remote: string;
} & RepoChoice;

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
    const isSynced = names.repos === "exclude" && names.gitignore === undefined;
    const secrets = isSynced ? report.findings.flatMap(secretsWarning) : [];
    return [...told, ...secrets];
  }
  const isDamaged = refused.some((finding) => finding.damage.some(isDamage));
  const text = refusalText(report, {
    action: "link",
    folder: names.top,
    remote: names.remote === "" ? "/" : names.remote,
    repos: names.repos,
    notes: await voidOverrides(environment, names.top),
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
    `Git ignores ${names.join(", ")}${more} in "${displayName(absolutePath)}", a sync does not: name in .mignore what is to stay out of Dropbox, or link with --gitignore, which leaves out all that Git ignores`,
  ];
}

function isWorthTelling(finding: GuardFinding): boolean {
  return finding.severity !== "info" || finding.override !== undefined;
}

function warningOf(finding: GuardFinding, now: number): string {
  const facts = `${finding.vcs ?? "repository"} at "${finding.path}": ${describeFinding(finding, now)}`;
  if (finding.override !== undefined)
    return `${facts}; synced by override: ${finding.override.reason}`;
  if (finding.covered) return `${facts}; left out by a rule`;
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
