import { setFlagsFromString } from "node:v8";
import { setImmediate as turn } from "node:timers/promises";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect: unknown = runInNewContext("gc");

/** Bytes of the heap that something still holds, when all else has been collected. */
export async function heldBytes(): Promise<number> {
  // What a weak reference led to in this turn of the event loop is kept until its end.
  for (let round = 0; round < 3; round += 1) {
    await turn();
    if (typeof collect === "function") collect();
  }
  return process.memoryUsage().heapUsed;
}
