import { buffer as readWhole } from "node:stream/consumers";
import { fromBufferPromise, type Entry, type ZipFile } from "yauzl";
import { pathKeyOf } from "../core/path/path-key.ts";
import type { RelPath } from "../core/path/rel-path.ts";
import {
  archiveBytesMax,
  type FolderFile,
  type FolderRequest,
} from "../core/tree/remote-batches.ts";
import { describeError, SnapError, throwIfAborted } from "../std/error.ts";
import type { Logger } from "../std/log.ts";
import type { Work } from "../std/events.ts";
import type { Client } from "./client.ts";
import { isRouteMissing } from "./errors.ts";
import { apiPath, type Top } from "./wire.ts";

/**
 * The files of a folder by one call, as one zip file (S66). It holds what the folder is now, so that the caller compares each
 * file; what is missing, spoilt, or of another size than was asked for is not in the answer, and is fetched by itself.
 */
export class FolderDownloader {
  readonly #client: Client;
  readonly #top: Top;
  readonly #logger: Logger;
  #isOffered = true;

  constructor(client: Client, top: Top, logger: Logger) {
    this.#client = client;
    this.#top = top;
    this.#logger = logger;
  }

  /** @throws {SnapError} `offline`, `throttled`, `server-error` after the retries; `interrupted` */
  async *files(request: FolderRequest, work: Work = {}): AsyncGenerator<FolderFile> {
    if (!this.#isOffered) return;
    const archive = await this.#fetch(request, work);
    if (archive === undefined) return;
    try {
      yield* filesIn(archive, request, work);
    } catch (error) {
      throwIfAborted(work.signal);
      // Whatever the archive lacks is fetched file by file.
      this.#logger.info("a folder did not arrive whole", {
        folder: request.folder,
        reason: describeError(error),
      });
    }
  }

  /** Undefined where the server does not give it as one. */
  async #fetch(request: FolderRequest, work: Work): Promise<Buffer | undefined> {
    try {
      const { download } = this.#client.lanes;
      return await download.run(request.bytesMax, work, () =>
        this.#client.repeat({ work }, () => this.#fetchOnce(request, work)),
      );
    } catch (error) {
      if (!(error instanceof SnapError) || error.class !== "item") throw error;
      if (isRouteMissing(error)) this.#isOffered = false;
      this.#logger.info("a folder is fetched file by file", {
        folder: request.folder,
        reason: error.message,
      });
      return undefined;
    }
  }

  async #fetchOnce(request: FolderRequest, work: Work): Promise<Buffer> {
    const { folder } = request;
    const path = apiPath(this.#top, folder);
    const { response } = await this.#client.open(
      (sdk, own) => sdk.filesDownloadZip({ path }, own),
      { what: "Downloading", endpoint: "download", path: folder, work },
    );
    return await wholeBody(response, archiveBytesMax(request), { folder, work });
  }
}

async function wholeBody(
  response: Response,
  bytesMax: number,
  { folder, work }: { readonly folder: RelPath; readonly work: Work },
): Promise<Buffer> {
  // Chunks that wait to be joined would be there twice; of this, only what is filled takes memory.
  const whole = Buffer.allocUnsafeSlow(bytesMax);
  let size = 0;
  try {
    for await (const chunk of response.body ?? []) {
      throwIfAborted(work.signal);
      if (size + chunk.length > bytesMax) throw tooLong(folder);
      whole.set(chunk, size);
      size += chunk.length;
      work.onBytes?.(chunk.length);
    }
  } catch (error) {
    if (error instanceof SnapError) throw error;
    throwIfAborted(work.signal);
    throw brokeOff(folder, error);
  }
  return whole.subarray(0, size);
}

async function* filesIn(
  archive: Buffer,
  { wanted, bytesMax }: FolderRequest,
  { signal }: Work,
): AsyncGenerator<FolderFile> {
  const zip = await fromBufferPromise(archive, { lazyEntries: true });
  let bytesLeft = bytesMax;
  for await (const entry of zip.eachEntry()) {
    throwIfAborted(signal);
    const place = placeOf(entry);
    const size = entry.uncompressedSize;
    // A file of another size is not inflated, nor one place again and again: nothing makes more of it than was asked for.
    if (place === undefined || wanted.get(place) !== size || size > bytesLeft) continue;
    bytesLeft -= size;
    yield { place, bytes: await bytesOf(zip, entry) };
  }
}

/** The keys below the folder, whose name comes first; undefined for a folder. */
function placeOf({ fileName }: Entry): string | undefined {
  const [, ...names] = fileName.split("/");
  return names.at(-1) === "" || names.length === 0 ? undefined : names.map(pathKeyOf).join("/");
}

async function bytesOf(zip: ZipFile, entry: Entry): Promise<Buffer> {
  return await readWhole(await zip.openReadStreamPromise(entry));
}

function tooLong(folder: RelPath): SnapError {
  return new SnapError("content-wrong", `More came than the folder holds: "${folder}"`, {
    path: folder,
  });
}

function brokeOff(folder: RelPath, cause: unknown): SnapError {
  return new SnapError("offline", `Downloading of "${folder}" failed: the connection broke off`, {
    path: folder,
    hint: "Check the network connection; then run the same command again.",
    cause,
  });
}
