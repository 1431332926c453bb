import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { CopyJob, PutFailure } from "./copy-job.ts";
import type { JobRunner } from "./copy-runner.ts";
import type { JobAnswer } from "./job-worker.ts";

/** Threads that decode at most (S107). */
const threadsMax = 4;

type Waiting = {
  readonly job: CopyJob;
  readonly resolve: (failures: readonly PutFailure[]) => void;
  readonly reject: (error: Error) => void;
};

type Thread = { readonly worker: Worker; at: Waiting | undefined };

/** A thread, not what it worked on, is what failed. */
export class ThreadFailure extends Error {}

/**
 * Threads that decode frames, check blocks and write them (N61): all at once begun, and ended with this object. Two jobs a thread
 * are worth having under way, so that the next one is read meanwhile.
 */
export class JobThreads implements JobRunner, AsyncDisposable {
  readonly atOnce: number;
  readonly #threads: Thread[];
  readonly #queue: Waiting[] = [];

  constructor(makeWorker: () => Worker = jobWorker) {
    const count = Math.max(1, Math.min(threadsMax, availableParallelism()));
    this.#threads = Array.from({ length: count }, () => this.#begin(makeWorker()));
    this.atOnce = 2 * count;
  }

  /** The bytes of the job go over to the thread. @throws {ThreadFailure} */
  readonly run = (job: CopyJob): Promise<readonly PutFailure[]> =>
    new Promise((resolve, reject) => {
      this.#queue.push({ job, resolve, reject });
      this.#next();
    });

  async [Symbol.asyncDispose](): Promise<void> {
    const threads = this.#threads.splice(0);
    this.#failAll(undefined);
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }

  #begin(worker: Worker): Thread {
    const thread: Thread = { worker, at: undefined };
    worker.on("message", (answer: JobAnswer) => {
      const done = thread.at;
      thread.at = undefined;
      if (done !== undefined) settle(done, answer);
      this.#next();
    });
    const leave = (error?: unknown): void => {
      const place = this.#threads.indexOf(thread);
      if (place >= 0) this.#threads.splice(place, 1);
      thread.at?.reject(new ThreadFailure("a thread ended in its work", { cause: error }));
      if (this.#threads.length === 0) this.#failAll(error);
      else this.#next();
    };
    worker.on("error", leave);
    worker.on("exit", () => leave());
    return thread;
  }

  #next(): void {
    for (const thread of this.#threads) {
      if (thread.at !== undefined) continue;
      const waiting = this.#queue.shift();
      if (waiting === undefined) return;
      thread.at = waiting;
      const { bytes } = waiting.job;
      thread.worker.postMessage(waiting.job, isWhole(bytes) ? [bytes.buffer] : []);
    }
    if (this.#threads.length === 0) this.#failAll(undefined);
  }

  #failAll(cause: unknown): void {
    for (const { reject } of this.#queue.splice(0))
      reject(new ThreadFailure("there is no thread", { cause }));
  }
}

/** Small buffers share their memory with others, and are copied. */
function isWhole(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer && bytes.buffer.byteLength === bytes.byteLength;
}

function settle({ resolve, reject }: Waiting, answer: JobAnswer): void {
  if ("failures" in answer) resolve(answer.failures);
  else reject(new ThreadFailure(answer.broken));
}

/** Its source is beside this file, under the same ending. */
function jobWorker(): Worker {
  const ending = import.meta.url.slice(import.meta.url.lastIndexOf("."));
  return new Worker(new URL(`./job-worker${ending}`, import.meta.url), { execArgv: [] });
}
