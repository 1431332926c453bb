import { z } from "zod";
import { parseOwnText } from "../document.ts";

/** A repository that lies where a rule of the link leaves everything out (G9): nothing of it is transferred. */
export type CoveredRepository = {
  /** Below the workspace; `.` for its top. */
  readonly path: string;
  readonly vcs: string | null;
  readonly form: string;
  readonly severity: "warn";
  readonly covered: true;
};

/** What a sweep into the folders that are left out found (G21). */
export type CoveredRepositories = {
  /** By which scope they are left out: by another one they may not be. */
  readonly digest: string;
  /** When it was looked, ms since 1970. */
  readonly sweptAt: number;
  readonly found: readonly CoveredRepository[];
};

/** At most this many are kept for the status. */
export const coveredMax = 100;

const shape: z.ZodType<CoveredRepositories> = z.object({
  digest: z.string(),
  sweptAt: z.number(),
  found: z
    .array(
      z.object({
        path: z.string(),
        vcs: z.string().nullable(),
        form: z.string(),
        severity: z.literal("warn"),
        covered: z.literal(true),
      }),
    )
    .max(coveredMax),
});

/** Undefined where there are none, or what is there is none of ours: the next sweep writes it anew. */
export function parseCovered(text: string | undefined): CoveredRepositories | undefined {
  return parseOwnText(text, shape);
}
