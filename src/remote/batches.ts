import { DropboxResponseError } from "dropbox";
import type { RelPath } from "../core/path/rel-path.ts";
import type { KnownFile, RemoteItem } from "../core/tree/remote-item.ts";
import { isSnapError, SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { Endpoint } from "./breaker.ts";
import type { Client, Route } from "./client.ts";
import { fromRemote } from "./errors.ts";
import { isShape, textIn, type Shape } from "./shape.ts";
import { apiPath, itemOf, type Top } from "./wire.ts";

/** A job is asked for at once, then after growing delays. */
const pollFirstMs = 100;
const pollLongestMs = 5_000;
const pollsMax = 1_000;

/** Where a file or folder is, and the free place where it is to be. */
type Pair = { readonly from: RelPath; readonly to: RelPath };

/** Move or copy to free places by one batch. What became of each, in order. @throws {SnapError} where that is not known */
export async function relocate(
  client: Client,
  top: Top,
  {
    call,
    pairs,
    work,
  }: {
    readonly call: "move" | "copy";
    readonly pairs: readonly Pair[];
    readonly work?: Work | undefined;
  },
): Promise<readonly (RemoteItem | SnapError)[]> {
  const isMove = call === "move";
  const batch: Batch<Pair, RemoteItem> = {
    what: isMove ? "Moving" : "Copying",
    endpoint: "write",
    pathOf: ({ to }) => to,
    launch: (some) => (sdk, own) => {
      const entries = some.map(({ from, to }) => ({
        from_path: apiPath(top, from),
        to_path: apiPath(top, to),
      }));
      const request = { entries, autorename: false };
      return isMove ? sdk.filesMoveBatchV2(request, own) : sdk.filesCopyBatchV2(request, own);
    },
    check: (job) => (sdk, own) =>
      isMove
        ? sdk.filesMoveBatchCheckV2({ async_job_id: job }, own)
        : sdk.filesCopyBatchCheckV2({ async_job_id: job }, own),
    resultOf: (entry) => itemOf(entry["success"], top),
  };
  return await runBatch(client, batch, { entries: pairs, work });
}

/** Make folders by one batch, those above them first; one that is there already is a `conflict`. */
export async function makeFolders(
  client: Client,
  top: Top,
  { paths, work }: { readonly paths: readonly RelPath[]; readonly work?: Work | undefined },
): Promise<readonly (RemoteItem | SnapError)[]> {
  const batch: Batch<RelPath, RemoteItem> = {
    what: "Making a folder",
    endpoint: "write",
    pathOf: (path) => path,
    launch: (some) => (sdk, own) =>
      sdk.filesCreateFolderBatch(
        { paths: some.map((path) => apiPath(top, path)), autorename: false },
        own,
      ),
    check: (job) => (sdk, own) => sdk.filesCreateFolderBatchCheck({ async_job_id: job }, own),
    resultOf: (entry) => itemOf(entry["metadata"], top),
  };
  return await runBatch(client, batch, { entries: paths, work });
}

/** Delete files by one batch, each only with its rev (S62). Undefined for what is gone now; gone already is success. */
export async function deleteFiles(
  client: Client,
  top: Top,
  { files, work }: { readonly files: readonly KnownFile[]; readonly work?: Work | undefined },
): Promise<readonly (SnapError | undefined)[]> {
  const batch: Batch<KnownFile, undefined> = {
    what: "Deleting",
    endpoint: "write",
    pathOf: ({ path }) => path,
    launch: (some) => (sdk, own) => {
      const entries = some.map(({ path, rev }) => ({ path: apiPath(top, path), parent_rev: rev }));
      return sdk.filesDeleteBatch({ entries }, own);
    },
    check: (job) => (sdk, own) => sdk.filesDeleteBatchCheck({ async_job_id: job }, own),
    resultOf: () => undefined,
  };
  const results = await runBatch(client, batch, { entries: files, work });
  return results.map((result) => (isSnapError(result, "not-found") ? undefined : result));
}

/** One kind of batch call: of entries `E`, each with its own result. */
export type Batch<E, T> = {
  readonly what: string;
  readonly endpoint: Endpoint;
  pathOf(entry: E): RelPath;
  launch(entries: readonly E[]): Route;
  /** Asks for a job; absent where the answer comes at once. */
  check?(job: string): Route;
  /** Of an entry that succeeded. @throws {SnapError} where the answer is not what it must be */
  resultOf(told: Shape, entry: E): T;
};

type Request<E> = { readonly entries: readonly E[]; readonly work: Work | undefined };

/** Run a batch when all earlier writers have ended (S59). */
export function runBatch<E, T>(
  client: Client,
  batch: Batch<E, T>,
  request: Request<E>,
): Promise<readonly (T | SnapError)[]> {
  return client.commit(() => runInTurn(client, batch, request), request.work);
}

/**
 * Run a batch whose turn to write has come. What the server was too busy for is asked for again, and nothing else of the batch; what it
 * stays too busy for is told so, beside what was done.
 *
 * @returns what became of each entry, in order. @throws {SnapError} where that is not known, or all were refused as one
 */
export async function runInTurn<E, T>(
  client: Client,
  batch: Batch<E, T>,
  { entries, work }: Request<E>,
): Promise<readonly (T | SnapError)[]> {
  const results: (T | SnapError)[] = [];
  let open = entries.map((entry, place) => ({ entry, place }));
  for (let attempt = 1; open.length > 0; attempt += 1) {
    const asked = open;
    try {
      const told = await once(client, batch, { entries: asked.map(({ entry }) => entry), work });
      told.forEach((result, at) => {
        const place = asked[at]?.place;
        if (place !== undefined) results[place] = result;
      });
      open = asked.filter(({ place }) => isBusy(results[place]));
      const [busy] = open;
      if (busy !== undefined) await client.recover(results[busy.place], attempt, work);
    } catch (error) {
      if (results.every(isBusy) || !isSnapError(error) || error.class === "systemic") throw error;
      return results;
    }
  }
  return results;
}

function isBusy(result: unknown): boolean {
  return isSnapError(result) && result.class === "transient";
}

async function once<E, T>(
  client: Client,
  batch: Batch<E, T>,
  { entries, work }: Request<E>,
): Promise<readonly (T | SnapError)[]> {
  const { what, endpoint } = batch;
  const launched = await client.call(batch.launch(entries), { what, endpoint, work });
  const job = isShape(launched) ? textIn(launched, "async_job_id") : undefined;
  const ended = job === undefined ? launched : await endOf(client, batch, { job, work });
  if (isShape(ended) && textIn(ended, ".tag") === "failed") {
    return entries.map((entry) => refusal(ended["failed"], { what, path: batch.pathOf(entry) }));
  }
  const results = isShape(ended) ? ended["entries"] : undefined;
  if (!Array.isArray(results) || results.length !== entries.length) throw notUnderstood(what);
  return entries.map((entry, place) => resultIn(batch, entry, results[place]));
}

function resultIn<E, T>(batch: Batch<E, T>, entry: E, result: unknown): T | SnapError {
  if (!isShape(result) || textIn(result, ".tag") !== "success") {
    const facts = { what: batch.what, path: batch.pathOf(entry) };
    return refusal(isShape(result) ? result["failure"] : undefined, facts);
  }
  try {
    return batch.resultOf(result, entry);
  } catch (error) {
    if (isSnapError(error)) return error;
    throw error;
  }
}

/** The answer of a job that has ended. @throws {SnapError} `server-error` for one that does not */
async function endOf<E, T>(
  client: Client,
  batch: Batch<E, T>,
  { job, work }: { readonly job: string; readonly work: Work | undefined },
): Promise<unknown> {
  const { what, endpoint } = batch;
  const check = batch.check?.(job);
  if (check === undefined) throw notUnderstood(what);
  let delayMs = pollFirstMs;
  for (let polls = 0; polls < pollsMax; polls += 1) {
    const told = await client.call(check, { what, endpoint, work });
    if (!isShape(told) || textIn(told, ".tag") !== "in_progress") return told;
    await client.pause(delayMs, work);
    delayMs = Math.min(delayMs * 2, pollLongestMs);
  }
  throw new SnapError("server-error", `${what} failed: the server does not come to an end`, {
    hint: "Wait a while, then run the same command again.",
  });
}

/** An entry that failed is classified as a call that failed (S83). */
function refusal(
  failure: unknown,
  facts: { readonly what: string; readonly path: RelPath },
): SnapError {
  return fromRemote(new DropboxResponseError(409, {}, { error: failure }), facts);
}

function notUnderstood(what: string): SnapError {
  return new SnapError("server-error", `${what} failed: the answer is not understood`, {
    hint: "Try again later.",
  });
}
