import { nodeCopyDisk } from "./copy-disk.ts";
import { runnerHere, type JobRunner } from "./copy-runner.ts";
import { JobThreads } from "./job-threads.ts";

/** What is less than this is done sooner than a thread has begun. */
const threadBytesMin = 8 * 1024 * 1024;
const threadFilesMin = 500;

/** Threads for much work; little is done here. */
export function runnerFor(work: { readonly bytes: number; readonly files: number }): JobRunner {
  const isMuch = work.bytes >= threadBytesMin || work.files >= threadFilesMin;
  return isMuch ? new JobThreads() : runnerHere(nodeCopyDisk);
}
