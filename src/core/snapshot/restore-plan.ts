import { nameProblem } from "../path/names.ts";
import { comparePaths, pathComponents, type RelPath } from "../path/rel-path.ts";
import type { ContentHash } from "../tree/node.ts";
import type { Owner } from "../tree/owner.ts";
import { hasWantedAttributes } from "./attributes.ts";
import { digestOf } from "./restore-digest.ts";
import { groundOf, type Ground } from "./restore-ground.ts";
import type { PlanItem, PlanSubject, SideAction } from "./restore-item.ts";
import type { LocalItem, RemoteSeen, Sight } from "./restore-picture.ts";
import type { ServerForecast } from "./server-forecast.ts";
import { digestWithUnits, type UnitElsewhere, type UnitStep } from "./unit-step.ts";
import {
  parentsOf,
  type AsidePath,
  type AsideReason,
  type Metadata,
  type Wanted,
  type WantedNode,
} from "./restore-wanted.ts";

/** How many paths of a side get each action, and the bytes of what is placed there. */
export type SideCounts = Readonly<Record<SideAction, number>> & { readonly bytes: number };

/** Content that a side has only at this path, and the restore takes away (T4). */
export type LostPath = {
  readonly path: RelPath;
  readonly size: number;
  readonly hash: ContentHash;
  /** ms since 1970. */
  readonly modified: number;
};

/** What a restore would do, as plain data; `digest` names exactly this (T16, T18). */
export type RestorePlan = {
  /** In path order. */
  readonly items: readonly PlanItem[];
  readonly counts: { readonly local: SideCounts; readonly remote: SideCounts | undefined };
  readonly loses: {
    /** Local content that no snapshot and no revision in Dropbox holds. */
    readonly localOnly: readonly LostPath[];
    /** Content in Dropbox that never came down. */
    readonly remoteNewer: readonly LostPath[];
  };
  readonly left: readonly AsidePath[];
  /** Wanted files that may have been torn when they were captured (N36). */
  readonly changing: readonly RelPath[];
  readonly ignored: number;
  /** What is done with repositories (T38); absent where nothing is. */
  readonly units?: readonly UnitStep[];
  /** Repositories that stand elsewhere than their files will (T41): a warning, no part of what is agreed to. */
  readonly elsewhere?: readonly UnitElsewhere[];
  /** Whatever it changes, Dropbox is emptied, and all that is wanted is uploaded anew (T36). */
  readonly procedure?: "documented";
  /** SHA-256, 64 hex digits. */
  readonly digest: string;
  /** How it will reach Dropbox, as far as that is known beforehand; no part of what is agreed to. */
  readonly server?: ServerForecast;
  /** Dropbox alone is looked at and changed (T28). */
  readonly remoteOnly?: true;
};

/**
 * Decide what a restore does at every path of both sides (T16).
 *
 * Pure. Content decides by hash, never by time (T11); what is ignored, unknown or frozen is not touched (T8).
 */
export function planRestore(wanted: Wanted, sight: Sight, subject: PlanSubject): RestorePlan {
  const ground = groundOf(wanted, sight, subject.options);
  const draft = new Draft(ground);
  for (const path of ground.paths.toSorted(comparePaths)) draft.add(path);
  const items = draft.items;
  return {
    items,
    counts: draft.counts(),
    loses: { localOnly: localLosses(items, sight), remoteNewer: remoteLosses(items) },
    left: [...wanted.aside, ...ground.left, ...draft.left],
    changing: items.flatMap(({ path, want }) =>
      want?.kind === "file" && want.changing ? [path] : [],
    ),
    ignored: sight.local.ignored,
    ...(subject.options.procedure === undefined ? {} : { procedure: subject.options.procedure }),
    digest: digestOf(items, subject),
  };
}

/** What is done with repositories, and what is left as it is. */
export type PlannedUnits = {
  readonly steps: readonly UnitStep[];
  readonly left: readonly AsidePath[];
  readonly elsewhere: readonly UnitElsewhere[];
};

