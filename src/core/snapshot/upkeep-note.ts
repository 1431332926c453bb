import { z } from "zod";
import { parseOwnText } from "../document.ts";

/** What the background sync has done for the store, beside the indexes; the file may be removed at any time. */
export type UpkeepNote = {
  /** The day of the last verification, and how much of its time is spent, ms. */
  readonly verified?: { readonly day: string; readonly spentMs: number };
  /** Found damaged, and not found sound since; ms since 1970. */
  readonly damage?: { readonly at: number; readonly count: number };
  /** The day on which it was looked last whether a prune is worth it. */
  readonly prunedOn?: string;
  /** The day on which pinned thin snapshots were last looked after. */
  readonly hydratedOn?: string;
};

const noteSchema: z.ZodType<UpkeepNote> = z.object({
  verified: z.object({ day: z.string(), spentMs: z.number() }).exactOptional(),
  damage: z.object({ at: z.number(), count: z.number() }).exactOptional(),
  prunedOn: z.string().exactOptional(),
  hydratedOn: z.string().exactOptional(),
});

/** Read it; what is damaged says nothing. */
export function parseUpkeepNote(text: string): UpkeepNote {
  return parseOwnText(text, noteSchema) ?? {};
}
