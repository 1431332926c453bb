/** Runs in a thread of its own: reads a part of an open file and hashes its blocks. Files are opened and closed by the main thread. */
import { readSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { ContentHasher } from "../core/tree/content-hash.ts";
import { describeError, systemCode } from "../std/error.ts";
import { stopped, type HashAnswer, type HashJob } from "./hash-job.ts";

/** Bytes that are read at once; between two reads the job may be stopped. */
const pieceBytes = 1024 * 1024;

const piece = new Uint8Array(pieceBytes);

parentPort?.on("message", (job: HashJob) => parentPort?.postMessage(answerTo(job)));

function answerTo(job: HashJob): HashAnswer {
  try {
    return { id: job.id, ...hashPart(job) };
  } catch (error) {
    return { id: job.id, failure: { code: systemCode(error), message: describeError(error) } };
  }
}

function hashPart({ fd, from, to, stop }: HashJob): Pick<HashAnswer, "blocks" | "size"> {
  const hasher = new ContentHasher();
  const flag = new Int32Array(stop);
  let position = from;
  while (position < to && Atomics.load(flag, 0) !== stopped) {
    const count = readSync(fd, piece, 0, Math.min(pieceBytes, to - position), position);
    if (count === 0) break;
    hasher.update(piece.subarray(0, count));
    position += count;
  }
  const { blocks, size } = hasher.finish();
  return { blocks, size };
}
