import type { files } from "dropbox";
import { batchEntriesMax } from "../core/tree/remote-batches.ts";
import type { UploadRequest } from "../core/tree/remote-item.ts";
import { isSnapError, throwIfAborted, type SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { runInTurn, type Batch } from "./batches.ts";
import type { Client } from "./client.ts";
import { isRouteMissing } from "./errors.ts";
import { volatile } from "./upload-body.ts";

/** A session that holds all bytes of a file, and how they become one. */
export type Finish = {
  readonly request: UploadRequest;
  readonly commit: files.CommitInfo;
  readonly session: string;
  readonly work: Work;
};

type Waiting = Finish & {
  readonly resolve: (entry: unknown) => void;
  readonly reject: (error: unknown) => void;
};

const what = "Uploading";

/**
 * Makes files of sessions in the turns of the writer (S59). All that are ready when a turn begins share one call: each call takes the
 * server's lock and a way there and back, during which the next files become ready.
 */
export class SessionFinisher {
  readonly #client: Client;
  #waiting: Waiting[] = [];
  #canFinishTogether = true;

  constructor(client: Client) {
    this.#client = client;
  }

  /**
   * @returns the metadata of the file as the server sends it
   * @throws {SnapError} `volatile` where the file is not any more what was sent, `interrupted`, and what `fromRemote` names
   */
  finish(finish: Finish): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.push({ ...finish, resolve, reject });
    void this.#client.commit(() => this.#turn());
    return promise;
  }

  /** Never rejects: each who waits is told by itself. A turn finds nothing where an earlier one took all. */
  async #turn(): Promise<void> {
    const ready: Waiting[] = [];
    for (const each of this.#waiting.splice(0, batchEntriesMax)) {
      if (await isReady(each)) ready.push(each);
    }
    if (ready.length > 1 && this.#canFinishTogether && (await this.#together(ready))) return;
    for (const each of ready) await this.#alone(each);
  }

  /** False where the server does not do it for all of them: each by itself tells why. */
  async #together(ready: readonly Waiting[]): Promise<boolean> {
    const work = ready[0]?.work ?? {};
    try {
      const ends = await runInTurn(this.#client, batch, { entries: ready, work });
      for (const [place, { resolve, reject }] of ready.entries()) {
        const end = ends[place];
        if (isSnapError(end)) reject(end);
        else resolve(end);
      }
      return true;
    } catch (error) {
      if (isRouteMissing(error)) this.#canFinishTogether = false;
      if (isRefusal(error)) return false;
      for (const { reject } of ready) reject(error);
      return true;
    }
  }

  async #alone({ request, commit, session, work, resolve, reject }: Waiting): Promise<void> {
    const argument = { ...argumentOf({ request, commit, session }), contents: Buffer.alloc(0) };
    const call = { what, endpoint: "upload", path: request.path, work } as const;
    await this.#client
      .call((sdk, own) => sdk.filesUploadSessionFinish(argument, own), call)
      .then(resolve, reject);
  }
}

const batch: Batch<Waiting, Readonly<Record<string, unknown>>> = {
  what,
  endpoint: "upload",
  pathOf: ({ request }) => request.path,
  launch: (some) => (sdk, own) =>
    sdk.filesUploadSessionFinishBatchV2({ entries: some.map(argumentOf) }, own),
  // Among the members of the file stands the tag of the result.
  resultOf: (told) => ({ ...told, ".tag": "file" }),
};

function argumentOf({
  request,
  commit,
  session,
}: Pick<Finish, "request" | "commit" | "session">): files.UploadSessionFinishArg {
  return { cursor: { session_id: session, offset: request.size }, commit };
}

/** Whether the file may be made; who waits for another one has been told. */
async function isReady({ request, work, reject }: Waiting): Promise<boolean> {
  try {
    throwIfAborted(work.signal);
    if (!(await request.unchanged())) throw volatile(request);
    return true;
  } catch (error) {
    reject(error);
    return false;
  }
}

function isRefusal(error: unknown): error is SnapError {
  return isSnapError(error) && error.class === "item";
}