/** The same plan, with what is done with repositories (T38). */
export function withUnits(
  plan: RestorePlan,
  { steps, left, elsewhere }: PlannedUnits,
): RestorePlan {
  return {
    ...plan,
    ...(steps.length === 0 ? {} : { units: steps }),
    ...(elsewhere.length === 0 ? {} : { elsewhere }),
    left: [...plan.left, ...left],
    digest: digestWithUnits(plan.digest, steps),
  };
}

/** Whether there is nothing to agree to. */
export function changesNothing({ items, units, procedure }: RestorePlan): boolean {
  return items.length === 0 && units === undefined && procedure === undefined;
}

/** Counts of a side while they are made. */
export type Tally = Record<SideAction, number> & { bytes: number };

/** No path has any action yet. */
export function emptyTally(): Tally {
  return { keep: 0, metadata: 0, create: 0, replace: 0, delete: 0, aside: 0, bytes: 0 };
}

class Draft {
  readonly items: PlanItem[] = [];
  readonly left: AsidePath[] = [];
  readonly #ground: Ground;
  readonly #local: Tally;
  readonly #remote: Tally;
  /** A folder that could not give way: what lies below it stays as it is. */
  readonly #blocked = new Set<RelPath>();

  constructor(ground: Ground) {
    this.#ground = ground;
    const keep = ground.sight.settled?.files ?? 0;
    this.#local = { ...emptyTally(), keep };
    this.#remote = { ...emptyTally(), keep };
  }

