/**
 * @module core/repo — what a repository looks like from outside.
 *
 * Pure rules over names and kinds (G10, G11), shared by the scan, the planner and the guard, so that all three see the
 * same repositories. They err on the side of finding one: a sign counts, even an empty or a broken one (G2). They
 * read nothing; what needs the content of a file is decided in `guard`.
 */
import type { LocalStat } from "../tree/local-stat.ts";

/** The version control systems that are recognised. */
export type Vcs =
  | "git"
  | "hg"
  | "svn"
  | "bzr"
  | "darcs"
  | "pijul"
  | "sapling"
  | "jj"
  | "fossil"
  | "cvs"
  | "rcs"
  | "sccs"
  | "repo"
  | "perforce"
  | "plastic";

/** Kinds of entries as a scan sees them; the kinds of tree nodes are among them. */
export type EntryKind = LocalStat["kind"];

/** An entry of a folder, as far as the rules look at it. */
export type NamedEntry = { readonly name: string; readonly kind: EntryKind };

/** An entry whose name alone tells that a repository is, or was, here. */
export type Marker = {
  readonly vcs: Vcs;
  /** The name that the entry is taken for: `.git` for `.GIT` and `git~1` too. */
  readonly dangerName: string;
  /** The name is spelled otherwise: it counts where names are compared without case (G11 `variant`). */
  readonly variant: boolean;
};

// Zero-width characters that HFS+ ignores when it compares names (G10).
const ignoredCharacters = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/gu;

/** What few names have: more than ASCII, a stream, or an end that is dropped. */
const hasMore = /[^ -~]|:|[. ]$/u;

/**
 * What a name becomes on the most careless of file systems: without the stream of NTFS, without characters that are
 * not shown, in lower case, without trailing dots and spaces (G10). The long s is one to APFS.
 */
export function dangerName(name: string): string {
  const plain = hasMore.test(name) ? stripped(name) : name.toLowerCase();
  return plain === "git~1" ? ".git" : plain;
}

function stripped(name: string): string {
  const [main = ""] = name.split(":", 1);
  return main
    .replace(ignoredCharacters, "")
    .toLowerCase()
    .replaceAll("\u017f", "s")
    .replace(/[. ]+$/u, "");
}

type MarkerRule = { readonly vcs: Vcs; readonly spelled: string; readonly forms: "any" | "folder" };

const rules: readonly MarkerRule[] = [
  { vcs: "git", spelled: ".git", forms: "any" },
  { vcs: "hg", spelled: ".hg", forms: "any" },
  { vcs: "svn", spelled: ".svn", forms: "any" },
  { vcs: "bzr", spelled: ".bzr", forms: "any" },
  { vcs: "darcs", spelled: "_darcs", forms: "folder" },
  { vcs: "pijul", spelled: ".pijul", forms: "folder" },
  { vcs: "sapling", spelled: ".sl", forms: "folder" },
  { vcs: "jj", spelled: ".jj", forms: "folder" },
  { vcs: "cvs", spelled: "CVSROOT", forms: "folder" },
  { vcs: "repo", spelled: ".repo", forms: "folder" },
  { vcs: "perforce", spelled: ".p4root", forms: "any" },
  { vcs: "plastic", spelled: ".plastic", forms: "folder" },
  { vcs: "fossil", spelled: ".fslckout", forms: "any" },
  { vcs: "fossil", spelled: "_FOSSIL_", forms: "any" },
];

const ruleOfName: ReadonlyMap<string, MarkerRule> = new Map(
  rules.map((rule) => [dangerName(rule.spelled), rule]),
);

/**
 * Whether an entry of this name and kind marks a repository (G11). A symlink counts as what it may lead to; without a
 * kind, the name alone decides.
 */
