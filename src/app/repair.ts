import type { RepairReport } from "../core/snapshot/repair-request.ts";
import type { Work } from "../std/events.ts";
import type { Environment } from "./environment.ts";
import { OutsideSources } from "./repair-sources.ts";
import { openSnapshotStore } from "./store.ts";

/** What a person asks of `snap repair`. */
export type RepairRequest = {
  readonly dryRun: boolean;
  /** How long to wait for another writer, ms. */
  readonly wait: number | undefined;
};

/** Make the store whole again as far as it can be (N53). @throws {SnapError} `busy`, `disk-full`, `interrupted`, `version-too-new` */
export async function repairStore(
  environment: Environment,
  { dryRun, wait }: RepairRequest,
  work: Work,
): Promise<RepairReport> {
  const store = await openSnapshotStore(environment, { wait });
  await using sources = new OutsideSources(environment);
  return await store.keeping.repair(sources, { ...work, dryRun });
}
