import type { Damage, Integrity } from "../core/repo/finding.ts";
import type { Clock } from "../std/time.ts";
import { followAll, type Connection } from "./connectivity.ts";
import { withRescuable } from "./reachability.ts";
import { examineGit, type Health } from "./damage.ts";
import type { Watch } from "./damage-objects.ts";
import { examineHg, type HgHealth } from "./damage-hg.ts";
import { verifyHg } from "./hg-verify.ts";
import { listed, plain, type Evidence, type Examined } from "./evidence.ts";
import type { GitPlaces } from "./git-refs.ts";
import { isOutOfReach, type Bytes } from "./read-only.ts";
import type { GitBinary } from "./shadow-git.ts";

/** A repository that can be looked at for damage. */
export type Examinable =
  | {
      readonly vcs: "git";
      readonly places: GitPlaces;
      /** False for a worktree whose repository is examined by itself. */
      readonly withCommon: boolean;
    }
  | { readonly vcs: "hg"; readonly folder: Bytes };

/** How far an examination goes, and by what means. */
export type ExamineOptions = {
  /** Tier 3 in any case; else only after a sign of damage (G40). */
  readonly deep: boolean;
  /** Name of this computer. */
  readonly host: string;
  readonly clock: Clock;
  /** ms since 1970; what is not looked at then is told as such. */
  readonly deadline: number;
  /** Git as it was found; asked for only where tier 3 needs it. */
  readonly git: () => Promise<GitBinary | undefined>;
  /** Mercurial's program; undefined where there is none. */
  readonly hg: () => string | undefined;
  readonly tmp: string;
  readonly signal?: AbortSignal | undefined;
};

/** What an examination found. */
export type Examination = { readonly damage: readonly Damage[]; readonly integrity: Integrity };

/** Tiers 1 and 2 together take no longer; the rest is then told as not looked at. */
const lookBudgetMs = 5_000;

/** What follows a sign by itself takes no longer; what was asked for takes what it needs. */
const followBudgetMs = 10_000;

/** Look for damage that earlier syncing did (G40). Only reads; what could not be read or reached is in `integrity`. */
export async function examine(target: Examinable, options: ExamineOptions): Promise<Examination> {
  if (options.clock.now() >= options.deadline) return unlooked("budget");
  try {
    const { evidence, integrity } =
      target.vcs === "hg" ? await examineStore(target, options) : await examineAll(target, options);
    return { damage: listed(evidence).map(plain), integrity };
  } catch (error) {
    if (!isOutOfReach(error)) throw error;
    return unlooked("unreadable");
  }
}

/** Nothing was looked at. */
function unlooked(reason: string): Examination {
  const none = { checked: "none", reason } as const;
  return { damage: [], integrity: { structure: none, tips: none, connectivity: none } };
}

async function examineStore(
  { folder }: Extract<Examinable, { readonly vcs: "hg" }>,
  options: ExamineOptions,
): Promise<HgHealth> {
  const health = examineHg({ folder, host: options.host, watch: watchOf(options) });
  if (!options.deep) return health;
  const { evidence, extent } = await verifyHg(folder, options);
  return {
    evidence: [...health.evidence, ...evidence],
    integrity: { ...health.integrity, connectivity: extent },
  };
}

function watchOf({ clock, deadline }: Pick<ExamineOptions, "clock" | "deadline">): Watch {
  const end = Math.min(deadline, clock.now() + lookBudgetMs);
  return { now: () => clock.now(), deadline: end };
}

type GitTarget = Extract<Examinable, { readonly vcs: "git" }>;

async function examineAll(
  target: GitTarget,
  options: ExamineOptions,
): Promise<Pick<Health, "evidence" | "integrity">> {
  const health = await lookAt(target, options);
  const { connectivity, evidence } = await followed(target, health, options);
  const integrity = { ...health.integrity, connectivity };
  return { evidence, integrity };
}

/** Tiers 1 and 2. */
export async function lookAt(
  { places, withCommon }: Pick<GitTarget, "places" | "withCommon">,
  options: Pick<ExamineOptions, "clock" | "deadline" | "host">,
): Promise<Health> {
  return await examineGit({ places, withCommon, host: options.host, watch: watchOf(options) });
}

async function followed(
  { places, withCommon }: GitTarget,
  health: Health,
  options: ExamineOptions,
): Promise<{ readonly connectivity: Integrity["connectivity"]; readonly evidence: Evidence[] }> {
  const isHit = health.evidence.some(({ severity }) => severity === "damage");
  const { clock, deep, tmp, signal } = options;
  const deadline = deep
    ? options.deadline
    : Math.min(options.deadline, clock.now() + followBudgetMs);
  const reach = { places, health, clock, deadline };
  const found = await withRescuable(health.evidence, reach);
  if (!deep && !isHit) return { connectivity: health.integrity.connectivity, evidence: found };
  if (!withCommon)
    return { connectivity: { checked: "none", reason: "worktree" }, evidence: found };
  const connection: Connection = { ...reach, git: await options.git(), tmp, signal, content: deep };
  const { evidence, extent }: Examined = await followAll(connection);
  return { connectivity: extent, evidence: [...found, ...evidence] };
}
