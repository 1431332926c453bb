import type { Worker } from "node:worker_threads";
import { Threads, workerBeside } from "../threads/threads.ts";
import type { HashedPart, HashJob } from "./hash-job.ts";

/** Threads that hash parts of open files, for all workspaces of the program. A file may be closed only when its jobs have ended. */
export class HashThreads extends Threads<HashJob, HashedPart> {
  constructor(makeWorker: () => Worker = hashWorker, idleMs?: number) {
    super({ makeWorker, ...(idleMs === undefined ? {} : { idleMs }) });
  }
}

function hashWorker(): Worker {
  return workerBeside(import.meta.url, "hash-worker");
}
