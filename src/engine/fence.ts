import { SnapError } from "../std/error.ts";
import type { EngineDeps } from "./engine-deps.ts";

/** @throws {SnapError} `refused` unless the fence of this restore stands */
export function refuseOtherFence({ journal }: Pick<EngineDeps, "journal">, restore: string): void {
  if (journal.fence() === restore) return;
  throw new SnapError("refused", `The fence of the restore "${restore}" does not stand`);
}

/** While a restore has its fence up, only that restore moves anything (S96, S97). @throws {SnapError} `refused` */
export function refuseBehindFence({ journal }: Pick<EngineDeps, "journal">): void {
  const restore = journal.fence();
  if (restore === undefined) return;
  throw new SnapError("refused", `The restore "${restore}" is not finished`, {
    hint: `snap sync finishes it or takes it back; snap restore --abandon ${restore} gives it up.`,
  });
}
