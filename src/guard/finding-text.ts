import type { Adjacent, GuardFinding, Measured, RepositoryFacts } from "../core/repo/finding.ts";
import { isDamage, isNone } from "./risk.ts";

/**
 * What a finding is, on one line (G6). A number is only named with its proof (G36). Names are not escaped here.
 *
 * @param now ms since 1970, for ages
 */
export function describeFinding(finding: GuardFinding, now: number): string {
  if (finding.form === "unreadable") return `not readable: ${finding.detail ?? "unknown why"}`;
  const form = finding.severity === "info" ? infoText(finding) : formTexts[finding.form];
  const broken = finding.state === "broken" ? "broken, its history may still be there" : "";
  const facts = finding.facts === undefined ? "" : factsText(finding.facts, now);
  const beside = finding.adjacent.map((name) => adjacentTexts[name]).join(", ");
  const parts = [form, broken, damageText(finding), facts, beside];
  return parts.filter((part) => part !== "").join("; ");
}

/** Why a link ends with 5; `snap guard check` tells the rest. */
function damageText({ damage }: GuardFinding): string {
  const codes = [...new Set(damage.filter(isDamage).map(({ code }) => code))];
  return codes.length === 0 ? "" : `damaged: ${codes.join(", ")}`;
}

const adjacentTexts: Readonly<Record<Adjacent, string>> = {
  annex: "with contents of git-annex",
  lfs: "with contents of Git LFS",
  dvc: "with data of DVC",
};

/** What needs no decision. */
function infoText({ form, vcs, marker }: GuardFinding): string {
  if (form === "elsewhere")
    return "keeps files of this folder; its history lies outside and is not synced";
  if (vcs === "cvs") return "a checkout; its history lies on a server";
  if (vcs === "perforce") return "settings of a client; its history lies on a server";
  return `histories of single files ("${marker}"), each in a file of its own`;
}

const formTexts: Readonly<Record<GuardFinding["form"], string>> = {
  dir: "",
  submodule: "submodule",
  worktree: "worktree of another folder",
  separate: "history in another folder",
  dangling: "its history is missing",
  symlink: "link to a history",
  bare: "bare repository",
  reftable: "repository with reftable",
  displaced: "renamed history",
  variant: "marker in another spelling",
  parent: "the folder lies in a repository",
  elsewhere: "its history lies elsewhere",
  share: "shares the history of another folder",
  server: "repository of a server",
  workspace: "workspace of another folder",
  unreadable: "not readable",
};

function factsText(facts: RepositoryFacts, now: number): string {
  const head = facts.head.branch ?? facts.head.kind;
  const parts = [
    unpushedText(facts, now),
    ...filesTexts(facts),
    stashText(facts),
    ...(facts.operation === undefined ? [] : [`${facts.operation} in progress`]),
  ];
  return `${head}: ${parts.filter((part) => part !== "").join(", ")}`;
}

function unpushedText({ work, head, remotes, lastFetch }: RepositoryFacts, now: number): string {
  const { unpushed } = work;
  if (head.kind === "unborn" && isNone(unpushed)) return "no commit yet";
  if (isNone(unpushed)) {
    return lastFetch === undefined
      ? "everything pushed"
      : `everything pushed (last fetch ${ageText(now - lastFetch)})`;
  }
  const counted = countText(unpushed, ["commit not pushed", "commits not pushed"]);
  const text = counted === "" ? "unpushed commits not counted" : counted;
  return remotes.length === 0 ? `${text}, no remote` : text;
}

const dayMs = 24 * 60 * 60 * 1000;

function ageText(age: number): string {
  const days = Math.floor(age / dayMs);
  if (days < 1) return "today";
  return days === 1 ? "1 day ago" : `${days} days ago`;
}

function filesTexts({ work }: RepositoryFacts): string[] {
  const { staged, unstaged, conflicted, untracked } = work;
  const texts = [
    countText(staged, ["file staged", "files staged"]),
    countText(unstaged, ["file changed", "files changed"]),
    countText(conflicted, ["file in conflict", "files in conflict"]),
    countText(untracked, ["untracked", "untracked"]),
  ];
  const isUnknown = [staged, unstaged, untracked].some(
    ({ precision }) => precision === "notComputed",
  );
  return isUnknown ? [...texts, "changed files not counted"] : texts;
}

function stashText({ work: { stashes } }: RepositoryFacts): string {
  if (stashes.precision === "notComputed") return "stashes not counted";
  return countText(stashes, ["stash", "stashes"]);
}

const marks = { exact: "", lowerBound: "at least ", approximate: "about " } as const;

/** "" for a number that is not known, and for a proven zero. */
function countText(measured: Measured, [one, more]: readonly [string, string]): string {
  if (measured.precision === "notComputed" || isNone(measured)) return "";
  return `${marks[measured.precision]}${measured.value} ${measured.value === 1 ? one : more}`;
}
