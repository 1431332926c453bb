import type { Argument } from "../wire/argument.ts";
import { takeBody } from "../wire/body.ts";
import type { Body } from "../wire/body.ts";
import { emptyContent } from "../store/block-writer.ts";
import type { BlockList } from "../store/block-writer.ts";
import { smallBlockBytesMax } from "../store/blocks.ts";
import type { SmallBlock } from "../store/blocks.ts";
import type { Call } from "../wire/call.ts";
import { EndpointFailure, nested, tag } from "../wire/failure.ts";
import type { JsonObject, Tagged } from "../wire/failure.ts";
import { fileMetadata } from "../tree/node.ts";
import { launched, runBatch } from "./run-batch.ts";
import type { Batch } from "./run-batch.ts";
import { SessionFailure, SessionStore } from "./session-store.ts";
import type { Session, SessionCursor } from "./session-store.ts";
import {
  checkAppend,
  commitSession,
  finishFailure,
  keepReceived,
  sessionCursor,
  uploadBody,
} from "./sessions.ts";
import type { Received } from "./sessions.ts";

/** A part of a batch, stored and not yet in its session; or why it cannot be. */
type Part =
  | { readonly cursor: SessionCursor; readonly received: Received }
  | { readonly failure: Tagged };

/** `files/upload_session/append_batch`: one body, cut by `length`, kept in one transaction (V41). */
export async function appendBatch(call: Call): Promise<JsonObject> {
  const body = uploadBody(call);
  const cutter = new BatchCutter(call, body);
  const parts: Part[] = [];
  for (const entry of call.argument.list("entries")) parts.push(await cutter.part(entry));
  if (!(await body.isAtEnd())) throw new EndpointFailure(tag("length_mismatch"));
  body.checkHash();
  const results = await call.services.database.write(() => {
    cutter.keepWaiting();
    return parts.map((part) => keepPart(call, part));
  });
  return { entries: results };
}

function keepPart(call: Call, part: Part): Tagged {
  if ("failure" in part) return nested("failure", part.failure);
  try {
    keepReceived(call, part.cursor, part.received);
    return tag("success");
  } catch (error) {
    if (error instanceof SessionFailure) return nested("failure", error.error);
    throw error;
  }
}

/** Small blocks that wait in memory together are no more than this many. */
const waitingBlocksMax = (4 * 1024 * 1024) / smallBlockBytesMax;

/** Stores the parts of one body; knows what earlier parts of the same batch made of a session. */
class BatchCutter {
  readonly #call: Call;
  readonly #body: Body;
  readonly #sessions = new Map<string, Session>();
  #waiting: SmallBlock[] = [];

  constructor(call: Call, body: Body) {
    this.#call = call;
    this.#body = body;
  }

  async part(entry: Argument): Promise<Part> {
    const cursor = sessionCursor(entry.inner("cursor"));
    const length = entry.count("length");
    try {
      const session = await this.#session(cursor);
      checkAppend(session, cursor.offset);
      const after = session.concurrent ? emptyContent : session;
      const content = await this.#take(after, length);
      const received = { content, after, close: entry.flag("close") };
      if (!session.concurrent) {
        this.#sessions.set(session.id, { ...session, ...content, closed: received.close });
      }
      return { cursor, received };
    } catch (error) {
      if (!(error instanceof SessionFailure)) throw error;
      await this.#body.skip(length);
      return { failure: error.error };
    }
  }

  /** Keep the small blocks that wait. Inside a transaction. */
  keepWaiting(): void {
    this.#call.services.blocks.keepSmall(this.#waiting);
  }

  async #session({ session }: SessionCursor): Promise<Session> {
    const touched = this.#sessions.get(session);
    if (touched === undefined) return new SessionStore(this.#call).get(session);
    // Its last block may be among those that wait, and has to be read to be continued.
    await this.#flush();
    return touched;
  }

  async #take(after: BlockList, length: number): Promise<Received["content"]> {
    const { blocks } = this.#call.services;
    const content = await takeBody(this.#body, blocks, { after, length });
    if (content.size !== after.size + length) throw new EndpointFailure(tag("length_mismatch"));
    this.#waiting.push(...content.small);
    if (this.#waiting.length > waitingBlocksMax) await this.#flush();
    return { ...content, small: [] };
  }

  /** A block that nothing names in the end is swept later (V13). */
  async #flush(): Promise<void> {
    await this.#call.services.database.write(() => this.keepWaiting());
    this.#waiting = [];
  }
}

/** `files/upload_session/finish_batch_v2`: one transaction, each entry with its own result, in order (V41). */
export async function finishBatch(call: Call): Promise<JsonObject> {
  const { entries } = await runBatch(call, finishing(call));
  return { entries };
}

/** `files/upload_session/finish_batch`, the older one: the same as a job (Choice 23). */
export async function finishBatchAsJob(call: Call): Promise<Tagged> {
  const family = "upload_session/finish_batch";
  return launched(await runBatch(call, { ...finishing(call), family }));
}

function finishing(call: Call): Batch<Argument> {
  return {
    entries: call.argument.list("entries"),
    begin: () => (entry) => finishEntry(call, entry),
    refused: ({ error }) => nested("failure", nested("path", error)),
  };
}

function finishEntry(call: Call, entry: Argument): Tagged {
  try {
    const cursor = sessionCursor(entry.inner("cursor"));
    const session = new SessionStore(call).get(cursor.session);
    if (!session.closed && !session.concurrent) throw new SessionFailure(tag("not_closed"));
    const file = commitSession(call, cursor, entry);
    return { ".tag": "success", ...fileMetadata(file, call.view) };
  } catch (error) {
    const failure = finishFailure(error);
    if (failure instanceof EndpointFailure) return nested("failure", failure.error);
    throw failure;
  }
}
