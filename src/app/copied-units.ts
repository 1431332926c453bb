import path from "node:path";
import type { UnitFacts } from "../core/snapshot/unit.ts";
import type { UnitVerdict } from "../core/repo/unit.ts";
import { checkUnit } from "../guard/check-unit.ts";
import { Unproven } from "../guard/unproven.ts";
import type { Work } from "../std/events.ts";
import type { Environment } from "./environment.ts";
import { unitCheck } from "./repository-units.ts";

/** A repository that was copied out of a snapshot, and whether it is whole (T15). */
export type CopiedUnit = UnitVerdict & { readonly id: string };

/** Check repositories where they were copied to (T15): structure, tips, and that all is there. Only reads. */
export async function checkCopiedUnits(
  environment: Environment,
  { to, units }: { readonly to: string; readonly units: readonly UnitFacts[] },
  { signal }: Work,
): Promise<readonly CopiedUnit[]> {
  const options = unitCheck(environment, to);
  const checked: CopiedUnit[] = [];
  for (const { id, vcs } of units) {
    const folder = Buffer.from(path.join(to, id));
    const verdict = await checkUnit({ vcs, folder }, options(signal)).catch(unproven);
    checked.push({ ...verdict, id });
  }
  return checked;
}

function unproven(error: unknown): UnitVerdict {
  if (!(error instanceof Unproven)) throw error;
  return { word: "unverified", reasons: [error.reason] };
}
