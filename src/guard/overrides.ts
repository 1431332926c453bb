import { createHash } from "node:crypto";
import type { GuardFinding } from "../core/repo/finding.ts";
import type { OverrideRecord } from "../core/repo/override.ts";
import { SnapError } from "../std/error.ts";

/** How long a risk that was taken holds (G44). */
export const overrideLifetimeMs: number = 90 * 24 * 60 * 60 * 1000;

/** Shorter reasons say nothing (G44). */
export const overrideReasonLengthMin = 10;

type Fingerprinted = Pick<GuardFinding, "absolutePath" | "vcs" | "form">;

/** What a repository is: when it changes, the risk has to be taken anew (G44). */
export function fingerprintOf({ absolutePath, vcs, form }: Fingerprinted): string {
  const parts = JSON.stringify([absolutePath, vcs ?? "", form]);
  return createHash("sha256").update(parts).digest("hex");
}

/** Who takes which risk, and why. */
export type OverrideRequest = {
  readonly finding: GuardFinding;
  readonly reason: string;
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
  const fingerprint = fingerprintOf(finding);
  const path = finding.absolutePath;
  return { path, fingerprint, reason, who, host, at: now, expiresAt: now + overrideLifetimeMs };
}

/** A worktree names its repository by an absolute path, which is wrong on every other device (G45). */
export function isOverridable(finding: Pick<GuardFinding, "form" | "pathAbsolute">): boolean {
  if (finding.form === "unreadable") return false;
  return finding.form !== "worktree" || finding.pathAbsolute === false;
}

/** The record that is in force for a repository. */
export function validOverride(
  finding: Fingerprinted,
  records: readonly OverrideRecord[],
  now: number,
): OverrideRecord | undefined {
  const fingerprint = fingerprintOf(finding);
  return records.find((record) => isInForce(record, now) && record.fingerprint === fingerprint);
}

function isInForce(record: OverrideRecord, now: number): boolean {
  const expiresAt = Math.min(record.expiresAt, record.at + overrideLifetimeMs);
  return record.reason.trim().length >= overrideReasonLengthMin && now < expiresAt;
}
