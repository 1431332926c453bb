import { createHash } from "node:crypto";
import type { GuardFinding } from "../core/repo/finding.ts";
import type { OverrideRecord } from "../core/repo/override.ts";
import { SnapError } from "../std/error.ts";
import { repositoryIdentity, type RepositoryIdentity } from "./identity.ts";

/** How long a risk that was taken holds (G44). */
export const overrideLifetimeMs: number = 90 * 24 * 60 * 60 * 1000;

/** A record that lies further ahead was made by a clock that was wrong, ms: nobody knows when its 90 days are over. */
const aheadMaxMs = 24 * 60 * 60 * 1000;

/** Shorter reasons say nothing (G44). */
export const overrideReasonLengthMin = 10;

/** Which members a fingerprint is made of; those of another version cannot be compared. */
const fingerprintVersion = "2:";

/**
 * What a repository is, without its commits: when it changes, the risk has to be taken anew (G44). The root commits are compared
 * by themselves, since they are not always known.
 */
export function fingerprintOf({ path, vcs, form, worktrees }: RepositoryIdentity): string {
  const parts = JSON.stringify([path, vcs ?? "", form, worktrees]);
  return `${fingerprintVersion}${createHash("sha256").update(parts).digest("hex")}`;
}

/** Who takes which risk, and why. */
export type OverrideRequest = {
  readonly finding: GuardFinding;
  readonly reason: string;
  /** Hooks and configuration are synced, too (G45). */
  readonly trust?: boolean;
  readonly who: string;
  readonly host: string;
  /** ms since 1970. */
  readonly now: number;
};

/**
 * The record of a risk that is taken now.
 *
 * @throws {SnapError} `usage` for a reason that is too short; `refused` for what no reason can make safe.
 */
export function makeOverride(request: OverrideRequest): OverrideRecord {
  const { finding, now, who, host } = request;
  const reason = request.reason.trim();
  if (reason.length < overrideReasonLengthMin) {
    throw new SnapError("usage", "The reason is too short", {
      hint: `Give a --reason of ${overrideReasonLengthMin} characters or more.`,
    });
  }
  if (!isOverridable(finding)) {
    throw new SnapError("refused", `The repository "${finding.path}" cannot be synced safely`, {
      path: finding.absolutePath,
      hint: "Leave its folder out with a rule in .mignore.",
    });
  }
  const identity = repositoryIdentity(finding);
  const { path, repoId, worktrees } = identity;
  const unpushed = finding.facts?.work.unpushed;
  const isUnknown = unpushed === undefined || unpushed.precision === "notComputed";
  return {
    path,
    fingerprint: fingerprintOf(identity),
    ...(repoId === undefined ? {} : { repoId }),
    worktrees,
    ...(isUnknown ? {} : { unpushed: unpushed.value }),
    reason,
    ...(request.trust === true && { trust: true }),
    who,
    host,
    at: now,
    expiresAt: now + overrideLifetimeMs,
  };
}

/**
 * A worktree names its repository by an absolute path, which is wrong on every other device (G45). What lies around a workspace
 * is not synced by it.
 */
export function isOverridable(finding: Pick<GuardFinding, "form" | "pathAbsolute">): boolean {
  if (["unreadable", "parent", "elsewhere"].includes(finding.form)) return false;
  return finding.form !== "worktree" || finding.pathAbsolute === false;
}

/** What a repository is now, and how well that is known. */
export type PresentState = {
  readonly identity: RepositoryIdentity;
  /** ms since 1970. */
  readonly now: number;
  /** The root commits were asked for: where they are not known, they are not known to be the same. */
  readonly isIdentityKnown: boolean;
};

/** Whether a record holds, or why not any more. */
export type OverrideState =
  | "in-force"
  | "ended"
  | "dated-ahead"
  | "older-version"
  | "another-form"
  | "other-worktrees"
  | "another-history"
  | "history-unknown";

/** What the times of a record say, whatever stands at its path. */
export function ageOfOverride(
  record: OverrideRecord,
  now: number,
): "current" | "ended" | "dated-ahead" {
  if (!isLasting(record, now)) return "ended";
  return record.at - now > aheadMaxMs ? "dated-ahead" : "current";
}

/** Compare a record with the repository that stands at its path now (G44). */
export function stateOfOverride(record: OverrideRecord, present: PresentState): OverrideState {
  const { identity, now, isIdentityKnown } = present;
  const age = ageOfOverride(record, now);
  if (age !== "current") return age;
  if (!record.fingerprint.startsWith(fingerprintVersion)) return "older-version";
  if (record.fingerprint !== fingerprintOf(identity)) {
    const isWorktree =
      record.worktrees !== undefined &&
      record.fingerprint === fingerprintOf({ ...identity, worktrees: record.worktrees });
    return isWorktree ? "other-worktrees" : "another-form";
  }
  if (record.repoId === undefined || record.repoId === identity.repoId) return "in-force";
  if (identity.repoId !== undefined) return "another-history";
  return isIdentityKnown ? "history-unknown" : "in-force";
}

/** The record that is in force for a repository. */
export function validOverride(
  records: readonly OverrideRecord[],
  present: PresentState,
): OverrideRecord | undefined {
  return records.find((record) => stateOfOverride(record, present) === "in-force");
}

const stateTexts: Readonly<Record<OverrideState, string>> = {
  "in-force": "is in force",
  ended: "has ended: it holds for 90 days",
  "dated-ahead": "does not hold now: it is dated ahead of the clock of this computer",
  "older-version": "is void: an earlier version recorded it, without the worktrees and the commits",
  "another-form": "is void: the repository is of another kind now, or is gone",
  "other-worktrees": "is void: the list of worktrees changed",
  "another-history": "is void: there is another history now, with other root commits",
  "history-unknown": "does not hold now: the root commits could not be compared",
};

/** The end of a sentence about an override. */
export function overrideStateText(state: OverrideState): string {
  return stateTexts[state];
}

/** When a record ends, ms since 1970, whatever it says of itself. */
function expiryOf({ at, expiresAt }: OverrideRecord): number {
  return Math.min(expiresAt, at + overrideLifetimeMs);
}

function isLasting(record: OverrideRecord, now: number): boolean {
  return record.reason.trim().length >= overrideReasonLengthMin && now < expiryOf(record);
}
