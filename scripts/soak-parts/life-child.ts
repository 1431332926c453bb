/** One client of the long life: a process that goes on, syncs when it is told to, and says how much it holds. */
import { readdirSync, readlinkSync } from "node:fs";
import { skipFlushes } from "../../test/crash/sync-points.ts";
import type { OpenSync, SyncPlace } from "../../test/crash/sync-deps.ts";

export type LifeOrder = {
  readonly place: SyncPlace;
  readonly port: number;
  /** By how much the clock is put forward before the sync, ms. */
  readonly advanceMs: number;
};

/** What a client holds after a sync. */
export type LifeTold = {
  /** Cycles of the last sync: one means that there was nothing to do. */
  readonly cycles: number;
  readonly left: number;
  /** Of the heap and beside it, after a collection of garbage. */
  readonly memoryBytes: number;
  /** Open files, without sockets; 0 where the system does not tell. */
  readonly handles: number;
};

let client: OpenSync | undefined;

process.on("disconnect", () => process.exit(0));
process.on("message", (order: LifeOrder) => void syncOnce(order));

async function syncOnce(order: LifeOrder): Promise<void> {
  client ??= await opened(order);
  client.advance(order.advanceMs);
  const { cycles, left } = await client.engine.sync();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  const told: LifeTold = {
    cycles,
    left: left.length,
    memoryBytes: heapUsed + external,
    handles: handles(),
  };
  process.send?.(told);
}

async function opened({ place, port }: LifeOrder): Promise<OpenSync> {
  skipFlushes();
  const { openSync } = await import("../../test/crash/sync-deps.ts");
  const { nodeFetch } = await import("../../test/support/node-fetch.ts");
  return openSync(place, nodeFetch({ port }));
}

/** Without sockets: the line to the server is the soak's own, and keeps some open for a while. */
function handles(): number {
  if (process.platform !== "linux") return 0;
  return readdirSync("/proc/self/fd").filter((name) => !isSocketOrGone(`/proc/self/fd/${name}`))
    .length;
}

function isSocketOrGone(handle: string): boolean {
  try {
    return readlinkSync(handle).startsWith("socket:");
  } catch {
    // That of the listing itself.
    return true;
  }
}
