import type { Op } from "../core/plan/op.ts";
import type { LeftPath } from "../core/plan/sync-report.ts";
import type { PendingExclusions } from "../engine/scope/exclusions-in-force.ts";
import { workspaceFiles } from "../state/locations.ts";
import { Spool } from "../state/spool.ts";
import type { Work } from "../std/events.ts";
import type { Environment } from "./environment.ts";
import { requireLink, type LinkedRecord } from "./find-workspace.ts";
import { openLinked } from "./workspace.ts";

/** One thing that a sync would do. */
export type PreviewOp = {
  readonly side: "local" | "remote";
  readonly does: string;
  readonly path: string;
};

/** Who is told what a sync would do. */
export type PreviewWork = Work & {
  /** One after the other, once all are known and the workspace is free again; what is returned is waited for. */
  readonly onOp?: (op: PreviewOp) => void | Promise<void>;
};

/** What a sync would do: how many ops were told, and what it would leave aside. */
export type SyncPreview = { readonly count: number; readonly left: readonly LeftPath[] };

/**
 * Look at both sides and plan; nothing is moved.
 *
 * @throws {SnapError} as `syncWorkspace`; `rolled-back` whatever the setting `rollback` says, since a look settles nothing
 */
export async function previewSync(
  environment: Environment,
  place: string,
  { onOp, ...work }: PreviewWork,
): Promise<SyncPreview> {
  const record = requireLink(environment, place);
  const { index } = workspaceFiles(environment.locations, record.id);
  using told = new Spool(`${index}.told`);
  const preview = await lookAhead(environment, record, { ...work, onOp: (op) => keep(told, op) });
  // Whoever reads slowly keeps nobody from the workspace.
  if (onOp !== undefined) for (const line of told.lines()) await onOp(readOp(line));
  return preview;
}

/** The path is escaped: a name may have a line end in it. */
function keep(told: Spool, { side, does, path }: PreviewOp): void {
  told.add(`${side} ${does} ${JSON.stringify(path)}`);
}

function readOp(line: string): PreviewOp {
  const [side, does = "", ...path] = line.split(" ");
  return {
    side: side === "local" ? "local" : "remote",
    does,
    path: String(JSON.parse(path.join(" "))),
  };
}

type LookAheadWork = Work & { readonly onOp: (op: PreviewOp) => void };

async function lookAhead(
  environment: Environment,
  record: LinkedRecord,
  { onOp, ...work }: LookAheadWork,
): Promise<SyncPreview> {
  await using workspace = await openLinked(environment, record, "sync --dry-run");
  let count = 0;
  const tell = (op: PreviewOp): void => {
    count += 1;
    onOp(op);
  };
  const { left } = await workspace.engine.dryRun({
    ...work,
    onExclusions: (pending) => {
      for (const op of describeExclusions(pending)) tell(op);
    },
    onOps: (ops) => {
      for (const op of ops) {
        const described = describe(op);
        if (described !== undefined) tell(described);
      }
    },
  });
  return { count, left };
}

/** Folders that leave the disk, or come back to it, before everything else (S93). */
function describeExclusions({ leaving, returning }: PendingExclusions): readonly PreviewOp[] {
  return [
    ...leaving.map((path) => ({ side: "local", does: "exclude", path }) as const),
    ...returning.map((path) => ({ side: "local", does: "include", path }) as const),
  ];
}

const verbs: Readonly<Partial<Record<Op["kind"], string>>> = {
  "L.mkdir": "folder",
  "L.put": "download",
  "L.move": "move",
  "L.trash": "remove",
  "L.aside": "conflict",
  "R.mkdir": "folder",
  "R.put": "upload",
  "R.move": "move",
  "R.delete": "remove",
  "R.deleteDir": "remove",
};

/** Undefined for what changes the index alone. */
function describe({ kind, path }: Op): PreviewOp | undefined {
  const does = verbs[kind];
  if (does === undefined) return undefined;
  return { side: kind.startsWith("L.") ? "local" : "remote", does, path };
}