  add(path: RelPath): void {
    const ground = this.#ground;
    if (ground.isUntouched(path) || parentsOf(path).some((top) => this.#blocked.has(top))) return;
    const want = ground.wanted.nodes.get(path);
    if (want === undefined && !ground.isGoing(path)) return;
    if (this.#isBlocked(path, want)) return;
    const before = ground.sight.local.items.get(path);
    const local = { action: localAction(want, before, ground.holding.has(path)), before };
    const remote = this.#remoteStep(path, want);
    this.#count({ path, want, local, remote, synced: ground.syncedAt(path) });
  }

  counts(): RestorePlan["counts"] {
    const linked = this.#ground.sight.remote !== undefined;
    return { local: this.#local, remote: linked ? this.#remote : undefined };
  }

  /** A folder that holds something of others cannot become a file (T13). */
  #isBlocked(path: RelPath, want: WantedNode | undefined): boolean {
    if (want === undefined || want.kind === "folder") return false;
    const { holding, sight } = this.#ground;
    const isFolder =
      sight.local.items.get(path)?.stat.kind === "folder" ||
      this.#ground.remoteAt(path)?.kind === "folder";
    if (!isFolder || !holding.has(path)) return false;
    this.#blocked.add(path);
    this.left.push({ path, side: "both", reason: "holds files that are not touched" });
    return true;
  }

  #remoteStep(path: RelPath, want: WantedNode | undefined): PlanItem["remote"] {
    const ground = this.#ground;
    if (ground.sight.remote === undefined || ground.wanted.localOnly?.has(path) === true) {
      return undefined;
    }
    if (want === undefined && ground.isDisplaced(path)) return undefined;
    const before = ground.remoteAt(path);
    const action = remoteAction(want, before, ground.holding.has(path));
    const reason = this.#whyAside(path, action);
    if (reason === undefined) return { action, before };
    if (reason !== "covered") this.left.push({ path, side: "remote", reason });
    return { action: "aside", before };
  }

  /** Why Dropbox stays as it is; `covered`: for the reason of a folder above. */
  #whyAside(path: RelPath, action: SideAction): AsideReason | "covered" | undefined {
    if (action === "keep") return undefined;
    const { wanted } = this.#ground;
    const isLink = (place: RelPath): boolean => wanted.nodes.get(place)?.kind === "symlink";
    // The sync leaves alone what a link on the disk stands for (S29).
    if (isLink(path)) return "Dropbox keeps what has the name of this link";
    if (parentsOf(path).some(isLink)) return "covered";
    if (action !== "create") return undefined;
    if (pathComponents(path).some((name) => nameProblem(name) !== undefined)) {
      return "the name is refused by Dropbox";
    }
    return this.#ground.isTwin(path) ? "another name differs only in case" : undefined;
  }

  #count(item: PlanItem): void {
    const size = item.want?.kind === "file" ? item.want.size : 0;
    tally(this.#local, item.local.action, size);
    if (item.remote !== undefined) tally(this.#remote, item.remote.action, size);
    if (item.local.action !== "keep" || changes(item.remote?.action)) this.items.push(item);
  }
}

function changes(action: SideAction | undefined): boolean {
  return action !== undefined && action !== "keep" && action !== "aside";
}

function tally(counts: Tally, action: SideAction, size: number): void {
  counts[action] += 1;
  if (action === "create" || action === "replace") counts.bytes += size;
}

function localAction(
  want: WantedNode | undefined,
  before: LocalItem | undefined,
  isHolding: boolean,
): SideAction {
  if (before === undefined) return want === undefined ? "keep" : "create";
  if (want === undefined) return isHolding ? "keep" : "delete";
  if (!sameLocally(want, before)) return "replace";
  if (want.kind === "symlink") return "keep";
  const isDressed = hasMetadata(want, before) && hasWantedAttributes(want, before.attributes);
  return isDressed ? "keep" : "metadata";
}

/** Whether nothing has to be done on the disk for what is wanted there. */
export function isAsWanted(want: WantedNode, before: LocalItem): boolean {
  return localAction(want, before, false) === "keep";
}

function sameLocally(want: WantedNode, { stat, hash }: LocalItem): boolean {
  if (want.kind !== stat.kind) return false;
  if (want.kind === "file") return want.hash === hash;
  return want.kind === "folder" || want.linkTarget === stat.linkTarget;
}

/** Times set through a floating-point number are off by less than this. */
const timeSlackNs = 1_000n;

/** Whether mode, owner and mtime are as wanted, as far as they are wanted. */
export function hasMetadata(want: Metadata, { stat }: Pick<LocalItem, "stat">): boolean {
  const bits = want.special === true ? 0o7777 : 0o777;
  if (want.mode !== undefined && want.mode !== (stat.mode & bits)) return false;
  if (want.owner !== undefined && isOwnedByOther(want.owner, stat)) return false;
  if (want.modifiedNs === undefined) return true;
  const difference = BigInt(want.modifiedNs) - BigInt(stat.modifiedNs);
  return difference > -timeSlackNs && difference < timeSlackNs;
}

/** Whether somebody else owns it; a disk that knows no owners gives everything to the right one. */
export function isOwnedByOther(owner: Owner, { owner: own }: { readonly owner?: Owner }): boolean {
  return own !== undefined && own !== owner;
}

function remoteAction(
  want: WantedNode | undefined,
  before: RemoteSeen | undefined,
  isHolding: boolean,
): SideAction {
  // Links are never synced: in Dropbox nothing stands at their place (X4).
  const wanted = want?.kind === "symlink" ? undefined : want;
  if (before === undefined) return wanted === undefined ? "keep" : "create";
  if (wanted === undefined) return isHolding ? "keep" : "delete";
  if (wanted.kind !== before.kind) return "replace";
  return wanted.kind === "folder" || wanted.hash === before.hash ? "keep" : "replace";
}

function takesAway(action: SideAction | undefined): boolean {
  return action === "replace" || action === "delete";
}

function localLosses(items: readonly PlanItem[], sight: Sight): LostPath[] {
  return items.flatMap(({ path, local: { action, before } }) => {
    if (!takesAway(action) || before?.hash === undefined) return [];
    if (before.stat.kind !== "file" || sight.saved.has(before.hash)) return [];
    const modified = Number(BigInt(before.stat.modifiedNs) / 1_000_000n);
    return [{ path, size: before.stat.size, hash: before.hash, modified }];
  });
}

function remoteLosses(items: readonly PlanItem[]): LostPath[] {
  return items.flatMap(({ path, local, remote }) => {
    const before = remote?.before;
    if (!takesAway(remote?.action) || before?.kind !== "file") return [];
    if (before.hash === local.before?.hash) return [];
    const { size, hash, modified } = before;
    return [{ path, size, hash, modified }];
  });
}
