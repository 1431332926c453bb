import type { DamageCode, Extent } from "../core/repo/finding.ts";
import { inTurns, type Steps } from "../std/steps.ts";
import type { Clock } from "../std/time.ts";
import { followAll } from "./connectivity.ts";
import type { Health } from "./damage.ts";
import { lookAtTips, type Tip } from "./damage-tips.ts";
import type { Evidence, Examined } from "./evidence.ts";
import { examine, lookAt } from "./examine.ts";
import { PackIndex } from "./git-pack.ts";
import { ObjectStore } from "./git-objects.ts";
import { listNames } from "./open-file.ts";
import { inside, kindAt, textOf, type Bytes } from "./read-only.ts";
import type { GitBinary } from "./shadow-git.ts";
import { stagedObjects } from "./staged-objects.ts";
import type { UnitVerdict } from "../core/repo/unit.ts";
import { gitLayout, hgLayout } from "./unit-layout.ts";
import { walkHistory, walkState, type Part } from "./unit-listing.ts";
import { placeOf } from "./unit-read.ts";
import { logTips } from "./unit-log-tips.ts";

/** By what means, and until when, a captured repository is checked. */
export type CheckOptions = {
  readonly clock: Clock;
  /** ms since 1970; what is not checked then is `unverified`. */
  readonly deadline: number;
  readonly git: () => Promise<GitBinary | undefined>;
  /** Mercurial's program; undefined where there is none. */
  readonly hg: () => string | undefined;
  readonly tmp: string;
  readonly signal?: AbortSignal | undefined;
};

/** A repository that lies whole in a folder of ours. */
export type StagedUnit = { readonly vcs: "git" | "hg"; readonly folder: Bytes };

/** More objects are not followed (G51, step 6). */
const objectsMax = 200_000;

/** Links in a history that are told of. */
const linksTold = 10;

/** A repository is captured as it is, signs of earlier syncing included: these take nothing from its history. */
const harmless: ReadonlySet<DamageCode> = new Set([
  "conflict-copy-ref",
  "conflict-copy-object",
  "conflict-copy-file",
  "junk-file",
  "refs-lost",
  "pack-without-index",
]);

/**
 * Check a repository in a folder of ours, submodules' gitdirs in it included (G51): its structure, its tips, and whether everything
 * that refs, reflogs and indexes name is there. Only reads, runs nothing of it.
 */
export async function checkUnit(unit: StagedUnit, options: CheckOptions): Promise<UnitVerdict> {
  const found = unit.vcs === "hg" ? await checkHg(unit, options) : await checkGit(unit, options);
  const torn = found.flatMap(({ torn: reasons }) => reasons);
  if (torn.length > 0) return { word: "torn", reasons: torn };
  const unsure = found.flatMap(({ unsure: reasons }) => reasons);
  return { word: unsure.length > 0 ? "unverified" : "verified", reasons: unsure };
}

/**
 * The structure of a repository that is too large to be copied for a check, where it stands. What is whole there is still
 * `unverified`.
 */
export async function checkLive(
  { vcs, folder }: StagedUnit,
  options: CheckOptions,
): Promise<UnitVerdict> {
  const unsure: UnitVerdict = { word: "unverified", reasons: ["too large to be checked"] };
  if (vcs === "hg" || kindAt(inside(folder, "commondir")) !== undefined) return unsure;
  const places = { gitdir: folder, common: folder };
  const health = await lookAt({ places, withCommon: true }, { ...options, host: "" });
  const torn = health.evidence.filter(isTearing).map(worded(""));
  return torn.length > 0 ? { word: "torn", reasons: torn } : unsure;
}

type Checked = { readonly torn: readonly string[]; readonly unsure: readonly string[] };

async function checkHg({ folder }: StagedUnit, options: CheckOptions): Promise<Checked[]> {
  const part = { root: folder, layout: hgLayout };
  const linked = await linkedIn(part, (await walkState(part, () => {})).history);
  const shared = kindAt(inside(folder, "sharedpath")) === undefined ? [] : ["shared-store"];
  const away = [...linked, ...shared];
  if (away.length > 0) return [{ torn: [], unsure: away }];
  const { damage, integrity } = await examine(
    { vcs: "hg", folder },
    { ...options, deep: true, host: "" },
  );
  const evidence = damage.filter(({ severity }) => severity === "damage");
  return [{ torn: evidence.map(worded("")), unsure: unsureOf("", Object.values(integrity)) }];
}

