import type { Extent, Integrity } from "../core/repo/finding.ts";
import { damage, hint, wholly, type Evidence, type Examined } from "./evidence.ts";
import { lookAtFiles, lookAtLocks, lookAtWorktrees, type Here } from "./damage-files.ts";
import { lookAtLogs } from "./damage-logs.ts";
import { lookAtObjects, type Watch } from "./damage-objects.ts";
import { lookIntoIndex, lookIntoPacks } from "./damage-packs.ts";
import { lookAtRefs, type RefsSeen } from "./damage-refs.ts";
import { lookAtTips, type Tip } from "./damage-tips.ts";
import { configBoolean, configValue, parseGitConfig } from "./git-config.ts";
import { ObjectStore } from "./git-objects.ts";
import { detachedWorktrees, type GitPlaces } from "./git-refs.ts";
import type { HeadText } from "./git-text.ts";
import { hasObjects, readHead } from "./gitdir.ts";
import { isClosed, listNames, OpenFile } from "./open-file.ts";
import { inside, kindAt, readStart, type Bytes } from "./read-only.ts";
import { inTurns, type Steps } from "../std/steps.ts";

/** A repository that is to be examined, and the bounds of that. */
export type Examination = {
  readonly places: GitPlaces;
  /** What the worktrees of a repository share is examined, too. */
  readonly withCommon: boolean;
  readonly host: string;
  readonly watch: Watch;
};

/** What the structure and the tips of a repository tell (G40 tiers 1 and 2), and what a look at the rest starts from. */
export type Health = {
  readonly evidence: readonly Evidence[];
  readonly integrity: Integrity;
  readonly tips: readonly Tip[];
  readonly hashBytes: 20 | 32;
  /** Some objects were left with a remote on purpose: that one is missing is no damage (G41). */
  readonly isPartial: boolean;
  readonly isReftable: boolean;
};

/**
 * Look for damage that earlier syncing did to a Git repository: tier 1 by names and plain text, tier 2 by the first objects of
 * every ref. Only reads, runs nothing. What could not be looked at is told by `integrity`.
 */
export async function examineGit(examination: Examination): Promise<Health> {
  const { places, withCommon, watch, host } = examination;
  const { gitdir, common } = places;
  const head = readHead(gitdir);
  const scene = await inTurns(sceneOf(places, head));
  const here: Here = { host, now: watch.now() };
  const objects = withCommon ? await lookAtObjects(common, watch) : nothing;
  const logs = withCommon ? await inTurns(logsOf(scene, common, head)) : nothing;
  const structure: Evidence[] = [
    ...(withCommon ? incomplete(common) : []),
    ...(head === undefined && hasObjects(common) ? [unreadableHead()] : []),
    ...lookAtFiles(gitdir),
    ...lookAtLocks(gitdir, here),
    ...logs.evidence,
    ...(withCommon ? [...scene.refs.evidence, ...lookAtWorktrees(common)] : []),
    ...objects.evidence,
    ...missingIndex(scene, gitdir),
  ];
  const { evidence, extent } = await inTurns(tipEvidence(examination, scene));
  const isRead = scene.refs.complete && !scene.isReftable;
  const unread = scene.isReftable ? "reftable" : "refs-not-read";
  return {
    evidence: [...structure, ...evidence],
    integrity: {
      structure: isRead
        ? worst([objects.extent, logs.extent, partsExtent(gitdir)])
        : { checked: "part", reason: unread },
      tips: isRead || extent.checked !== "all" ? extent : { checked: "part", reason: unread },
      connectivity: { checked: "none", reason: "not-asked" },
    },
    tips: scene.tips,
    hashBytes: scene.hashBytes,
    isPartial: scene.isPartial,
    isReftable: scene.isReftable,
  };
}

const nothing: Examined = { evidence: [], extent: wholly };

/** What all parts of the look go by. */
type Scene = {
  readonly refs: RefsSeen;
  readonly tips: readonly Tip[];
  readonly hashBytes: 20 | 32;
  readonly isBare: boolean;
  readonly isPartial: boolean;
  readonly isReftable: boolean;
};

const configBytesMax = 1024 * 1024;
const noRefs: RefsSeen = {
  evidence: [],
  refs: new Map(),
  loose: new Set(),
  hasPacked: false,
  complete: true,
};

function* sceneOf({ gitdir, common }: GitPlaces, head: HeadText | undefined): Steps<Scene> {
  const config = parseGitConfig(readStart(inside(common, "config"), configBytesMax) ?? "");
  const isReftable = kindAt(inside(common, "reftable/tables.list")) === "file";
  const refs = isReftable ? noRefs : yield* lookAtRefs(common);
  const tips = tipsOf({ gitdir, common }, refs, head);
  const says256 = configValue(config, "extensions.objectformat")?.toLowerCase() === "sha256";
  // Without a configuration the ids themselves tell how long they are.
  const is256 = says256 || tips.some(({ oid }) => oid.length === 64);
  return {
    refs,
    tips,
    hashBytes: is256 ? 32 : 20,
    isBare: configBoolean(configValue(config, "core.bare")) === true,
    isPartial: configValue(config, "extensions.partialclone") !== undefined || hasPromisor(common),
    isReftable,
  };
}

