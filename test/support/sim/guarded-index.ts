import type { LogRow } from "../../../src/core/tree/index-rows.ts";
import type { IndexStore } from "../../../src/ports.ts";

/** What watches a process at its index. */
export type IndexWatch = {
  readonly before: (call: string) => void;
  /** Told of each line of the op log (P10). */
  readonly onLog: (row: LogRow) => void;
};

/** The same index for one process: a transaction is a call at which that process may end. */
export function guardedIndex(index: IndexStore, { before, onLog }: IndexWatch): IndexStore {
  // Its trees and the other parts that it is made of.
  const guarded: Record<string, unknown> = { ...index };
  const prototype: unknown = Object.getPrototypeOf(index);
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const member: unknown = Reflect.get(index, name);
    if (typeof member === "function") guarded[name] = member.bind(index);
  }
  guarded["log"] = (row: LogRow): void => {
    onLog(row);
    index.log(row);
  };
  let depth = 0;
  guarded["transaction"] = <T>(work: () => T): T => {
    if (depth === 0) before("transaction");
    depth += 1;
    try {
      return index.transaction(work);
    } finally {
      depth -= 1;
    }
  };
  return guarded as unknown as IndexStore;
}
