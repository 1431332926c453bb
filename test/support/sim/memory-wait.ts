import { throwIfAborted } from "../../../src/std/error.ts";
import type { MemoryCloud } from "./memory-cloud.ts";

/** Resolves when the journal goes on behind a position, or the linked folder is gone. @throws {SnapError} `interrupted` */
export async function journalBehind(
  cloud: MemoryCloud,
  position: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = (): void => {
    if (cloud.root === undefined || cloud.journal.length > position) resolve();
  };
  const forget = cloud.onLine(look);
  const leave = (): void => resolve();
  signal?.addEventListener("abort", leave, { once: true });
  try {
    throwIfAborted(signal);
    look();
    await promise;
    throwIfAborted(signal);
  } finally {
    forget();
    signal?.removeEventListener("abort", leave);
  }
}
