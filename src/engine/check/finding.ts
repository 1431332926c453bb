import type { NodeId } from "../../core/tree/node.ts";

/**
 * What a check found, by what explains it (S103, S104). Whatever the next sync sees by itself is explained: `pending`, or
 * `held`, `parked` and `unknown` where it is left aside. So is a change of case that the server does not tell of
 * (S35). Unexplained are bytes that changed by themselves (`damaged`, S28), a change
 * on the server that no listing of changes names (`missed`), and an index that contradicts itself or a side (`broken`).
 */
export type CheckKind =
  | "damaged"
  | "missed"
  | "broken"
  | "case-rename"
  | "pending"
  | "held"
  | "parked"
  | "unknown";

/** Every kind, the unexplained ones first. */
export const checkKinds: readonly CheckKind[] = [
  ...(["damaged", "missed", "broken"] as const),
  ...(["case-rename", "pending", "held", "parked", "unknown"] as const),
];

/** One thing that is not equal, or not as it should be. */
export type CheckFinding = {
  readonly kind: CheckKind;
  readonly side: "disk" | "server" | "index";
  /** In the workspace or the linked folder; "" where it is about no single place. */
  readonly path: string;
  /** The end of a sentence about it. */
  readonly what: string;
  readonly hint?: string;
  /** The node to be looked at again; undefined where none is known. */
  readonly node?: NodeId | undefined;
};

/** Gets each finding as soon as it is sure. */
export type Tell = (finding: CheckFinding) => void;

const unexplained: ReadonlySet<CheckKind> = new Set(["damaged", "missed", "broken"]);

/** Whether a finding counts as a difference (S104). */
export function isUnexplained({ kind }: Pick<CheckFinding, "kind">): boolean {
  return unexplained.has(kind);
}
