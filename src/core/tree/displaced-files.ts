import type { DisplacedRow } from "./index-rows.ts";

/** Files in the trash that a program may still be writing to (S65); writes join the index's transactions. */
export interface DisplacedFiles {
  /** In the order of area and path, behind a row. */
  after(row: DisplacedRow | undefined, countMax: number): readonly DisplacedRow[];
  put(row: DisplacedRow): void;
  remove(row: DisplacedRow): void;
}
