import { writeTree } from "../wire/call.ts";
import type { Call } from "../wire/call.ts";
import { EndpointFailure, WriteFailure, nested, wrapFailures } from "../wire/failure.ts";
import type { Json, Tagged, Wrappers } from "../wire/failure.ts";
import { addJob } from "./jobs.ts";
import type { JobFamily } from "./jobs.ts";
import type { Tree } from "../tree/tree.ts";

/** Entries that are done one after the other in one transaction, each for itself (V41, V45). */
export type Batch<E> = {
  readonly entries: readonly E[];
  /**
   * Begins a transaction; what it returns gives each entry its result. An entry is refused before it writes anything,
   * so that no half of it stays.
   */
  readonly begin: (tree: Tree) => (entry: E) => Tagged;
  /** The result of each entry where the disk was too full for the transaction. */
  readonly refused: (error: WriteFailure) => Tagged;
  /** Whose job it becomes; undefined for one that is answered at once. */
  readonly family?: JobFamily | undefined;
};

/** What became of a batch: the results in the order of the entries, and the job that keeps them, if any. */
export type BatchOutcome = { readonly entries: readonly Tagged[]; readonly job?: string };

/** Do a batch; what is not refused is durable when this resolves. */
export async function runBatch<E>(call: Call, batch: Batch<E>): Promise<BatchOutcome> {
  const { family } = batch;
  try {
    return await writeTree(call, (tree) => {
      const run = batch.begin(tree);
      const entries = batch.entries.map((entry) => run(entry));
      return family === undefined
        ? { entries }
        : { entries, job: addJob(call, family, complete(entries)) };
    });
  } catch (error) {
    // The disk was full at the end of the transaction: nothing of the batch was written, not even a job.
    if (!(error instanceof WriteFailure)) throw error;
    return { entries: batch.entries.map(() => batch.refused(error)) };
  }
}

/** A `…Launch`: the job, or the results where there is none. */
export function launched({ entries, job }: BatchOutcome): Tagged {
  return job === undefined ? complete(entries) : nested("async_job_id", job);
}

/** The state of a job whose entries have results. */
export function complete(entries: readonly Json[]): Tagged {
  return { ".tag": "complete", entries };
}

/** A batch that failed as a whole, and wrote nothing, is a job that says so. */
export async function failedJob(
  call: Call,
  family: JobFamily,
  { error }: EndpointFailure,
): Promise<Tagged> {
  const { database } = call.services;
  const job = await database.write(() => addJob(call, family, nested("failed", error)));
  return nested("async_job_id", job);
}

/** The value of one entry, or the member of its own error union that says why there is none. */
export function attempt<T>(wrap: Wrappers, work: () => T): T | EndpointFailure {
  try {
    return wrapFailures(wrap, work);
  } catch (error) {
    if (error instanceof EndpointFailure) return error;
    throw error;
  }
}