export function repositoryMarker(name: string, kind?: EntryKind): Marker | undefined {
  const danger = dangerName(name);
  const rule = ruleOfName.get(danger);
  if (rule === undefined) return undefined;
  const leadsNowhere = kind === "file" || kind === "special";
  if (rule.forms === "folder" && leadsNowhere) return undefined;
  return { vcs: rule.vcs, dangerName: danger, variant: name !== rule.spelled };
}

/**
 * How much of a bare Git repository a folder's own entries show (G11): `whole`, a file `HEAD` with folders `objects`
 * and `refs`; `torn`, two of the three and lists of refs beside them; `suspect`, two of the three, where only the content of
 * `config` or the names in `objects/pack` can tell.
 */
export type BareShape = "whole" | "torn" | "suspect";

/** Judge the entries of one folder; the content of `HEAD` is not asked for, see `BareShape`. */
export function bareRepository(entries: Iterable<NamedEntry>): BareShape | undefined {
  const kinds = partsIn(entries);
  const signs = [
    isReadable(kinds.get("HEAD")),
    leadsIntoFolder(kinds.get("objects")),
    leadsIntoFolder(kinds.get("refs")),
  ].filter(Boolean).length;
  if (signs === 3) return "whole";
  if (signs < 2) return undefined;
  if (kinds.get("packed-refs") === "file" || kinds.get("reftable") === "folder") return "torn";
  return kinds.get("config") === "file" || kinds.has("objects") ? "suspect" : undefined;
}

/** Git itself reads a `HEAD` that is a symlink, its form of before 2005. */
function isReadable(kind: EntryKind | undefined): boolean {
  return kind === "file" || kind === "symlink";
}

/** `git-new-workdir` makes `objects` and `refs` symlinks. */
function leadsIntoFolder(kind: EntryKind | undefined): boolean {
  return kind === "folder" || kind === "symlink";
}

/** The folders and files of a Subversion repository on the side of the server (G11 `server`). */
export function subversionServer(entries: Iterable<NamedEntry>): boolean {
  const kinds = partsIn(entries);
  const folders = ["db", "conf", "hooks", "locks"];
  return kinds.get("format") === "file" && folders.every((name) => kinds.get(name) === "folder");
}

/** Names that `bareRepository` and `subversionServer` ask about. */
export const repositoryParts: readonly string[] = [
  "HEAD",
  "objects",
  "refs",
  "packed-refs",
  "reftable",
  "config",
  "format",
  "db",
  "conf",
  "hooks",
  "locks",
];

function partsIn(entries: Iterable<NamedEntry>): ReadonlyMap<string, EntryKind> {
  const kinds = new Map<string, EntryKind>();
  for (const { name, kind } of entries) {
    const part = partOf(name);
    // The one that is spelled so wins where names are told apart.
    if (part !== undefined && (name === part || !kinds.has(part))) kinds.set(part, kind);
  }
  return kinds;
}

const partsByDanger: ReadonlyMap<string, string> = new Map(
  repositoryParts.map((part) => [dangerName(part), part]),
);

/** Which part of a repository a name is, on the most careless of file systems (G10). */
function partOf(name: string): string | undefined {
  return partsByDanger.get(dangerName(name));
}

/** Whether the name of one entry may decide what its whole folder is: a marker, or a part of a repository. */
export function tellsOfRepository(name: string): boolean {
  return partOf(name) !== undefined || repositoryMarker(name) !== undefined;
}

const displacedForms: readonly RegExp[] = [
  /^\.?git \d+$/u,
  /^\.?git \(\d+\)$/u,
  /^\.git \(.*conflicted copy.*\)$/u,
  /^\.git\.sync-conflict-/u,
  /^_git$/u,
  /^dot_git$/u,
];

/**
 * Names that sync programs and people give to a `.git` that was in the way (G11 `displaced`). Such a folder is a
 * repository only if its entries pass `bareRepository`.
 */
export function isDisplacedGitName(name: string): boolean {
  const danger = dangerName(name);
  return displacedForms.some((form) => form.test(danger));
}
