import type { ErrorCode } from "../../std/error.ts";
import type { LeftPath } from "./sync-report.ts";

/** Why two sides do not become equal (S105). */
export type StuckKind = "network" | "throttled" | "disk" | "volatile" | "held" | "parked";

const kindOfCode: Readonly<Partial<Record<ErrorCode, StuckKind>>> = {
  offline: "network",
  "server-error": "network",
  throttled: "throttled",
  "disk-full": "disk",
  "disk-read-only": "disk",
  "disk-error": "disk",
  "workspace-missing": "disk",
  "permission-denied": "disk",
  volatile: "volatile",
};

/** The earlier one names the whole: without network nothing else can be told. */
const precedence: readonly StuckKind[] = [
  ...(["network", "throttled", "disk", "volatile", "held", "parked"] as const),
];

/**
 * The kind of reason for which the sides are not equal; undefined where nothing that was left aside stands in the way (S105).
 *
 * @param left what the last sync left aside
 * @param ended the code of the error that ended it, if one did
 */
export function whyNotConverged(
  left: readonly LeftPath[],
  ended: ErrorCode | undefined,
): StuckKind | undefined {
  const found = new Set(left.map(kindOf));
  if (ended !== undefined) found.add(kindOfCode[ended]);
  return precedence.find((kind) => found.has(kind));
}

function kindOf({ kind, code }: LeftPath): StuckKind | undefined {
  switch (kind) {
    case "hold":
      return "held";
    case "damaged":
      return "disk";
    case "parked":
      return (code === undefined ? undefined : kindOfCode[code]) ?? "parked";
    case "unknown":
      return (code === undefined ? undefined : kindOfCode[code]) ?? "disk";
    case "refused":
    case "unsynced":
      return undefined;
  }
}
