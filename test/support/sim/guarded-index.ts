import type { IndexStore } from "../../../src/ports.ts";

/** The same index for one process: a transaction is a call at which that process may end. */
export function guardedIndex(index: IndexStore, before: (call: string) => void): IndexStore {
  // Its trees and the other parts that it is made of.
  const guarded: Record<string, unknown> = { ...index };
  const prototype: unknown = Object.getPrototypeOf(index);
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const member: unknown = Reflect.get(index, name);
    if (typeof member === "function") guarded[name] = member.bind(index);
  }
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
