import { hash } from "node:crypto";
import { ignoreFileName, noRules, type IgnoreRules } from "../ignore.ts";
import { pathKeyOf } from "../path/path-key.ts";
import {
  parentPath,
  parseRelPath,
  pathComponents,
  pathFrom,
  topPath,
  type RelPath,
} from "../path/rel-path.ts";
import type { Kind } from "../tree/node.ts";
import { markerDepth } from "./repo-path.ts";

/** What Git leaves out in the work trees of a workspace, at one moment (G50). */
export type GitIgnored = {
  /** Another text wherever another path may be left out (S95). */
  readonly digest: string;
  ignores(path: RelPath, kind: Kind): boolean;
  /** Work trees of which nobody can tell what Git ignores, and why, as the end of a sentence: they are held (G4). */
  readonly unclear: ReadonlyMap<RelPath, string>;
};

/** Looks for what Git ignores. Only reads (G3). */
export interface GitIgnores {
  look(outside: OutsideFolders): Promise<GitIgnored>;
}

/** Folders that nobody looks into. */
export type OutsideFolders = {
  /** Another text wherever another folder may be outside. */
  readonly digest: string;
  readonly isOutside: (folder: RelPath) => boolean;
};

/** Paths of an index that a rule would leave out: rules of Git are for what it does not track. As the server compares names (S15). */
export type TrackedPaths = {
  readonly files: ReadonlySet<string>;
  /** Folders with such a file in them, however deep, and repositories in the repository. */
  readonly folders: ReadonlySet<string>;
};

/** What is known of one work tree. */
export type WorkTreeRules = {
  readonly folder: RelPath;
  /** For paths below it. */
  readonly rules: IgnoreRules;
  readonly tracked: TrackedPaths;
};

/** A path as a member of `TrackedPaths`. */
export function trackedKey(names: readonly string[]): string {
  return names.map(pathKeyOf).join("/");
}

/** All work trees of a workspace together; each path is judged by the innermost one around it. */
export function gitIgnored(
  trees: readonly WorkTreeRules[],
  unclear: GitIgnored["unclear"],
): GitIgnored {
  const byFolder = new Map(trees.map((tree) => [tree.folder, tree]));
  const parts = trees.map(({ folder, rules, tracked }) => [
    folder,
    rules.digest,
    [...tracked.files],
    [...tracked.folders],
  ]);
  return {
    digest: trees.length === 0 ? "" : hash("sha256", JSON.stringify(parts), "hex"),
    ignores: (path, kind) => {
      const judged = judgedPath(path, kind);
      const tree = treeAround(byFolder, judged.path);
      return tree !== undefined && isLeftOut(tree, judged);
    },
    unclear,
  };
}

type Judged = { readonly path: RelPath; readonly kind: Kind };

/**
 * A rule never hides a repository from the guard (G9). What lies in one stands and falls with the folder that holds it: where it is
 * synced by override, no rule for files of the work tree, such as `tags` or `*.pack`, may tear parts out of it (G45).
 */
function judgedPath(path: RelPath, kind: Kind): Judged {
  const depth = markerDepth(path, kind);
  if (depth === undefined) return { path, kind };
  const names = pathComponents(path);
  const holder = depth === names.length ? [] : names.slice(0, depth - 1);
  return { path: parseRelPath(holder.join("/")), kind: "folder" };
}

function treeAround(
  trees: ReadonlyMap<RelPath, WorkTreeRules>,
  path: RelPath,
): WorkTreeRules | undefined {
  if (trees.size === 0) return undefined;
  for (let at = parentPath(path); at !== undefined; at = parentPath(at)) {
    const tree = trees.get(at);
    if (tree !== undefined) return tree;
  }
  return undefined;
}

function isLeftOut({ folder, rules, tracked }: WorkTreeRules, { path, kind }: Judged): boolean {
  const below = pathFrom(folder, path);
  if (!rules.ignores(below, kind)) return false;
  const known = kind === "folder" ? tracked.folders : tracked.files;
  return known.size === 0 || !known.has(trackedKey(pathComponents(below)));
}

/** The rules of a link with what Git ignores: what either leaves out is left out. */
export function withGitIgnored(own: IgnoreRules, git: GitIgnored): IgnoreRules {
  if (git.digest === "") return own;
  return {
    digest: `${own.digest} ${git.digest}`,
    ignores: (path, kind) =>
      own.ignores(path, kind) || (path !== ignoreFileName && git.ignores(path, kind)),
    lineFor: (path, kind) => own.lineFor(path, kind),
  };
}

/** Nothing is ignored that is not known to be. */
export const noGitRules: Pick<WorkTreeRules, "rules" | "tracked"> = {
  rules: noRules(),
  tracked: { files: new Set(), folders: new Set() },
};

/**
 * The rules of a `.gitignore` as they are written at the top of the work tree: what comes later is stronger, as Git has it for files
 * further down (gitignore(5)).
 *
 * @param folder the one that holds the file, below the work tree
 */
export function gitRulesAtTop(folder: RelPath, text: string): readonly string[] {
  return text
    .replace(/^\uFEFF/u, "")
    .split(/\r?\n/u)
    .filter((line) => line !== "" && !line.startsWith("#"))
    .flatMap((line) => (folder === topPath ? [line] : ruleBelow(folder, line)));
}

/** A rule without a slash before its end goes for every folder below. */
function ruleBelow(folder: RelPath, line: string): readonly string[] {
  const isKept = line.startsWith("!");
  const written = line.slice(isKept ? 1 : 0).replace(/(?<!\\) +$/u, "");
  const rule = written.replace(/^\\(?=[!#])/u, "");
  if (rule === "" || rule === "/") return [];
  const isAnchored = rule.slice(0, -1).includes("/");
  // No line can hold a name with a line break: `?` leaves out more, so nothing is brought back by it.
  if (isKept && /[\r\n]/u.test(folder)) return [];
  const place = folder.replaceAll(/[\\*?[\]]/gu, String.raw`\$&`).replaceAll(/[\r\n]/gu, "?");
  const below = isAnchored ? rule.replace(/^\//u, "") : `**/${rule}`;
  return [`${isKept ? "!" : ""}/${place}/${below}`];
}
