import type { LeftPath } from "../../core/plan/sync-report.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import type { ExitCode } from "../../std/error.ts";
import type { Work } from "../../std/events.ts";
import { damageAt, forgetHealed, type Reread } from "./bit-rot.ts";
import { checkDisk } from "./disk.ts";
import { checkKinds, isUnexplained, type CheckFinding, type CheckKind } from "./finding.ts";
import { checkRules, checkWaiting } from "./index.ts";
import { CheckMarks, forgetFaults } from "./mark.ts";
import { checkServer } from "./server.ts";
import type { EngineDeps } from "../engine-deps.ts";
import {
  findRollback,
  rolledBackHint,
  rolledBackText,
  type RollbackState,
} from "../guards/rollback.ts";

/** What is to be checked, and who is told. */
export type CheckRequest = {
  /** Read the content of every file, too. */
  readonly rehash: boolean;
  /** Tell only: mark nothing, log nothing. */
  readonly dryRun: boolean;
  /** What the last sync left aside, and said why. */
  readonly left: readonly LeftPath[];
  readonly onFinding: (finding: CheckFinding) => void;
};

/** What a check came to (S104). */
export type CheckReport = {
  /** 5 with a difference that nothing explains, else 3 where the workspace was rolled back (S118). */
  readonly exit: ExitCode;
  /** Nothing is synced before the user has chosen (S118). */
  readonly isRolledBack: boolean;
  readonly onDisk: number;
  readonly onServer: number;
  readonly counts: Readonly<Record<CheckKind, number>>;
};

/**
 * Compare disk, server and index with each other, and the index with its own rules (S103). The caller holds the workspace; no
 * cycle runs. A change that the next sync will see by itself is no difference; whatever else is not equal has its node marked,
 * is counted and logged (S104).
 *
 * @throws {SnapError} what makes a plan impossible (S79), and `interrupted`: what was found until then stays marked
 */
export async function runCheck(
  deps: EngineDeps,
  request: CheckRequest,
  work: Work,
): Promise<CheckReport> {
  const { index, holds } = deps;
  const { dryRun, rehash } = request;
  const marks = dryRun ? undefined : new CheckMarks(deps);
  const counts = emptyCounts();
  const rollback = await findRollback(deps);
  const told = (found: CheckFinding): void => {
    const finding = rollback === undefined ? found : heldBack(found);
    counts[finding.kind] += 1;
    request.onFinding(finding);
  };
  if (rollback !== undefined) told(rollbackFinding(rollback));
  const tell = (finding: CheckFinding): void => {
    told(finding);
    marks?.add(finding);
  };
  const onDamaged = (read: Reread): void => {
    const finding = damageFinding(deps, read);
    told(finding);
    marks?.addDamage(finding, read);
  };
  if (!dryRun) index.transaction(() => forgetHealed(index));
  checkRules({ index, signal: work.signal }, tell);
  checkWaiting({ index, holds, left: request.left }, tell);
  const onDisk = await checkDisk(deps, { rehash, tell, onDamaged }, work);
  const onServer = await checkServer(deps, tell, work);
  marks?.flush();
  if (!dryRun) endCheck(deps);
  const isRolledBack = rollback !== undefined;
  return { exit: exitOfCheck(counts, isRolledBack), isRolledBack, onDisk, onServer, counts };
}

function exitOfCheck(counts: CheckReport["counts"], isRolledBack: boolean): ExitCode {
  if (checkKinds.some((kind) => counts[kind] > 0 && isUnexplained({ kind }))) return 5;
  return isRolledBack ? 3 : 0;
}

/** The link is held as a whole (S118): told first, since it explains what follows. */
function rollbackFinding({ found }: RollbackState): CheckFinding {
  const side = found === "remote-emptied" ? "server" : "disk";
  return { kind: "held", side, path: "", what: rolledBackText[found], hint: rolledBackHint };
}

/** No sync takes up what waits, before the user has chosen which state holds (S118). */
function heldBack(finding: CheckFinding): CheckFinding {
  if (finding.kind !== "pending") return finding;
  return { ...finding, kind: "held", what: "is not synced until the rollback is settled" };
}

function endCheck({ index, clock }: EngineDeps): void {
  forgetFaults(index);
  index.transaction(() => index.setMeta("checked_at", String(clock.now())));
}

/** What to tell of a file that was read again and has other bytes than its stamp stands for (S28). */
export function damageFinding({ index }: EngineDeps, { node }: Reread): CheckFinding {
  const path = pathOf(index.local, node) ?? "";
  const { reason: what, hint } = damageAt(index, node, path);
  return { kind: "damaged", side: "disk", path, what, node, ...(hint !== undefined && { hint }) };
}

function emptyCounts(): Record<CheckKind, number> {
  return {
    damaged: 0,
    missed: 0,
    broken: 0,
    "case-rename": 0,
    pending: 0,
    held: 0,
    parked: 0,
    unknown: 0,
  };
}
