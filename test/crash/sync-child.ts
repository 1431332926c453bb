import type { SyncPlace } from "./sync-deps.ts";
import { FaultPoints } from "./sync-points.ts";

/** What the parent wants of this process. */
export type SyncOrder = {
  readonly place: SyncPlace;
  readonly port: number;
  /** Number of the fault point at which the process ends, from 0. */
  readonly killAt: number;
  /** Which points count, by what they are about; all but bookkeeping if absent. */
  readonly only?: string | undefined;
  /** Copy the index at the end. */
  readonly copies: boolean;
};

/** What it tells when it begins and, if it lives, when it ends: how many points it passed. */
export type SyncTold = { readonly passed: number };

/** Run as a process of its own: one `snap sync`, killed at a fault point. */
process.once("message", (order: SyncOrder) => {
  void carryOut(order);
});

async function carryOut(order: SyncOrder): Promise<void> {
  const points = new FaultPoints(order.killAt, order.only);
  points.install();
  const { openSync } = await import("./sync-deps.ts");
  const { nodeFetch } = await import("../support/node-fetch.ts");
  const { copyIndex } = await import("../../src/state/backup.ts");
  process.send?.({ passed: 0 } satisfies SyncTold);
  points.begin();
  const { open, engine, clock } = openSync(
    order.place,
    points.onWire(nodeFetch({ port: order.port })),
  );
  await engine.sync();
  if (order.copies) await copyIndex(open, { path: order.place.index, now: clock.now() });
  points.pass({ call: "end", about: "end copies" });
  open.close();
  process.send?.({ passed: points.passed } satisfies SyncTold, () => process.exit(0));
}
