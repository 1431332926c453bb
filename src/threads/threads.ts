import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { ThreadAnswer } from "./serve-jobs.ts";

/** Threads of one kind at most (S107). */
const threadsMax = 4;

/** Threads end when there was nothing to do for this long, ms: each takes some 10 MB. */
const idleMs = 10_000;

/** Room for young objects in a thread, MB: what it works with lies outside its heap. */
const youngMb = 3;

/** The thread, not what it was asked, is what failed. */
export class ThreadFailure extends Error {}

type Waiting<Job, Answer> = {
  readonly job: Job;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
};

type Thread<Job, Answer> = { readonly worker: Worker; at: Waiting<Job, Answer> | undefined };

/** What is to be said of threads of one kind. */
export type ThreadsOptions = {
  readonly makeWorker: () => Worker;
  readonly most?: number;
  readonly idleMs?: number;
};

/**
 * Threads that do jobs of one kind, for the whole program: begun when they are needed, ended when they are not. They never
 * keep the program alive by themselves; with a job under way they do.
 */
export class Threads<Job, Answer> {
  readonly #size: number;
  readonly #threads = new Set<Thread<Job, Answer>>();
  readonly #queue: Waiting<Job, Answer>[] = [];
  readonly #makeWorker: () => Worker;
  readonly #idleMs: number;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: ThreadsOptions) {
    const most = options.most ?? threadsMax;
    this.#size = Math.max(1, Math.min(most, availableParallelism()));
    this.#makeWorker = options.makeWorker;
    this.#idleMs = options.idleMs ?? idleMs;
  }

  /** Threads that run now. */
  get count(): number {
    return this.#threads.size;
  }

  /**
   * Have a job done. What it works with belongs to the thread until this has ended, also after a stop.
   *
   * @throws {ThreadFailure} where no thread can be begun, or one ends; errors of the job with the system's code
   */
  run(job: Job): Promise<Answer> {
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
      give(thread, waiting);
    }
    if ([...this.#threads].every(({ at }) => at === undefined)) this.#rest();
  }

  #free(): Thread<Job, Answer> | undefined {
    const free = [...this.#threads].find(({ at }) => at === undefined);
    if (free !== undefined || this.#threads.size >= this.#size) return free;
    try {
      return this.#begin();
    } catch (error) {
      this.#failAll(error);
      return undefined;
    }
  }

  #begin(): Thread<Job, Answer> {
    const worker = this.#makeWorker();
    const thread: Thread<Job, Answer> = { worker, at: undefined };
    worker.on("message", (answer: ThreadAnswer<Answer>) => {
      const done = thread.at;
      thread.at = undefined;
      worker.unref();
      if (done !== undefined) settle(done, answer);
      this.#next();
    });
    const leave = (error?: unknown): void => {
      if (!this.#threads.delete(thread)) return;
      thread.at?.reject(new ThreadFailure("a thread ended", { cause: error }));
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
      reject(new ThreadFailure("no thread can be begun", { cause }));
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

/** A job that cannot be handed over leaves the thread free. */
function give<Job, Answer>(thread: Thread<Job, Answer>, waiting: Waiting<Job, Answer>): void {
  try {
    thread.worker.postMessage(waiting.job);
  } catch (cause) {
    thread.worker.unref();
    waiting.reject(new ThreadFailure("a job cannot be handed to a thread", { cause }));
    return;
  }
  thread.at = waiting;
  thread.worker.ref();
}

function settle<Job, Answer>(
  { resolve, reject }: Waiting<Job, Answer>,
  { answer, failure }: ThreadAnswer<Answer>,
): void {
  if (failure !== undefined) {
    reject(Object.assign(new Error(failure.message), { code: failure.code }));
  } else if (answer === undefined) {
    reject(new ThreadFailure("a thread gave no answer"));
  } else {
    resolve(answer);
  }
}

/** A thread that runs a file beside the one that asks, which has the same ending. */
export function workerBeside(moduleUrl: string, name: string): Worker {
  const ending = moduleUrl.slice(moduleUrl.lastIndexOf("."));
  const resourceLimits = { maxYoungGenerationSizeMb: youngMb };
  return new Worker(new URL(`./${name}${ending}`, moduleUrl), { execArgv: [], resourceLimits });
}