async function checkGit({ folder }: StagedUnit, options: CheckOptions): Promise<Checked[]> {
  const part = { root: folder, layout: gitLayout };
  let isAway = false;
  const { history } = await walkState(part, ({ key }) => {
    if (key === "objects" || key === "commondir") isAway = true;
  });
  if (!history.some((path) => path.equals(Buffer.from("objects")))) {
    const word = "its objects are elsewhere";
    return [isAway ? { torn: [], unsure: [word] } : { torn: ["objects is missing"], unsure: [] }];
  }
  const all: Checked[] = [];
  for (const path of history) {
    const owner = path.subarray(0, Math.max(0, path.lastIndexOf(0x2f)));
    const name = textOf(owner);
    // Large files of other tools.
    if (name === "lfs" || name === "annex") continue;
    const linked = await linkedIn(part, [path]);
    const gitdir = placeOf(folder, owner);
    if (linked.length > 0 || kindAt(inside(gitdir, "objects/info/alternates")) !== undefined) {
      all.push({ torn: [], unsure: [...linked, named(name, "objects of another repository")] });
    } else all.push(await checkGitdir({ gitdir, name }, options));
  }
  return all;
}

/** Links in the history lead to what was not captured; some of them. */
async function linkedIn(part: Part, history: readonly Bytes[]): Promise<readonly string[]> {
  const linked: string[] = [];
  await walkHistory(part, history, ({ kind, path }) => {
    if (kind === "symlink" && linked.length < linksTold) linked.push(`${textOf(path)} is a link`);
  });
  return linked;
}

type Gitdir = { readonly gitdir: Bytes; readonly name: string };

async function checkGitdir({ gitdir, name }: Gitdir, options: CheckOptions): Promise<Checked> {
  const places = { gitdir, common: gitdir };
  const health = await lookAt({ places, withCommon: true }, { ...options, host: "" });
  const { structure, tips } = health.integrity;
  const logged = await inTurns(namedOnlyByLogs(gitdir, health, options));
  const known: Evidence[] = [...health.evidence, ...logged.evidence];
  const all = { ...health, tips: [...health.tips, ...logged.tips] };
  const isLarge = countObjects(gitdir, health.hashBytes) > objectsMax;
  const followed: Examined = isLarge
    ? { evidence: [], extent: { checked: "none", reason: "too-many-objects" } }
    : await followAll({ ...options, places, health: all, git: await options.git(), content: true });
  const evidence = [...known, ...followed.evidence].filter(isTearing);
  return {
    torn: evidence.map(worded(name)),
    unsure: unsureOf(name, [structure, tips, logged.extent, followed.extent]),
  };
}

function isTearing({ severity, code }: Evidence): boolean {
  return severity === "damage" && !harmless.has(code);
}

/** What reflogs and the indexes of worktrees name: Git keeps all of that, so it has to be there. */
function* namedOnlyByLogs(
  gitdir: Bytes,
  health: Health,
  { clock, deadline }: CheckOptions,
): Steps<Examined & { readonly tips: readonly Tip[] }> {
  if (health.isPartial) return { evidence: [], tips: [], extent: { checked: "all" } };
  const known = new Set(health.tips.map(({ oid }) => oid));
  const { tips: all, extent } = yield* logTips(gitdir, health.hashBytes);
  const tips = all.filter(({ oid }) => !known.has(oid));
  using store = new ObjectStore(inside(gitdir, "objects"), health.hashBytes);
  const watch = { now: () => clock.now(), deadline };
  const looked = yield* lookAtTips([...tips, ...worktreeTips(gitdir, health)], store, watch);
  const isThere = ({ oid }: Tip): boolean => store.find(oid) === "there";
  const worse = extent.checked === "all" ? looked.extent : extent;
  return { evidence: looked.evidence, tips: tips.filter(isThere), extent: worse };
}

function worktreeTips(gitdir: Bytes, { hashBytes }: Health): Tip[] {
  const folder = inside(gitdir, "worktrees");
  return listNames(folder).flatMap((name) =>
    stagedObjects(inside(folder, name), hashBytes).steps.map(({ oid, from }) => ({
      oid,
      name: `worktrees/${name}: ${from}`,
    })),
  );
}

function countObjects(gitdir: Bytes, hashBytes: 20 | 32): number {
  const objects = inside(gitdir, "objects");
  let count = 0;
  for (const name of listNames(objects)) {
    if (/^[0-9a-f]{2}$/u.test(name)) count += listNames(inside(objects, name)).length;
  }
  const packs = inside(objects, "pack");
  for (const name of listNames(packs).filter((one) => one.endsWith(".idx"))) {
    using index = PackIndex.open(inside(packs, name), hashBytes);
    count += index?.count ?? 0;
  }
  return count;
}

function unsureOf(name: string, extents: readonly Extent[]): string[] {
  const reasons = extents.flatMap((extent) => (extent.checked === "all" ? [] : extent.reason));
  return [...new Set(reasons)].map((reason) => named(name, reason));
}

function named(name: string, reason: string): string {
  return name === "" ? reason : `${name}: ${reason}`;
}

function worded(name: string): (sign: Pick<Evidence, "code" | "path">) => string {
  return ({ code, path }) => named(name, `${code} ${path}`);
}
