import { z } from "zod";
import type { ExitCode } from "../../std/error.ts";
import { read } from "./restore-record.ts";
import type { RestoreRow, RestoreState } from "./restore-state.ts";

const counts = z.object({
  keep: z.number(),
  metadata: z.number(),
  create: z.number(),
  replace: z.number(),
  delete: z.number(),
  aside: z.number(),
  bytes: z.number(),
});

const leftItem = z.object({
  path: z.string(),
  side: z.enum(["both", "local", "remote"]),
  reason: z.string(),
});

/** A path that was left aside, or about which there is something to say. */
export type LeftItem = z.infer<typeof leftItem>;

const facts = z.object({
  options: z.object({
    paths: z.array(z.string()),
    delete: z.boolean(),
    onUnsaved: z.enum(["refuse", "keep", "replace"]),
  }),
  /** How the user agreed. */
  consent: z.enum(["none", "yes", "plan", "ask"]),
  device: z.string(),
  /** The restore that this one takes back. */
  undoes: z.string().nullable(),
  /** Ids of the safety snapshots (T3). */
  safety: z.object({ local: z.string().nullable(), remote: z.string().nullable() }),
  counts: z.object({ local: counts, remote: counts.nullable() }),
  left: z.array(leftItem),
  ignored: z.number(),
  /** Bytes that the push uploaded, and paths that somebody edited meanwhile (T26). */
  uploadedBytes: z.number(),
  late: z.array(z.string()),
});

/** What is noted of a restore from its start: `options` of its row, and the larger part of its report. */
export type RestoreFacts = z.infer<typeof facts>;

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

const ending = z.object({
  endedAt: z.number(),
  exit: z.union([z.literal(0), z.literal(3), z.literal(4), z.literal(5), z.literal(130)]),
});

/** What is known only at the end: `report` of the row. */
export type Ending = z.infer<typeof ending>;

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
