import { parentPort } from "node:worker_threads";
import { describeError, systemCode } from "../std/error.ts";

/** What a thread says of a job: one of the two. */
export type ThreadAnswer<Answer> = {
  readonly answer?: Answer;
  /** What the system said instead. */
  readonly failure?: { readonly code: string | undefined; readonly message: string };
};

/** In a thread of its own: do the jobs that come, one after the other. */
export function serveJobs<Job, Answer>(work: (job: Job) => Answer): void {
  parentPort?.on("message", (job: Job) => parentPort?.postMessage(answerTo(work, job)));
}

function answerTo<Job, Answer>(work: (job: Job) => Answer, job: Job): ThreadAnswer<Answer> {
  try {
    return { answer: work(job) };
  } catch (error) {
    return { failure: { code: systemCode(error), message: describeError(error) } };
  }
}
