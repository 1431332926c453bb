/** Runs in a thread of its own: decodes frames, checks the blocks in them, and writes them where they belong. */
import { parentPort } from "node:worker_threads";
import { describeError } from "../std/error.ts";
import { nodeCopyDisk } from "./copy-disk.ts";
import { runCopyJob, type CopyJob, type PutFailure } from "./copy-job.ts";

/** What a thread answers. */
export type JobAnswer = { readonly failures: readonly PutFailure[] } | { readonly broken: string };

parentPort?.on("message", (job: CopyJob) => parentPort?.postMessage(answerTo(job)));

function answerTo(job: CopyJob): JobAnswer {
  try {
    return { failures: runCopyJob(job, nodeCopyDisk) };
  } catch (error) {
    return { broken: describeError(error) };
  }
}
