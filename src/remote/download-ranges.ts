import { throwIfAborted, type SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { Client } from "./client.ts";
import { downloadInOne } from "./download-in-one.ts";
import { fromRemote } from "./errors.ts";
import { brokeOff, openDownload, tooLong } from "./open-download.ts";

/** From so many bytes on, several ranges pay. */
export const rangedBytesMin: number = 8 * 1024 * 1024;

/** What is handed over at once, but for the end of a piece: thousands of small writes cost more than they gain. */
const chunkBytes = 1024 * 1024;

/**
 * Where so many large files come down side by side, they fill the line by themselves: each comes by one request, which costs
 * fewer round trips and no memory. Each time so many bytes have come, and as many are left, it is looked whether only a few are left.
 */
const readersMin = 4;
const fewReadersMax = 2;
const stretchBytes = 64 * 1024 * 1024;

/** A stretch of one revision. */
export type RangesRequest = {
  readonly rev: string;
  readonly from: number;
  readonly to: number;
  readonly work?: Work | undefined;
};

/**
 * Bytes of a revision in order, fetched by ranges ahead of the caller: as many as there are lanes and room in memory for. Ends
 * early, without an error, where the server does not answer with ranges of that size.
 *
 * @throws {SnapError} as `download`
 */
export async function* downloadRanges(
  client: Client,
  request: RangesRequest,
): AsyncGenerator<Uint8Array> {
  const stop = new AbortController();
  const signals = [stop.signal, request.work?.signal].filter((signal) => signal !== undefined);
  const work = { signal: AbortSignal.any(signals) };
  const ahead: Piece[] = [];
  let next = request.from;
  const { download: lanes } = client.lanes;
  using _reader = lanes.read();
  try {
    for (;;) {
      const isCrowded = lanes.readers >= readersMin;
      if (isCrowded && ahead.length === 0 && next < request.to) {
        next = yield* inOneWhileCrowded(client, { ...request, from: next });
        continue;
      }
      if (!isCrowded) next = fetchAhead(client, { ...request, from: next, work }, ahead);
      const [first] = ahead;
      if (first === undefined) return;
      yield* first.bytes();
      if (first.isRefused) return;
      ahead.shift()?.free();
    }
  } finally {
    stop.abort();
    for (const piece of ahead) await piece.end();
  }
}

/** One request for all that is wanted, left where others have ended meanwhile. Where the next one is to begin. */
async function* inOneWhileCrowded(
  client: Client,
  request: RangesRequest,
): AsyncGenerator<Uint8Array, number> {
  const { from, to } = request;
  let next = from;
  let look = from + stretchBytes;
  for await (const chunk of downloadInOne(client, request)) {
    next += chunk.length;
    yield chunk;
    if (next < look || to - next < stretchBytes) continue;
    if (client.lanes.download.readers <= fewReadersMax) return next;
    look = next + stretchBytes;
  }
  return to;
}

/** Begin what there is room for, one piece at least where none is under way. Where the next one is to begin. */
function fetchAhead(client: Client, request: RangesRequest, ahead: Piece[]): number {
  let { from } = request;
  while (from < request.to) {
    const piece = Piece.begin(client, { ...request, from }, ahead.length === 0);
    if (piece === undefined) break;
    ahead.push(piece);
    from = piece.to;
  }
  return from;
}

/** One range, with room for all its bytes. */
class Piece {
  readonly to: number;
  /** The server answered with something else than this range. */
  isRefused = false;
  readonly #client: Client;
  readonly #wanted: RangesRequest;
  readonly #contents: Buffer;
  readonly #done: Promise<void>;
  #filled = 0;
  #failure: SnapError | undefined;
  #hasEnded = false;
  #news = Promise.withResolvers<void>();

  /** Undefined where there is no room or no lane for it now; one that is needed begins in any case. */
  static begin(client: Client, wanted: RangesRequest, isNeeded: boolean): Piece | undefined {
    const { download: lanes } = client.lanes;
    const to = Math.min(wanted.from + lanes.pieceBytes, wanted.to);
    if (!lanes.take(to - wanted.from, { isNeeded })) return undefined;
    return new Piece(client, { ...wanted, to });
  }

  private constructor(client: Client, wanted: RangesRequest) {
    this.#client = client;
    this.#wanted = wanted;
    this.to = wanted.to;
    this.#contents = Buffer.allocUnsafe(wanted.to - wanted.from);
    this.#done = this.#run();
  }

  /** What has come, as it comes. @throws what ended the range before its time */
  async *bytes(): AsyncGenerator<Uint8Array> {
    for (let given = 0; ;) {
      const { promise } = this.#news;
      const least = this.#hasEnded ? 1 : chunkBytes;
      if (this.#filled - given >= least) {
        const chunk = this.#contents.subarray(given, this.#filled);
        given = this.#filled;
        yield chunk;
      } else if (this.#hasEnded) break;
      else await promise;
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  free(): void {
    this.#client.lanes.download.free(this.#contents.length);
  }

  /** When its request has ended, too. */
  async end(): Promise<void> {
    await this.#done;
    this.free();
  }

  /** Never rejects: whoever asks for the bytes is told. */
  async #run(): Promise<void> {
    const { length } = this.#contents;
    try {
      await this.#client.lanes.download.runTaken(length, () => this.#fetch());
    } catch (error) {
      this.#failure = fromRemote(error, { what: "Downloading" });
    }
    this.#hasEnded = true;
    this.#tell();
  }

  /** A body that breaks off is continued where it did. */
  async #fetch(): Promise<void> {
    for (let attempt = 1; !this.isRefused && this.#filled < this.#contents.length; attempt += 1) {
      try {
        await this.#fetchOnce();
      } catch (error) {
        const failure = fromRemote(error, { what: "Downloading" });
        await this.#client.recover(failure, attempt, this.#wanted.work);
      }
    }
  }

  async #fetchOnce(): Promise<void> {
    const { rev, to, work } = this.#wanted;
    const from = this.#wanted.from + this.#filled;
    const opened = await openDownload(this.#client, { rev, from, to, work });
    if (opened === undefined || opened.position !== from || opened.end !== to) {
      this.isRefused = true;
      await cancel(opened?.body);
      return;
    }
    for await (const chunk of opened.body) {
      throwIfAborted(work?.signal);
      if (this.#filled + chunk.length > this.#contents.length) throw tooLong();
      this.#contents.set(chunk, this.#filled);
      this.#filled += chunk.length;
      this.#tell();
    }
    if (this.#filled < this.#contents.length) throw brokeOff();
  }

  #tell(): void {
    const { resolve } = this.#news;
    this.#news = Promise.withResolvers();
    resolve();
  }
}

/** Leave a body without reading it. */
async function cancel(body: AsyncIterable<Uint8Array> | undefined): Promise<void> {
  await body?.[Symbol.asyncIterator]().return?.();
}
