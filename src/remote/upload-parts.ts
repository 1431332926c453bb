import { bytesOf, cut, joined, missing, within, type Stretch } from "../core/transfer/stretches.ts";
import {
  blockBytes,
  contentHashOfBlocks,
  type BlockHash,
  type HashedContent,
} from "../core/tree/content-hash.ts";
import type { UploadRequest, UploadSession } from "../core/tree/remote-item.ts";
import { isSnapError } from "../std/error.ts";
import { forEachLimited } from "../std/limiter.ts";
import type { Work } from "../std/events.ts";
import type { Client } from "./client.ts";
import { correctOffset, hasTag } from "./errors.ts";
import type { Lane } from "./lanes.ts";
import { bodyOf, contentOf, readBodyMemory, volatile } from "./upload-body.ts";

/** Parts of one file that are under way at once; there are no more lanes. */
const partsMax = 16;

/** Corrections of a sequential session's offset, besides one for each part: for a stranger's writes. */
const strangersMax = 3;

/** A part whose turn it is, and its lane, which whoever sends it leaves. */
type PartTurn = { readonly part: Stretch; readonly lane: Lane };

type Sending = { readonly request: UploadRequest; readonly work: Work };

/**
 * Send what a session has not acknowledged yet, and look at the whole (S57).
 *
 * @throws {SnapError} `volatile` where the bytes are not those that were promised
 */
export async function sendParts(
  client: Client,
  upload: Sending,
  session: UploadSession,
): Promise<void> {
  const sender = new PartSender(client, upload, session);
  await (session.kind === "concurrent" ? sender.sendSideBySide() : sender.sendInOrder());
  sender.checkHash();
}

class PartSender {
  readonly #client: Client;
  readonly #upload: Sending;
  readonly #session: UploadSession;
  /** Hashes of the blocks that were read now, by number. */
  readonly #blocks: BlockHash[] = [];
  #acknowledged: readonly Stretch[];

  constructor(client: Client, upload: Sending, session: UploadSession) {
    this.#client = client;
    this.#upload = upload;
    this.#session = session;
    this.#acknowledged = session.acknowledged;
  }

  /**
   * Parts lie on the grid of blocks (S57). The last block goes when all others are there: it closes the session, and what a closed
   * one still takes is not documented.
   */
  async sendSideBySide(): Promise<void> {
    const { size } = this.#upload.request;
    const lastFrom = Math.floor((size - 1) / blockBytes) * blockBytes;
    const absent = missing(this.#acknowledged, size);
    const { signal } = this.#upload.work;
    const others = this.#inLanes(within(absent, { from: 0, to: lastFrom }));
    await forEachLimited(others, { parallel: partsMax, signal }, async (turn) => {
      using lane = turn.lane;
      await this.#sendPart(turn.part, { lane, close: false });
    });
    for (const part of within(absent, { from: lastFrom, to: size })) {
      await this.#sendInTurn(part, { close: true });
    }
  }

  /** One part stands in line for the file. It is cut when there is a lane for it: by then it is known how much a call should carry. */
  async *#inLanes(stretches: readonly Stretch[]): AsyncGenerator<PartTurn> {
    const { upload: lanes } = this.#client.lanes;
    const parts = cut(stretches, () => lanes.partBytes);
    for (let left = bytesOf(stretches); left > 0;) {
      const lane = await lanes.enter(readBodyMemory, this.#upload.work);
      using dropped = new DisposableStack();
      dropped.use(lane);
      const { value: part } = parts.next();
      if (part === undefined) return;
      left -= part.to - part.from;
      yield { part, lane };
      // Whoever asks for the next one has sent this one on its way.
      dropped.move();
    }
  }

  /** The server's offset is the truth: after a lost answer, or from an earlier run, it goes on where the server is. */
  async sendInOrder(): Promise<void> {
    const { size } = this.#upload.request;
    let correctionsLeft = Math.ceil(size / blockBytes) + strangersMax;
    for (let from = bytesOf(this.#acknowledged); from < size;) {
      try {
        const part = { from, to: Math.min(from + blockBytes, size) };
        await this.#sendInTurn(part, { close: false });
        from = part.to;
      } catch (error) {
        const offset = correctOffset(error);
        if (offset === undefined || offset > size || correctionsLeft === 0) throw error;
        correctionsLeft -= 1;
        from = offset;
      }
    }
  }

  /** Parts that an earlier run sent were not read now: then the hash in the server's answer decides alone. */
  checkHash(): void {
    const { request } = this.#upload;
    const count = Math.ceil(request.size / blockBytes);
    const blocks = Array.from({ length: count }, (_, number) => this.#blocks[number]);
    const known = blocks.filter((block) => block !== undefined);
    if (known.length < count) return;
    if (contentHashOfBlocks(known) !== request.hash) throw volatile(request);
  }

  async #sendInTurn(part: Stretch, { close }: { readonly close: boolean }): Promise<void> {
    const memory = Math.min(part.to - part.from, readBodyMemory);
    using lane = await this.#client.lanes.upload.enter(memory, this.#upload.work);
    await this.#sendPart(part, { lane, close });
  }

  async #sendPart(
    part: Stretch,
    { lane, close }: { readonly lane: Lane; readonly close: boolean },
  ): Promise<void> {
    const { request, work } = this.#upload;
    await lane.run(part.to - part.from, async () => {
      // What is not what it was ends with this part, not with the last one.
      if (!(await request.unchanged())) throw volatile(request);
      const content = await contentOf(request, part, work);
      this.#noteBlocks(part, content);
      await this.#append(part, { content, close });
    });
    this.#acknowledge(part);
  }

  /** What is sent is read once more: the server compares it with what was hashed. */
  async #append(
    part: Stretch,
    { content, close }: { readonly content: HashedContent; readonly close: boolean },
  ): Promise<void> {
    const { request, work } = this.#upload;
    const contents = bodyOf(request, part, work);
    const argument = {
      cursor: { session_id: this.#session.session, offset: part.from },
      ...(close && { close }),
      content_hash: content.hash,
      contents,
    };
    const call = { what: "Uploading", endpoint: "upload", path: request.path, work } as const;
    try {
      await this.#client.call(
        (sdk, own) => contents.through(() => sdk.filesUploadSessionAppendV2(argument, own)),
        call,
      );
    } catch (error) {
      if (isSnapError(error, "content-wrong") && !(await request.unchanged()))
        throw volatile(request);
      // The session was closed by this very part: its first answer was lost.
      if (!close || !hasTag(error, "closed")) throw error;
    }
  }

  /** A block that does not begin on the grid, as in a sequential session of a stranger's length, has no number. */
  #noteBlocks({ from }: Stretch, { blocks }: HashedContent): void {
    if (from % blockBytes !== 0) return;
    for (const [place, block] of blocks.entries()) this.#blocks[from / blockBytes + place] = block;
  }

  #acknowledge(part: Stretch): void {
    const { request } = this.#upload;
    const before =
      this.#session.kind === "sequential" ? [{ from: 0, to: part.from }] : this.#acknowledged;
    this.#acknowledged = joined([...before, part]);
    request.onSession?.({ ...this.#session, acknowledged: this.#acknowledged });
  }
}
