import type { HoldRow } from "./index-rows.ts";

/** The sets of ops that guards hold (S80, S82), in the file of the index; writes join its transactions. */
export interface HoldStore {
  holds(): readonly HoldRow[];
  putHold(row: HoldRow): void;
  removeHold(digest: string): void;
}
