import { scheduleDefault } from "../core/settings/catalogue.ts";
import { parseSchedule, retryAt, slotsAround } from "../core/snapshot/schedule.ts";
import type { ScheduleFailure, ScheduleNote } from "../core/snapshot/schedule-note.ts";
import type { WorkspaceRecord } from "../state/config.ts";
import type { Environment } from "./environment.ts";
import { localOffset } from "./forget.ts";
import { settingsOf } from "./settings-of.ts";
import { storeDamage } from "./upkeep.ts";

/** An attempt that failed, and when it is made again; ms since 1970. */
export type ToldFailure = Pick<ScheduleFailure, "at" | "attempts" | "message"> & {
  readonly retryAt?: number;
};

/** What there is to say of the snapshots of a workspace (N47); times in ms since 1970. */
export type SnapshotsStatus = {
  /** As it stands in the settings. */
  readonly schedule: string;
  /** The last one of the schedule. */
  readonly last?: { readonly id: string; readonly at: number };
  /** When the next one is, or was, due, if something changes until then; absent where nobody would take it. */
  readonly nextAt?: number;
  readonly failure?: ToldFailure;
  /** The same of forgetting and pruning. */
  readonly upkeepFailure?: ToldFailure;
  /** What the daily verification found damaged in the store (N51). */
  readonly damage?: { readonly at: number; readonly count: number };
};

/** @param isKept whether a background sync looks after the workspace @throws {SnapError} `settings-invalid` */
export function snapshotsStatus(
  environment: Environment,
  record: Pick<WorkspaceRecord, "id">,
  { note, isKept }: { readonly note: ScheduleNote; readonly isKept: boolean },
): SnapshotsStatus {
  const { taken, failure, upkeepFailure } = note;
  const schedule = settingsOf(environment, record)["snapshot.schedule"] ?? scheduleDefault;
  const now = environment.clock.now();
  const nextAt = isKept ? nextOf(schedule, note, now) : undefined;
  const damage = storeDamage(environment);
  return {
    schedule,
    ...(taken === undefined ? {} : { last: taken }),
    ...(nextAt === undefined ? {} : { nextAt }),
    ...(failure === undefined ? {} : { failure: told(failure, isKept ? now : undefined) }),
    ...(upkeepFailure === undefined ? {} : { upkeepFailure: told(upkeepFailure, undefined) }),
    ...(damage === undefined ? {} : { damage }),
  };
}

/** One that is due waits since then for the sync, or for the end of a pause after it failed. */
function nextOf(
  text: string,
  { lookedAt, failure }: ScheduleNote,
  now: number,
): number | undefined {
  const slots = slotsAround(parseSchedule(text) ?? { kind: "off" }, now, localOffset);
  if (slots === undefined) return undefined;
  if (lookedAt !== undefined && lookedAt >= slots.last) return slots.next;
  return failure === undefined ? slots.last : retryAt(failure, now);
}

function told({ at, attempts, message }: ScheduleFailure, now: number | undefined): ToldFailure {
  const again = now === undefined ? undefined : retryAt({ at, attempts }, now);
  return { at, attempts, message, ...(again === undefined ? {} : { retryAt: again }) };
}
