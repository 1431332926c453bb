import { z } from "zod";
import { parseOwnText } from "../document.ts";

/** An attempt of the schedule that failed; a row of them is one. */
export type ScheduleFailure = {
  /** The last one, ms since 1970. */
  readonly at: number;
  /** In a row. */
  readonly attempts: number;
  readonly code: string;
  readonly message: string;
};

/** When the last of some looks in a row was taken, ms since 1970. */
export type TornLooks = { readonly at: number; readonly attempts: number };

/** What became of the schedule of a workspace, as its index keeps it (N47); times in ms since 1970. */
export type ScheduleNote = {
  /** When the disk was looked at last, whether or not anything had changed. */
  readonly lookedAt?: number;
  /** The newest snapshot that came of it, and when. */
  readonly taken?: { readonly id: string; readonly at: number };
  readonly failure?: ScheduleFailure;
  /** A repository was torn at the last look, and at so many in a row since the time of the schedule (N45). */
  readonly torn?: TornLooks;
  /** The same of what follows a snapshot: forgetting and pruning. */
  readonly upkeepFailure?: ScheduleFailure;
};

const failureSchema = z.object({
  at: z.number(),
  attempts: z.int().min(1),
  code: z.string(),
  message: z.string(),
});

const noteSchema: z.ZodType<ScheduleNote> = z.object({
  lookedAt: z.number().exactOptional(),
  taken: z.object({ id: z.string(), at: z.number() }).exactOptional(),
  failure: failureSchema.exactOptional(),
  torn: z.object({ at: z.number(), attempts: z.int().min(1) }).exactOptional(),
  upkeepFailure: failureSchema.exactOptional(),
});

/** Read it; what is missing or damaged says nothing: the store itself knows when there was a snapshot. */
export function parseScheduleNote(text: string | undefined): ScheduleNote {
  return parseOwnText(text, noteSchema) ?? {};
}

/** One more failure of the same kind of attempt. */
export function failedAgain(
  before: ScheduleFailure | undefined,
  now: Omit<ScheduleFailure, "attempts">,
): ScheduleFailure {
  return { ...now, attempts: (before?.attempts ?? 0) + 1 };
}
