import type { UploadRequest } from "../core/tree/remote-item.ts";
import type { files } from "dropbox";
import { ContentHasher, contentHashOf } from "../core/tree/content-hash.ts";
import { SnapError } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import type { Client } from "./client.ts";
import { correctOffset, hasTag } from "./errors.ts";
import { getMetadata } from "./listing.ts";
import { isShape, textIn } from "./shape.ts";
import { readExactly, volatile } from "./upload-body.ts";

/** Bytes of one part: whole blocks, so that parts have hashes of their own (S57, S107). */
export const partBytes: number = 8 * 1024 * 1024;

/** Sessions for one upload: the first, and another where the server has forgotten it. */
const sessionsMax = 2;

/** What one upload is made of. */
export type SessionUpload = {
  readonly request: UploadRequest;
  readonly commit: files.CommitInfo;
  readonly work: Work;
};

type Session = { readonly id: string; readonly offset: number };

/**
 * Upload a large file in parts that are kept until the server has them (S57). The server's offset is the truth: after
 * a lost answer, or from an earlier run, the upload goes on where the server is.
 *
 * @returns the metadata of the file as the server sends it
 */
export async function uploadBySession(client: Client, upload: SessionUpload): Promise<unknown> {
  const { request } = upload;
  const resume = request.resume;
  let session: Session | undefined =
    resume === undefined ? undefined : { id: resume.session, offset: resume.offset };
  for (let count = 0; count < sessionsMax; count += 1) {
    session ??= await startSession(client, upload);
    const entry = await runSession(client, upload, session);
    if (entry !== undefined) return entry;
    session = undefined;
  }
  throw new SnapError("server-error", `The server forgot the upload: "${request.path}"`, {
    path: request.path,
    hint: "It is uploaded again by the next sync.",
  });
}

async function startSession(client: Client, { request, work }: SessionUpload): Promise<Session> {
  const call = { what: "Uploading", endpoint: "upload", path: request.path, work } as const;
  const result = await client.call(
    (sdk, own) => sdk.filesUploadSessionStart({ contents: Buffer.alloc(0) }, own),
    call,
  );
  const id = isShape(result) ? textIn(result, "session_id") : undefined;
  if (id === undefined) {
    throw new SnapError("server-error", "Uploading failed: the answer is not understood");
  }
  request.onSession?.(id, 0);
  return { id, offset: 0 };
}

/** Undefined where the server does not know the session any more. */
async function runSession(
  client: Client,
  upload: SessionUpload,
  session: Session,
): Promise<unknown> {
  const sender = new PartSender(client, upload, session);
  try {
    await sender.sendAll();
    return await finish(client, upload, session.id);
  } catch (error) {
    if (!isSessionLost(error)) throw error;
    return settled(client, upload);
  }
}

/** Sends the parts of one session in order. */
class PartSender {
  readonly #client: Client;
  readonly #upload: SessionUpload;
  readonly #session: string;
  readonly #hasher = new ContentHasher();
  #hashedTo = 0;
  #offset: number;
  /** Corrections of the offset that may still come: one for each part, and some for a stranger's writes. */
  #correctionsLeft: number;

  constructor(client: Client, upload: SessionUpload, session: Session) {
    this.#client = client;
    this.#upload = upload;
    this.#session = session.id;
    this.#offset = session.offset;
    this.#correctionsLeft = Math.ceil(upload.request.size / partBytes) + 3;
  }

  async sendAll(): Promise<void> {
    const { request, work } = this.#upload;
    while (this.#offset < request.size) {
      const length = Math.min(partBytes, request.size - this.#offset);
      this.#offset = await this.#client.lanes.upload.run(length, work, async () =>
        this.#send(await this.#read(length)),
      );
      request.onSession?.(this.#session, this.#offset);
      work.onProgress?.({
        step: "upload",
        done: 0,
        total: 1,
        bytes: this.#offset,
        bytesTotal: request.size,
        current: request.path,
      });
    }
    this.#checkHash();
  }

  async #read(length: number): Promise<Buffer> {
    const { request } = this.#upload;
    const part = await readExactly(request, this.#offset, length);
    if (this.#hashedTo === this.#offset) {
      this.#hasher.update(part);
      this.#hashedTo += part.length;
    }
    return part;
  }

  /** The offset after the part, or the one that the server names instead. */
  async #send(part: Buffer): Promise<number> {
    const { request, work } = this.#upload;
    const argument = {
      cursor: { session_id: this.#session, offset: this.#offset },
      content_hash: contentHashOf(part),
      contents: part,
    };
    try {
      await this.#client.call((sdk, own) => sdk.filesUploadSessionAppendV2(argument, own), {
        what: "Uploading",
        endpoint: "upload",
        path: request.path,
        work,
      });
      return this.#offset + part.length;
    } catch (error) {
      const offset = correctOffset(error);
      if (offset === undefined || offset > request.size || this.#correctionsLeft === 0) throw error;
      this.#correctionsLeft -= 1;
      return offset;
    }
  }

  /** Parts that an earlier run sent were not read now: then the hash in the server's answer decides alone. */
  #checkHash(): void {
    const { request } = this.#upload;
    if (this.#hashedTo !== request.size) return;
    if (this.#hasher.finish().hash !== request.hash) throw volatile(request);
  }
}

async function finish(
  client: Client,
  { request, commit, work }: SessionUpload,
  session: string,
): Promise<unknown> {
  const argument = {
    cursor: { session_id: session, offset: request.size },
    commit,
    contents: Buffer.alloc(0),
  };
  const call = { what: "Uploading", endpoint: "upload", path: request.path, work } as const;
  return client.commit(async () => {
    if (!(await request.unchanged())) throw volatile(request);
    return client.call((sdk, own) => sdk.filesUploadSessionFinish(argument, own), call);
  }, work);
}

/**
 * The session itself is meant, not the place where the file goes: a place never has these tags in an answer to an
 * upload.
 */
function isSessionLost(error: unknown): boolean {
  return hasTag(error, "not_found", "closed", "incorrect_offset");
}

/** A finish whose answer was lost has been done when the content is there (S57). */
async function settled(client: Client, { request, commit }: SessionUpload): Promise<unknown> {
  const entry = await getMetadata(client, commit.path, request.path);
  const isThere = isShape(entry) && textIn(entry, "content_hash") === request.hash;
  return isThere ? entry : undefined;
}
