import type { LogRow } from "../../core/tree/index-rows.ts";
import type { NodeId } from "../../core/tree/node.ts";
import type { IndexStore } from "../../ports.ts";
import { noteDamage, type Reread } from "./bit-rot.ts";
import { isUnexplained, type CheckFinding } from "./finding.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { newOpId } from "../execute/execution.ts";
import { generationOf } from "../guards/generation.ts";

/** Findings that share one transaction. */
const groupMax = 500;

/** Rounds of forgetting rows that hang nowhere: each takes one level of folders. */
const forgetRoundsMax = 512;

/** Rows forgotten in one round. */
const faultsMax = 10_000;

/**
 * See to it that the next sync looks again at what a check found (S104). Nothing is repaired by assumption: nodes are marked,
 * memories that cannot be right are dropped, and what is then observed decides. Nothing is removed by that on either
 * side, since a synced row goes before the rows that could make its node look removed.
 */
export class CheckMarks {
  readonly #deps: EngineDeps;
  #waiting: CheckFinding[] = [];

  constructor(deps: EngineDeps) {
    this.#deps = deps;
  }

  add(finding: CheckFinding): void {
    if (!isUnexplained(finding) && finding.kind !== "case-rename") return;
    this.#waiting.push(finding);
    if (this.#waiting.length >= groupMax) this.flush();
  }

  /** A file with other bytes than its stamp stands for is left alone from now on (S28). */
  addDamage(finding: CheckFinding, read: Reread): void {
    this.#deps.index.transaction(() => {
      noteDamage(this.#deps.index, read);
      this.#mark(finding);
    });
  }

  /** Write down what was added; called once more at the end. */
  flush(): void {
    const findings = this.#waiting;
    this.#waiting = [];
    if (findings.length === 0) return;
    this.#deps.index.transaction(() => {
      for (const finding of findings) this.#mark(finding);
    });
  }

  #mark(finding: CheckFinding): void {
    const { index, clock, rng } = this.#deps;
    const { kind, side, path, what, node } = finding;
    if (node !== undefined) index.markDirty(node);
    if (node !== undefined && kind === "broken" && side === "disk") distrust(index, node);
    // The listing of changes did not tell: everything is listed anew (S34).
    if (side === "server") index.setMeta("cursor", undefined);
    if (isUnexplained(finding)) count(index);
    const shared = { cycle: generationOf(index, "generation"), op: newOpId(rng), kind: "check" };
    const row: LogRow = {
      at: clock.now(),
      ...shared,
      path,
      before: side,
      after: what,
      outcome: kind,
    };
    index.log(row);
  }
}

function count(index: IndexStore): void {
  const before = Number(index.meta("differences") ?? 0);
  index.setMeta("differences", String(before + 1));
}

/** The next look at the disk reads the file, whatever its stamp says (S24). */
function distrust(index: IndexStore, node: NodeId): void {
  const [local, synced] = [index.local.get(node), index.synced.get(node)];
  if (local !== undefined) index.local.put({ ...local, trusted: false });
  if (synced !== undefined) index.synced.put({ ...synced, trusted: false });
}

/**
 * Forget rows that hang nowhere, or stand where another one does: both sides are looked at as for the first time there, and
 * what is equal is adopted (S44). What hung below such a row hangs nowhere after it, and goes in the next round.
 */
export function forgetFaults(index: IndexStore): void {
  for (let round = 0; round < forgetRoundsMax; round += 1) {
    const faults = index.care.faults(faultsMax);
    if (faults.length === 0) break;
    index.transaction(() => {
      for (const { tree, node } of faults) {
        index.synced.remove(node);
        if (tree !== "synced") index[tree].remove(node);
        if (tree === "remote") index.setMeta("cursor", undefined);
      }
    });
  }
  index.transaction(() => index.care.removeLeftovers());
}
