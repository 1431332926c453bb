import type { files } from "dropbox";
import { contentHashOf } from "../core/tree/content-hash.ts";
import { batchEntriesMax } from "../core/tree/remote-batches.ts";
import type { RemoteItem, SmallUpload } from "../core/tree/remote-item.ts";
import { isSnapError, SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { forEachLimited } from "../std/limiter.ts";
import { runInTurn, type Batch } from "./batches.ts";
import type { Client, Route } from "./client.ts";
import { hasTag, isCallTooLong, isRouteMissing } from "./errors.ts";
import { isShape, textIn } from "./shape.ts";
import { settleByLooking } from "./settle-uploads.ts";
import { joined, volatile } from "./upload-body.ts";
import { commitInfo, sameContent, uploadSmall } from "./upload.ts";
import { itemOf, type Top } from "./wire.ts";

/** How often a body is sent that arrives with other bytes than were sent. */
const bodyAttemptsMax = 3;

/** Files that are looked at, or sent by themselves, at once. */
const parallelMax = 8;

const what = "Uploading";

/** A file on its way: a session that holds its bytes once it is sent, and in the end what became of it. */
type Job = {
  readonly request: SmallUpload;
  session: string | undefined;
  result: RemoteItem | SnapError | undefined;
};

/**
 * Sends small files together (S58): many empty sessions by one call, the bytes of all by another one, and a third makes them files.
 * What the server or something on the way to it does not take is found out once, and done in smaller calls from then on: fewer
 * files in a call, one session after the other, or each file by itself.
 */
export class BatchUploader {
  readonly #client: Client;
  readonly #top: Top;
  /** Fewer where a call was too long. */
  #appendEntriesMax = batchEntriesMax;
  #canAppendTogether = true;
  #canFinishTogether = true;

  constructor(client: Client, top: Top) {
    this.#client = client;
    this.#top = top;
  }

  /** @throws {SnapError} where the outcome of all is not known */
  async upload(
    requests: readonly SmallUpload[],
    onSessions: (sessions: ReadonlyMap<number, string>) => void,
    work: Work,
  ): Promise<readonly (RemoteItem | SnapError)[]> {
    const jobs = requests.map((request): Job => ({
      request,
      session: request.resume,
      result: undefined,
    }));
    if (this.#canFinishTogether) {
      await this.#send(
        jobs.filter(({ session }) => session === undefined),
        work,
      );
      onSessions(sessionsOf(jobs));
      await this.#finish(
        jobs.filter(({ session }) => session !== undefined),
        work,
      );
    }
    await this.#sendAlone(
      jobs.filter(({ result }) => result === undefined),
      work,
    );
    return jobs.map(({ result }) => result ?? new SnapError("unexpected", "A file has no result"));
  }

  /** Afterwards each file whose bytes the server has names its session. */
  async #send(jobs: readonly Job[], work: Work): Promise<void> {
    if (jobs.length === 0) return;
    if (this.#canAppendTogether && (await this.#sendTogether(jobs, work))) return;
    const rest = jobs.filter(({ session }) => session === undefined);
    await forEachLimited(rest, { parallel: parallelMax, signal: work.signal }, async (job) => {
      job.session = await this.#startFull(job.request, work);
    });
  }

  /** Whether the server has routes for it. */
  async #sendTogether(jobs: readonly Job[], work: Work): Promise<boolean> {
    try {
      const sessions = await this.#startEmpty(jobs.length, work);
      for (let from = 0; from < jobs.length;) {
        const part = jobs.slice(from, from + this.#appendEntriesMax);
        const isSent = await this.#append(part, sessions.slice(from, from + part.length), work);
        if (isSent) from += part.length;
        else this.#appendEntriesMax = Math.ceil(part.length / 2);
      }
      return true;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (isRouteMissing(error)) this.#canAppendTogether = false;
      return false;
    }
  }

  async #startEmpty(count: number, work: Work): Promise<readonly string[]> {
    const argument = { num_sessions: count };
    const result = await this.#client.call(
      (sdk, own) => sdk.filesUploadSessionStartBatch(argument, own),
      { what, endpoint: "upload", work },
    );
    const ids: unknown = isShape(result) ? result["session_ids"] : undefined;
    const isWhole = Array.isArray(ids) && ids.length === count;
    if (isWhole && ids.every((id): id is string => typeof id === "string")) return ids;
    throw notUnderstood();
  }

  /** One body of many files. False where it has to be cut into shorter calls. */
  async #append(jobs: readonly Job[], sessions: readonly string[], work: Work): Promise<boolean> {
    const contents = joined(jobs.map(({ request }) => request.bytes));
    const argument = {
      entries: jobs.map(({ request }, place) => ({
        cursor: { session_id: sessions[place] ?? "", offset: 0 },
        length: request.bytes.length,
        close: true,
      })),
      content_hash: contentHashOf(contents),
      contents,
    };
    for (let attempt = 1; attempt <= bodyAttemptsMax; attempt += 1) {
      try {
        const route: Route = (sdk, own) => sdk.filesUploadSessionAppendBatch(argument, own);
        const result = await this.#sendBytes(contents.length, route, work);
        noteAppended(jobs, sessions, result);
        work.onBytes?.(contents.length);
        return true;
      } catch (error) {
        if (isCallTooLong(error)) return jobs.length === 1;
        if (!isBodySpoilt(error)) throw error;
      }
    }
    // Each goes by itself, and tells what is wrong.
    return true;
  }

  #sendBytes(length: number, route: Route, work: Work): Promise<unknown> {
    const call = { what, endpoint: "upload", work } as const;
    return this.#client.lanes.upload.run(length, work, () => this.#client.call(route, call));
  }

  /** A closed session with the bytes of one file; undefined where the server refuses them. */
  async #startFull(request: SmallUpload, work: Work): Promise<string | undefined> {
    const argument = { close: true, content_hash: request.hash, contents: joined([request.bytes]) };
    try {
      const route: Route = (sdk, own) => sdk.filesUploadSessionStart(argument, own);
      const result = await this.#sendBytes(request.bytes.length, route, work);
      const session = isShape(result) ? textIn(result, "session_id") : undefined;
      if (session === undefined) throw notUnderstood();
      work.onBytes?.(request.bytes.length);
      return session;
    } catch (error) {
      if (isRefusal(error)) return undefined;
      throw error;
    }
  }

  /** Makes files of the sessions, in one turn of the writer (S59). What has no result then goes by itself. */
  async #finish(jobs: readonly Job[], work: Work): Promise<void> {
    if (jobs.length === 0) return;
    const batch = this.#finishing();
    const ready: Job[] = [];
    try {
      const results = await this.#client.commit(async () => {
        ready.push(...(await unchangedOnes(jobs)));
        return await runInTurn(this.#client, batch, { entries: ready, work });
      }, work);
      for (const [place, job] of ready.entries()) job.result = results[place];
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (isRouteMissing(error)) this.#canFinishTogether = false;
    }
    await this.#settle(
      jobs.filter(({ result }) => hasTag(result, "lookup_failed")),
      work,
    );
  }

  #finishing(): Batch<Job, RemoteItem> {
    return {
      what,
      endpoint: "upload",
      pathOf: ({ request }) => request.path,
      launch: (some) => (sdk, own) =>
        sdk.filesUploadSessionFinishBatchV2({ entries: some.map((job) => this.#entry(job)) }, own),
      // Among the members of the file stands the tag of the result.
      resultOf: (told, { request }) =>
        sameContent(itemOf({ ...told, ".tag": "file" }, this.#top), request),
    };
  }

  #entry({ request, session }: Job): files.UploadSessionFinishArg {
    return {
      cursor: { session_id: session ?? "", offset: request.bytes.length },
      commit: commitInfo(request, this.#top),
    };
  }

  /** A session that is gone was made a file by a call whose answer was lost, or the server has forgotten it. */
  async #settle(lost: readonly Job[], work: Work): Promise<void> {
    if (lost.length === 0) return;
    const requests = lost.map(({ request }) => request);
    const looked = { client: this.#client, top: this.#top, work };
    const found = await settleByLooking(looked, requests);
    for (const job of lost) job.result = found.get(job.request);
  }

  /** After a trouble that another attempt may heal, the rest is not tried any more: it has the same. */
  async #sendAlone(jobs: readonly Job[], work: Work): Promise<void> {
    let trouble: SnapError | undefined;
    await forEachLimited(jobs, { parallel: parallelMax, signal: work.signal }, async (job) => {
      job.result = trouble ?? (await this.#alone(job.request, work));
      if (isSnapError(job.result) && job.result.class === "transient") trouble ??= job.result;
    });
  }

  async #alone(request: SmallUpload, work: Work): Promise<RemoteItem | SnapError> {
    const { bytes } = request;
    const whole = {
      ...request,
      resume: undefined,
      size: bytes.length,
      read: async (offset: number, lengthMax: number): Promise<Uint8Array> =>
        bytes.subarray(offset, offset + lengthMax),
    };
    try {
      return await uploadSmall(this.#client, this.#top, { request: whole, work });
    } catch (error) {
      if (isSnapError(error) && error.class !== "systemic") return error;
      throw error;
    }
  }
}

function sessionsOf(jobs: readonly Job[]): ReadonlyMap<number, string> {
  const sessions = new Map<number, string>();
  for (const [place, { session }] of jobs.entries()) {
    if (session !== undefined) sessions.set(place, session);
  }
  return sessions;
}

/** Sessions that took their bytes, now or by a call whose answer was lost. */
function noteAppended(jobs: readonly Job[], sessions: readonly string[], result: unknown): void {
  const entries = isShape(result) ? result["entries"] : undefined;
  if (!Array.isArray(entries) || entries.length !== jobs.length) throw notUnderstood();
  for (const [place, job] of jobs.entries()) {
    if (hasBytes(entries[place], job.request.bytes.length)) job.session = sessions[place];
  }
}

function hasBytes(entry: unknown, length: number): boolean {
  if (!isShape(entry)) return false;
  if (textIn(entry, ".tag") === "success") return true;
  const failure: unknown = entry["failure"];
  if (!isShape(failure)) return false;
  const tag = textIn(failure, ".tag");
  return tag === "closed" || (tag === "incorrect_offset" && failure["correct_offset"] === length);
}

/** Those that may be made files; the others have their result: they changed on the disk meanwhile. */
async function unchangedOnes(jobs: readonly Job[]): Promise<readonly Job[]> {
  const changed = new Set<Job>();
  await forEachLimited(jobs, { parallel: parallelMax }, async (job) => {
    if (!(await job.request.unchanged())) changed.add(job);
  });
  for (const job of changed) job.result = volatile(job.request);
  return jobs.filter((job) => !changed.has(job));
}

/** The server does not do it for all of them: each by itself tells why. */
function isRefusal(error: unknown): boolean {
  return isSnapError(error) && error.class === "item";
}

/** The body did not arrive as it was sent. */
function isBodySpoilt(error: unknown): boolean {
  return hasTag(error, "content_hash_mismatch", "length_mismatch");
}

function notUnderstood(): SnapError {
  return new SnapError("server-error", `${what} failed: the answer is not understood`, {
    hint: "Try again later.",
  });
}
