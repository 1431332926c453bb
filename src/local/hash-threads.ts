import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { BlockHash } from "../core/tree/content-hash.ts";
import { stopped, type HashAnswer, type HashJob } from "./hash-job.ts";

/** Threads that hash at most (S107). */
const threadsMax = 4;

/** Threads end when there was nothing to do for this long, ms: each takes some 10 MB. */
const idleMs = 10_000;

/** A part of a file, hashed. */
export type HashedPart = { readonly blocks: readonly BlockHash[]; readonly size: number };

type Waiting = {
  readonly job: HashJob;
  readonly resolve: (part: HashedPart) => void;
  readonly reject: (error: Error) => void;
};

type Thread = { readonly worker: Worker; at: Waiting | undefined };

/** The thread, not the file, is what failed. */
export class ThreadFailure extends Error {}

/**
 * Threads that hash parts of open files, for all workspaces of the program: begun when they are needed, ended when they are not.
 * They never keep the program alive by themselves.
 */
export class HashThreads {
  readonly #size = Math.max(1, Math.min(threadsMax, availableParallelism()));
  readonly #threads = new Set<Thread>();
  readonly #queue: Waiting[] = [];
  readonly #makeWorker: () => Worker;
  readonly #idleMs: number;
  #ids = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(makeWorker: () => Worker = hashWorker, idleTimeMs: number = idleMs) {
    this.#makeWorker = makeWorker;
    this.#idleMs = idleTimeMs;
  }

  /** Threads that run now. */
  get count(): number {
    return this.#threads.size;
  }

  /**
   * Hash a part of an open file. The file may be closed only when this has ended, also after a stop.
   *
   * @throws {ThreadFailure} where no thread can be begun, or one ends; errors of the system as Node throws them
   */
  hash(part: Omit<HashJob, "id">): Promise<HashedPart> {
    this.#ids += 1;
    const job = { ...part, id: this.#ids };
    return new Promise((resolve, reject) => {
      this.#queue.push({ job, resolve, reject });
      this.#next();
    });
  }

  #next(): void {
    clearTimeout(this.#idle);
    while (this.#queue.length > 0) {
      const thread = this.#free();
      const waiting = thread && this.#queue.shift();
      if (thread === undefined || waiting === undefined) return;
      thread.at = waiting;
      thread.worker.ref();
      thread.worker.postMessage(waiting.job);
    }
    if ([...this.#threads].every(({ at }) => at === undefined)) this.#rest();
  }

  #free(): Thread | undefined {
    const free = [...this.#threads].find(({ at }) => at === undefined);
    if (free !== undefined || this.#threads.size >= this.#size) return free;
    try {
      return this.#begin();
    } catch (error) {
      this.#failAll(error);
      return undefined;
    }
  }

  #begin(): Thread {
    const worker = this.#makeWorker();
    const thread: Thread = { worker, at: undefined };
    worker.on("message", (answer: HashAnswer) => {
      const done = thread.at;
      thread.at = undefined;
      worker.unref();
      if (done !== undefined) settle(done, answer);
      this.#next();
    });
    const leave = (error?: unknown): void => {
      if (!this.#threads.delete(thread)) return;
      thread.at?.reject(new ThreadFailure("a thread that hashes ended", { cause: error }));
      if (this.#threads.size === 0) this.#failAll(error);
      else this.#next();
    };
    worker.on("error", leave);
    worker.on("exit", () => leave());
    this.#threads.add(thread);
    return thread;
  }

  #failAll(cause: unknown): void {
    for (const { reject } of this.#queue.splice(0)) {
      reject(new ThreadFailure("no thread that hashes can be begun", { cause }));
    }
  }

  #rest(): void {
    this.#idle = setTimeout(() => {
      for (const thread of this.#threads) {
        this.#threads.delete(thread);
        void thread.worker.terminate();
      }
    }, this.#idleMs).unref();
  }
}

function settle({ job, resolve, reject }: Waiting, { blocks, size, failure }: HashAnswer): void {
  if (failure !== undefined) {
    reject(Object.assign(new Error(failure.message), { code: failure.code }));
  } else if (blocks === undefined || size === undefined) {
    reject(new ThreadFailure(`no answer to job ${job.id}`));
  } else {
    resolve({ blocks, size });
  }
}

/** Its source is beside this file, under the same ending. */
function hashWorker(): Worker {
  const ending = import.meta.url.slice(import.meta.url.lastIndexOf("."));
  return new Worker(new URL(`./hash-worker${ending}`, import.meta.url), { execArgv: [] });
}

/** Tell a job to stop at its next piece. */
export function stopJobs(stop: SharedArrayBuffer): void {
  Atomics.store(new Int32Array(stop), 0, stopped);
}
