import type { CopyDisk } from "./copy-disk.ts";
import { runCopyJob, type CopyJob, type PutFailure } from "./copy-job.ts";

/** Does jobs, here or on threads; with its end they end. */
export type JobRunner = AsyncDisposable & {
  /** Jobs that are worth having under way. */
  readonly atOnce: number;
  readonly run: (job: CopyJob) => Promise<readonly PutFailure[]>;
};

/** Does them where it is called. */
export function runnerHere(disk: CopyDisk): JobRunner {
  return {
    atOnce: 1,
    run: async (job) => await Promise.resolve(runCopyJob(job, disk)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