function hasPromisor(common: Bytes): boolean {
  return listNames(inside(common, "objects/pack")).some((name) => name.endsWith(".promisor"));
}

function unreadableHead(): Evidence {
  return damage(1, "head-unreadable", {
    path: "HEAD",
    detail: `"HEAD" is missing or cannot be understood, so Git sees no repository here, though its objects remain. Write the branch you were on into it, like "ref: refs/heads/main"`,
  });
}

function incomplete(common: Bytes): Evidence[] {
  const remains = hasObjects(common) || kindAt(inside(common, "packed-refs")) === "file";
  if (!remains) return [];
  return ["objects", "refs"]
    .filter((name) => kindAt(inside(common, name)) === undefined)
    .map((path) =>
      damage(1, "gitdir-incomplete", {
        path,
        detail: `The folder "${path}" is missing, and other parts of the repository remain: ${incompleteWays[path]}`,
      }),
    );
}

const incompleteWays: Readonly<Record<string, string>> = {
  refs: "file syncs leave out empty folders. Make it again, empty: Git then reads its packed refs",
  objects: "all commits were in it. Look for it among Dropbox's deleted files, or clone again",
};

function* logsOf(
  { refs, isReftable }: Scene,
  common: Bytes,
  head: HeadText | undefined,
): Steps<Examined> {
  return isReftable ? nothing : yield* lookAtLogs(common, refs, head);
}

/** Folders beside objects, refs and logs in which something stands that tells of damage. */
function partsExtent(gitdir: Bytes): Extent {
  const isHidden = ["info", "hooks", "worktrees"].some((name) => isClosed(inside(gitdir, name)));
  return isHidden ? { checked: "part", reason: "unreadable" } : wholly;
}

/** The first that is not whole. */
function worst(extents: readonly Extent[]): Extent {
  return extents.find(({ checked }) => checked !== "all") ?? wholly;
}

/** A clone without a checkout has none either (G41). */
function missingIndex({ tips, isBare }: Scene, gitdir: Bytes): Evidence[] {
  const hasCommit = tips.some(({ name }) => name === "HEAD");
  if (!hasCommit || isBare || kindAt(inside(gitdir, "index")) !== undefined) return [];
  return [
    hint("index-missing", {
      path: "index",
      detail: `"index" is missing: everything looks deleted to Git. \`git reset\` makes it again and leaves your files as they are`,
    }),
  ];
}

function* tipEvidence({ places, withCommon, watch }: Examination, scene: Scene): Steps<Examined> {
  const index = lookIntoIndex(places.gitdir, scene.hashBytes);
  const packs = withCommon ? lookIntoPacks(places.common, scene.hashBytes, watch) : nothing;
  using store = new ObjectStore(inside(places.common, "objects"), scene.hashBytes);
  const hasFolder = kindAt(inside(places.common, "objects")) !== undefined;
  const mine = withCommon ? scene.tips : scene.tips.filter(({ name }) => name === "HEAD");
  const tips = scene.isPartial || !hasFolder ? nothing : yield* lookAtTips(mine, store, watch);
  const partial: Examined["extent"] = { checked: "none", reason: "partial-clone" };
  const alternates = withCommon ? store.missingAlternates.map(missingAlternate) : [];
  const extents = [scene.isPartial ? partial : tips.extent, packs.extent, index.extent];
  return {
    evidence: [...alternates, ...packs.evidence, ...tips.evidence, ...index.evidence],
    extent: worst(extents),
  };
}

function missingAlternate(written: string): Evidence {
  return damage(2, "alternates-missing", {
    path: "objects/info/alternates",
    detail: `Some objects are borrowed from "${written}", which is not on this device. Bring that folder here, or correct the path in "objects/info/alternates"`,
  });
}

const logBytesMax = 16 * 1024 * 1024;

/** What `HEAD`, the refs, the other worktrees and the stash start from; the most important first. */
function tipsOf(
  { gitdir, common }: GitPlaces,
  { refs }: RefsSeen,
  head: HeadText | undefined,
): Tip[] {
  const oid = head?.kind === "ref" ? refs.get(head.ref) : head?.oid;
  const named = [...refs].map(([name, at]) => ({ name, oid: at }));
  const isBranch = ({ name }: Tip): boolean => name.startsWith("refs/heads/");
  return [
    ...(oid === undefined ? [] : [{ name: "HEAD", oid }]),
    ...named.filter(isBranch),
    ...(gitdir.equals(common) ? worktreeTips(common) : []),
    ...stashTips(common),
    ...named.filter((tip) => !isBranch(tip)),
  ];
}

function worktreeTips(common: Bytes): Tip[] {
  return detachedWorktrees(common).map(({ name, oid }) => ({
    name: `worktrees/${name}/HEAD`,
    oid,
  }));
}

/** Every stash but the last one is only in the reflog. */
function stashTips(common: Bytes): Tip[] {
  using file = OpenFile.open(inside(common, "logs/refs/stash"));
  const lines = file?.readEnd(logBytesMax).toString("latin1").split("\n") ?? [];
  const oids = lines.flatMap(
    (line) => /^[0-9a-f]+ ([0-9a-f]{64}|[0-9a-f]{40}) /u.exec(line)?.[1] ?? [],
  );
  return oids.map((oid, at) => ({ name: `stash@{${oids.length - 1 - at}}`, oid }));
}
