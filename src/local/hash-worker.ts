/** Runs in a thread of its own: reads a part of an open file and hashes its blocks. Files are opened and closed by the main thread. */
import { readSync } from "node:fs";
import { ContentHasher } from "../core/tree/content-hash.ts";
import { serveJobs } from "../threads/serve-jobs.ts";
import { isStopped, type HashedPart, type HashJob } from "./hash-job.ts";

/** Bytes that are read at once; between two reads the job may be stopped. */
const pieceBytes = 1024 * 1024;

const piece = new Uint8Array(pieceBytes);

serveJobs(hashPart);

function hashPart({ fd, from, to, stop }: HashJob): HashedPart {
  const hasher = new ContentHasher();
  let position = from;
  while (position < to && !isStopped(stop)) {
    const count = readSync(fd, piece, 0, Math.min(pieceBytes, to - position), position);
    if (count === 0) break;
    hasher.update(piece.subarray(0, count));
    position += count;
  }
  const { blocks, size } = hasher.finish();
  return { blocks, size };
}
