import type { LocalAct } from "../../core/plan/local-act.ts";
import type { RelPath } from "../../core/path/rel-path.ts";
import type { DisplacedRow, Intent } from "../../core/tree/index-rows.ts";
import type { NodeId } from "../../core/tree/node.ts";
import type { ActOp } from "./commit-act.ts";

/** What an intent has to say to the run that comes after a crash (S74). */
export type IntentDetail =
  /** An act on the disk; with the op, so that it can be committed like one that was not interrupted. */
  | { readonly step: "act"; readonly act: LocalAct; readonly op: ActOp }
  | Ring
  | Skeleton
  | StagedCopy
  | LateEdit;

/** A folder of the server that is being removed: what is left of it stands at `staged` (S63). */
export type Skeleton = {
  readonly step: "skeleton";
  readonly staged: RelPath;
  readonly from: RelPath;
  /** Of the folder, where it is known: what has another id is not the one. */
  readonly remoteId?: string;
};

/** A copy that the server makes of content that it has: it stands at `staged` until it is known to be what is wanted (S58). */
export type StagedCopy = { readonly step: "copy"; readonly staged: RelPath };

/** What a program wrote to a file after it was displaced goes back beside its place (S65). */
export type LateEdit = {
  readonly step: "late";
  readonly act: LocalAct;
  readonly displaced: DisplacedRow;
};

/** A node taken out of a ring of renames: it stands at `staged` and belongs at `to`, or back at `from` (S49). */
export type Ring = {
  readonly step: "ring";
  readonly side: "local" | "remote";
  readonly staged: RelPath;
  readonly from: Home;
  readonly to: Home;
  /** The act that takes it to `staged`, on the disk. */
  readonly act: LocalAct | undefined;
};

/** A place by node: paths change while a plan runs. */
export type Home = { readonly parent: NodeId; readonly name: string };

/** @param op the id under which the intent ends. */
export function intentOf(op: string, node: NodeId, detail: IntentDetail): Intent {
  return { op, kind: detail.step, node, detail: JSON.stringify(detail) };
}

/** Intents are read by the program that wrote them, from a file that nobody else may write to (S10). */
export function detailOf(intent: Intent): IntentDetail {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by `intentOf`, in our own index
  return JSON.parse(intent.detail) as IntentDetail;
}
