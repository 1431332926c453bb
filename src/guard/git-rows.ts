import { configBoolean, configValue } from "./git-config.ts";
import type { GitLayout } from "./git-layout.ts";
import { readsReftable, type GitBinary } from "./shadow-git.ts";

/** What one engine may be asked about one layout (G34): the row of the table that applies. */
export type Row = {
  /** Why commits must not be asked for; undefined where they may. */
  readonly history: string | undefined;
  /** Why files must not be asked for; undefined where they may. */
  readonly status: string | undefined;
  /** Why the count of changed files is approximate. */
  readonly approximate: readonly string[];
};

/** Bounds of what is handed to isomorphic-git (G31). */
const packBytesMax = 512 * 1024 * 1024;
const entriesMax = 50_000;

/** What is cheaper to read in this process than to start another one for (G31). */
const cheapEntriesMax = 5_000;
const cheapPackBytesMax = 32 * 1024 * 1024;

const knownExtensions: ReadonlySet<string> = new Set([
  "noop",
  "objectformat",
  "partialclone",
  "preciousobjects",
  "refstorage",
  "relativeworktrees",
  "worktreeconfig",
]);

/** The row for native git. */
export function rowOfGit(layout: GitLayout, git: GitBinary): Row {
  const { storage, linked, conversions } = layout;
  const isTables = storage.refs === "reftable";
  const history = firstReason([
    ["object-format", storage.objects !== "sha1" && storage.objects !== "sha256"],
    ["reftable", isTables && (linked || !readsReftable(git))],
    ["refs-format", storage.refs !== "files" && !isTables],
    ["config-not-read", layout.unread],
    ["extension", hasUnknownExtension(layout)],
  ]);
  const approximate = [
    ...(conversions.filters ? ["filters"] : []),
    ...(layout.includes ? ["include"] : []),
  ];
  const status = firstReason([["submodules-not-read", layout.oddSubmodules]]);
  return { history, status: history ?? statusReason(layout) ?? status, approximate };
}

/** The row for isomorphic-git, and for no engine: what is forbidden here is forbidden for a reason. */
export function rowOfIsomorphic(layout: GitLayout): Row {
  const { storage, index, conversions } = layout;
  const history = firstReason([
    ["object-format", storage.objects !== "sha1"],
    ["reftable", storage.refs === "reftable"],
    ["refs-format", storage.refs !== "files"],
    ["alternates", layout.alternates],
    ["pack-too-large", layout.packs.greatestBytes > packBytesMax],
    ["config-not-read", layout.unread],
    ["extension", hasUnknownExtension(layout)],
  ]);
  const status = firstReason([
    ["worktree", layout.linked],
    ["split-index", index.extensions.includes("link")],
    ["sparse-index", isSparse(layout)],
    ["index-version", index.version !== undefined && ![2, 3].includes(index.version)],
    ["index-version", index.noChecksum],
    ["partial-clone", storage.partial],
    ["index-too-large", index.count > entriesMax],
  ]);
  const approximate = [
    ...(conversions.filters ? ["filters"] : []),
    ...(conversions.builtIn ? ["line-ends"] : []),
    ...(layout.includes ? ["include"] : []),
    ...(hasOddSettings(layout) ? ["settings"] : []),
    ...(index.oddPaths > 0 ? ["names"] : []),
  ];
  return { history, status: history ?? status ?? statusReason(layout), approximate };
}

/** Whether isomorphic-git gives exact answers, and sooner than another process would (G31). */
export function isCheap(layout: GitLayout): boolean {
  const { history, status, approximate } = rowOfIsomorphic(layout);
  return (
    history === undefined &&
    (status === undefined || layout.worktree === undefined) &&
    approximate.length === 0 &&
    !layout.ignores &&
    layout.index.count <= cheapEntriesMax &&
    layout.packs.allBytes <= cheapPackBytesMax
  );
}

function statusReason({ worktree, index, conversions }: GitLayout): string | undefined {
  return firstReason([
    ["no-worktree", worktree === undefined],
    ["index-not-read", !index.whole],
    ["attributes-not-read", conversions.unread],
  ]);
}

/** Whole folders stand in the index as one entry. */
export function isSparse({ index }: GitLayout): boolean {
  return index.extensions.includes("sdir");
}

function hasUnknownExtension({ format }: GitLayout): boolean {
  return format.extensions.some((name) => !knownExtensions.has(name));
}

/** Settings under which files are compared otherwise than byte by byte. */
function hasOddSettings({ configs }: GitLayout): boolean {
  const all = configs.flat();
  const is = (name: string): boolean | undefined => configBoolean(configValue(all, `core.${name}`));
  return (
    is("filemode") === false ||
    is("symlinks") === false ||
    is("ignorecase") === true ||
    is("precomposeunicode") === true
  );
}

function firstReason(reasons: readonly (readonly [string, boolean])[]): string | undefined {
  return reasons.find(([, applies]) => applies)?.[0];
}
