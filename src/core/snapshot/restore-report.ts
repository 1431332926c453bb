import { z } from "zod";
import type { ExitCode } from "../../std/error.ts";
import type { PlanOptions } from "./restore-item.ts";
import type { SideCounts } from "./restore-plan.ts";
import { read } from "./restore-record.ts";
import type { RestoreRow, RestoreState } from "./restore-state.ts";
import { serverSides, type ServerSide } from "./server-world.ts";
import { unitSteps, type UnitStep } from "./unit-step.ts";

/** A path that was left aside, or about which there is something to say. */
export type LeftItem = {
  readonly path: string;
  readonly side: "both" | "local" | "remote";
  readonly reason: string;
};

/** What is noted of a restore from its start: `options` of its row, and the larger part of its report. */
export type RestoreFacts = {
  readonly options: PlanOptions;
  /** How the user agreed. */
  readonly consent: "none" | "yes" | "plan" | "ask";
  readonly device: string;
  /** The restore that this one takes back. */
  readonly undoes: string | null;
  /** Ids of the safety snapshots (T3). */
  readonly safety: { readonly local: string | null; readonly remote: string | null };
  readonly counts: { readonly local: SideCounts; readonly remote: SideCounts | null };
  readonly left: readonly LeftItem[];
  readonly ignored: number;
  readonly uploadedBytes: number;
  /** Files that Dropbox put back, moved or copied itself (T24); absent where there are none. */
  readonly reverted?: number;
  readonly moved?: number;
  readonly copied?: number;
  /** What Dropbox may do itself, where that is not all. */
  readonly serverSide?: ServerSide;
  /** What was done with repositories (T38), each with what was left there; absent where nothing was. */
  readonly units?: readonly UnitStep[];
  /** Paths that somebody edited meanwhile (T26). */
  readonly late: readonly string[];
};

const counts: z.ZodType<SideCounts> = z.object({
  keep: z.number(),
  metadata: z.number(),
  create: z.number(),
  replace: z.number(),
  delete: z.number(),
  aside: z.number(),
  bytes: z.number(),
});

const leftItem: z.ZodType<LeftItem> = z.object({
  path: z.string(),
  side: z.enum(["both", "local", "remote"]),
  reason: z.string(),
});

const facts: z.ZodType<RestoreFacts> = z.object({
  options: z.object({
    paths: z.array(z.string()),
    delete: z.boolean(),
    onUnsaved: z.enum(["refuse", "keep", "replace"]),
    specialModes: z.boolean().exactOptional(),
    ignored: z.boolean().exactOptional(),
    procedure: z.literal("documented").exactOptional(),
    dropCommits: z.boolean().exactOptional(),
  }),
  consent: z.enum(["none", "yes", "plan", "ask"]),
  device: z.string(),
  undoes: z.string().nullable(),
  safety: z.object({ local: z.string().nullable(), remote: z.string().nullable() }),
  counts: z.object({ local: counts, remote: counts.nullable() }),
  left: z.array(leftItem),
  ignored: z.number(),
  uploadedBytes: z.number(),
  reverted: z.number().exactOptional(),
  moved: z.number().exactOptional(),
  copied: z.number().exactOptional(),
  serverSide: z.enum(serverSides).exactOptional(),
  units: unitSteps.exactOptional(),
  late: z.array(z.string()),
});

/** How a restore ended, kept with it (T46). */
export type RestoreReport = RestoreFacts & {
  /** Its id: what `undo` takes. */
  readonly restore: string;
  readonly kind: RestoreRow["kind"];
  readonly snapshot: string | null;
  readonly state: RestoreState;
  readonly digest: string;
  /** ms since 1970. */
  readonly madeAt: number;
  readonly endedAt: number;
  readonly exit: ExitCode;
};

/** @throws {SnapError} `damaged` */
export function readFacts(row: RestoreRow): RestoreFacts {
  return read(facts, row.options);
}

/** What is known only at the end: `report` of the row. */
export type Ending = { readonly endedAt: number; readonly exit: 0 | 3 | 4 | 5 | 130 };

const ending: z.ZodType<Ending> = z.object({
  endedAt: z.number(),
  exit: z.union([z.literal(0), z.literal(3), z.literal(4), z.literal(5), z.literal(130)]),
});

/** The whole report of a row that has ended. @throws {SnapError} `damaged` */
export function reportOf(row: RestoreRow): RestoreReport {
  const end = row.report === undefined ? undefined : read(ending, row.report);
  return {
    ...readFacts(row),
    restore: row.id,
    kind: row.kind,
    snapshot: row.snapshot ?? null,
    state: row.state,
    digest: row.digest,
    madeAt: row.madeAt,
    endedAt: end?.endedAt ?? row.madeAt,
    exit: end?.exit ?? 4,
  };
}
