import type { Op, PutOp } from "../../core/plan/op.ts";
import { batchEntriesMax } from "../../core/tree/remote-batches.ts";
import type { NodeId, RemoteEntry } from "../../core/tree/node.ts";
import type { TreeView } from "../../core/tree/tree-view.ts";
import { batchBytesMax, batchMin, batchedBytesMax } from "../limits.ts";
import { inRuns } from "../../std/in-runs.ts";
import type { IndexOp } from "./execute-index.ts";
import { folderDownloads, type FolderDownload } from "./folder-downloads.ts";

/** Ops that act on a side, or read it. */
export type SideOp = Exclude<Op, IndexOp>;

/** Ops that follow each other and run alike. */
export type Stretch =
  | { readonly kind: "index"; readonly ops: IndexOp[] }
  | {
      readonly kind: "transfer" | "folders" | "moves" | "removals" | "single";
      readonly step: number | undefined;
      readonly ops: SideOp[];
    };

/** What is done by one call, or by one after the other: in the end each op has its own result (S58). */
export type Task = {
  readonly ops: readonly SideOp[];
  /** The folder that these come down in. */
  readonly folder?: FolderDownload;
};

/** What the tasks of a plan depend on besides its ops. */
export type TaskGround = {
  readonly tree: TreeView<RemoteEntry>;
  /** Whether the linked folder can come down as a whole. */
  readonly givesWhole: boolean;
};

/** Cut a plan where the way of running changes; one step after the other where there are any (G45). */
export function stretches(
  ops: readonly Op[],
  stepOf: (op: Op) => number | undefined,
): readonly Stretch[] {
  const found: Stretch[] = [];
  for (const op of ops) {
    const last = found.at(-1);
    if (isIndexOp(op)) {
      if (last?.kind === "index") last.ops.push(op);
      else found.push({ kind: "index", ops: [op] });
      continue;
    }
    const kind = kindOf(op);
    const step = stepOf(op);
    const isSame = last !== undefined && last.kind !== "index" && last.kind === kind;
    if (isSame && last.step === step) last.ops.push(op);
    else found.push({ kind, step, ops: [op] });
  }
  return found;
}

function isIndexOp(op: Op): op is IndexOp {
  return op.kind === "S.adopt" || op.kind === "S.forget" || op.kind === "S.rebind";
}

function kindOf({ kind }: SideOp): Exclude<Stretch["kind"], "index"> {
  switch (kind) {
    case "L.put":
    case "R.put":
    case "ASK.hash":
      return "transfer";
    case "R.mkdir":
      return "folders";
    case "R.move":
      return "moves";
    case "R.delete":
    case "R.deleteDir":
      return "removals";
    case "L.mkdir":
    case "L.move":
    case "L.trash":
    case "L.aside":
      return "single";
  }
}

/**
 * What of a stretch runs together, in the order in which it may run: folders level by level, since each has to be there before
 * what is in it; files before the folders they are in.
 */
export function tasksOf(
  { kind, ops }: Exclude<Stretch, { kind: "index" }>,
  ground: TaskGround,
): readonly Task[] {
  switch (kind) {
    case "transfer":
      return transferTasks(ops, ground);
    case "folders":
      return levels(ops).flatMap((level) => batches(level));
    case "moves":
      return moveTasks(ops);
    case "removals": {
      const [files, folders] = [
        ops.filter((op) => op.kind === "R.delete"),
        ops.filter((op) => op.kind !== "R.delete"),
      ];
      return [...batches(files), ...alone(folders)];
    }
    case "single":
      return alone(ops);
  }
}

function transferTasks(ops: readonly SideOp[], ground: TaskGround): readonly Task[] {
  const small = ops.filter(isSmall);
  const { tree, givesWhole } = ground;
  const together: readonly Task[] = [
    ...uploadBatches(small.filter(({ kind }) => kind === "R.put")).map((some) => ({ ops: some })),
    ...folderDownloads(tree, small, givesWhole).map((folder) => ({ ops: folder.ops, folder })),
  ];
  const covered = new Set<SideOp>(together.flatMap((task) => task.ops));
  return [...together, ...alone(ops.filter((op) => !covered.has(op)))];
}

function isSmall(op: SideOp): op is PutOp {
  return (op.kind === "R.put" || op.kind === "L.put") && op.after.size <= batchedBytesMax;
}

/** In the order of the plan, each as large as it may be; too few are no batch. */
function uploadBatches(ops: readonly PutOp[]): readonly (readonly PutOp[])[] {
  const batches: PutOp[][] = [];
  let bytes = 0;
  for (const op of ops) {
    const { size } = op.after;
    const last = batches.at(-1);
    if (last === undefined || last.length >= batchEntriesMax || bytes + size > batchBytesMax) {
      batches.push([op]);
      bytes = size;
    } else {
      last.push(op);
      bytes += size;
    }
  }
  return batches.filter(({ length }) => length >= batchMin);
}

/** Folders whose parents are not made here come first, then those in them, and so on. */
function levels(ops: readonly SideOp[]): readonly SideOp[][] {
  const levelOf = new Map<NodeId, number>();
  const found: SideOp[][] = [];
  for (const op of ops) {
    const above = op.kind === "R.mkdir" ? levelOf.get(op.parent) : undefined;
    const level = above === undefined ? 0 : above + 1;
    levelOf.set(op.node, level);
    (found[level] ??= []).push(op);
  }
  return found;
}

/** In their order; files that follow each other from one folder into one other go together, since none is in another's way. */
function moveTasks(ops: readonly SideOp[]): readonly Task[] {
  const runs: { readonly way: string | undefined; readonly ops: SideOp[] }[] = [];
  for (const op of ops) {
    const way = wayOf(op);
    const last = runs.at(-1);
    if (way !== undefined && last?.way === way) last.ops.push(op);
    else runs.push({ way, ops: [op] });
  }
  return runs.flatMap((run) => batches(run.ops));
}

/** From which folder to which; undefined for what goes alone: folders, since nobody knows what they hold, and rings. */
function wayOf(op: SideOp): string | undefined {
  if (op.kind !== "R.move" || op.step !== "direct" || op.from === undefined) return undefined;
  if (op.before.kind === "folder" || op.before.parent === op.parent) return undefined;
  return `${op.before.parent} ${op.parent}`;
}

/** Where there are too few for a batch, each by itself. */
function batches(ops: readonly SideOp[]): readonly Task[] {
  if (ops.length < batchMin) return alone(ops);
  return [...inRuns(ops, batchEntriesMax)].map((some) => ({ ops: some }));
}

function alone(ops: readonly SideOp[]): readonly Task[] {
  return ops.map((op) => ({ ops: [op] }));
}
