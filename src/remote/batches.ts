import { DropboxResponseError } from "dropbox";
import type { RelPath } from "../core/path/rel-path.ts";
import type { RemoteItem } from "../core/tree/remote-item.ts";
import { isSnapError, SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
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
  const batch: Batch<Pair> = {
    what: isMove ? "Moving" : "Copying",
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
    metadataOf: (entry) => entry["success"],
  };
  return await runBatch(client, batch, { top, entries: pairs, work });
}

/** Make folders by one batch, those above them first; one that is there already is a `conflict`. */
export async function makeFolders(
  client: Client,
  top: Top,
  { paths, work }: { readonly paths: readonly RelPath[]; readonly work?: Work | undefined },
): Promise<readonly (RemoteItem | SnapError)[]> {
  const batch: Batch<RelPath> = {
    what: "Making a folder",
    pathOf: (path) => path,
    launch: (some) => (sdk, own) =>
      sdk.filesCreateFolderBatch(
        { paths: some.map((path) => apiPath(top, path)), autorename: false },
        own,
      ),
    check: (job) => (sdk, own) => sdk.filesCreateFolderBatchCheck({ async_job_id: job }, own),
    metadataOf: (entry) => entry["metadata"],
  };
  return await runBatch(client, batch, { top, entries: paths, work });
}

/** One kind of batch call. */
type Batch<E> = {
  readonly what: string;
  pathOf(entry: E): RelPath;
  launch(entries: readonly E[]): Route;
  check(job: string): Route;
  metadataOf(result: Shape): unknown;
};

type Request<E> = {
  readonly top: Top;
  readonly entries: readonly E[];
  readonly work: Work | undefined;
};

/** What the server was too busy for is asked for again, and nothing else of the batch (S59). */
function runBatch<E>(
  client: Client,
  batch: Batch<E>,
  { top, entries, work }: Request<E>,
): Promise<readonly (RemoteItem | SnapError)[]> {
  return client.commit(async () => {
    const results = new Map<E, RemoteItem | SnapError>();
    let open = entries;
    for (let attempt = 1; open.length > 0; attempt += 1) {
      const told = await once(client, batch, { top, entries: open, work });
      for (const [place, entry] of open.entries()) {
        results.set(entry, told[place] ?? notUnderstood(batch.what));
      }
      open = open.filter((entry) => isBusy(results.get(entry)));
      const [busy] = open;
      if (busy !== undefined) await client.recover(results.get(busy), attempt, work);
    }
    return entries.map((entry) => results.get(entry) ?? notUnderstood(batch.what));
  }, work);
}

function isBusy(result: unknown): boolean {
  return isSnapError(result) && result.class === "transient";
}

async function once<E>(
  client: Client,
  batch: Batch<E>,
  { top, entries, work }: Request<E>,
): Promise<readonly (RemoteItem | SnapError)[]> {
  const { what } = batch;
  const call = { what, endpoint: "write", work } as const;
  const launched = await client.call(batch.launch(entries), call);
  const job = isShape(launched) ? textIn(launched, "async_job_id") : undefined;
  const ended = job === undefined ? launched : await endOf(client, batch, { job, work });
  if (isShape(ended) && textIn(ended, ".tag") === "failed") {
    return entries.map((entry) => refusal(ended["failed"], { what, path: batch.pathOf(entry) }));
  }
  const results = isShape(ended) ? ended["entries"] : undefined;
  if (!Array.isArray(results) || results.length !== entries.length) throw notUnderstood(what);
  return entries.map((entry, place) => {
    const path = batch.pathOf(entry);
    const result: unknown = results[place];
    if (!isShape(result) || textIn(result, ".tag") !== "success") {
      return refusal(isShape(result) ? result["failure"] : undefined, { what, path });
    }
    return itemIn(batch.metadataOf(result), top);
  });
}

/** The answer of a job that has ended. @throws {SnapError} `server-error` for one that does not */
async function endOf<E>(
  client: Client,
  batch: Batch<E>,
  { job, work }: { readonly job: string; readonly work: Work | undefined },
): Promise<unknown> {
  const { what } = batch;
  let delayMs = pollFirstMs;
  for (let polls = 0; polls < pollsMax; polls += 1) {
    const told = await client.call(batch.check(job), { what, endpoint: "write", work });
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

function itemIn(metadata: unknown, top: Top): RemoteItem | SnapError {
  try {
    return itemOf(metadata, top);
  } catch (error) {
    if (isSnapError(error)) return error;
    throw error;
  }
}

function notUnderstood(what: string): SnapError {
  return new SnapError("server-error", `${what} failed: the answer is not understood`, {
    hint: "Try again later.",
  });
}
