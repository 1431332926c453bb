import type { Logger } from "../std/log.ts";
import { ThreadFailure, Threads, workerBeside } from "../threads/threads.ts";
import { compressProbed } from "./compress-frame.ts";
import type { FrameRoom } from "./frame-room.ts";
import type { FrameJob } from "./frame-worker.ts";

/** Below this, asking another thread costs more than the work. */
const threadedBytesMin = 16 * 1024;

/** Threads that compress; an answer is the length of a compressed frame. */
export type FrameThreads = Threads<FrameJob, number>;

const sharedThreads: FrameThreads = new Threads({
  makeWorker: () => workerBeside(import.meta.url, "frame-worker"),
});

/** A raw frame in its room. */
export type RawBytes = {
  readonly room: FrameRoom;
  readonly length: number;
  /** Where the block begins, if the frame is one large block. */
  readonly blockAt?: number;
};

/**
 * Compresses frames in other threads (N61). Where none can be begun, or one ends, this one compresses, and the log says so: the raw
 * bytes stay as they are until then.
 */
export class FramePress {
  readonly #logger: Logger;
  readonly #threads: FrameThreads;
  #isAlone = false;

  constructor(logger: Logger, threads: FrameThreads = sharedThreads) {
    this.#logger = logger;
    this.#threads = threads;
  }

  /** The compressed frame, maybe in the room. */
  async compress({ room, length, blockAt }: RawBytes): Promise<Uint8Array> {
    const raw = room.raw.subarray(0, length);
    if (this.#isAlone || length < threadedBytesMin) return compressProbed(raw, blockAt);
    try {
      const packed = await this.#threads.run({ raw, into: room.packed, blockAt });
      return room.packed.subarray(0, packed);
    } catch (error) {
      if (!(error instanceof ThreadFailure)) throw error;
      if (!this.#isAlone)
        this.#logger.error("frames are compressed in one thread", { reason: error.message });
      this.#isAlone = true;
      return compressProbed(raw, blockAt);
    }
  }
}
