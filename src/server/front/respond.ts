import type { ServerResponse } from "node:http";
import { pumpBody, untilEvent } from "./pump-body.ts";
import type { Pumping } from "./pump-body.ts";

/** What goes out with an answer, and what became of it. */
export type Sending = Pumping & {
  readonly to: ServerResponse;
  /** Headers besides the answer's own, as name, value, name, value. */
  readonly moreHeaders: readonly string[];
  /** Called when the body is through and the answer about to end. */
  readonly beforeEnd: () => void;
};

/**
 * Send an answer, its body as fast as the client reads it. Resolves when the last byte was handed to the system, or
 * the client is gone; the body is let go of in every case.
 *
 * @throws what the body threw, or an error when it is not as long as its `Content-Length` says: the connection has to
 * be cut then, so that the client never takes the part for the whole.
 */
export async function sendResponse(answer: Response, sending: Sending): Promise<void> {
  const { to, gone } = sending;
  to.strictContentLength = true;
  to.writeHead(answer.status, headerPairs(answer, sending));
  if (answer.body !== null && to.req.method === "HEAD") await letGo(answer.body);
  else if (answer.body !== null) await pumpBody(answer.body, sending);
  if (gone.aborted) return;
  sending.beforeEnd();
  const sent = untilEvent(to, "finish", gone);
  to.end();
  await sent;
}

/** Let go of an answer that nobody gets. */
export async function letGo(body: ReadableStream | null): Promise<void> {
  try {
    await body?.cancel();
  } catch {
    // It was broken or is being read: then its own side ends it.
  }
}

function headerPairs(answer: Response, { to, moreHeaders }: Sending): string[] {
  const pairs = [...answer.headers, ...pairsOf(moreHeaders)].flat();
  const isEmpty = answer.body === null && to.req.method !== "HEAD";
  const hasNone = answer.status === 204 || answer.status === 304;
  if (isEmpty && !hasNone && !answer.headers.has("content-length"))
    pairs.push("content-length", "0");
  return pairs;
}

function pairsOf(flat: readonly string[]): readonly (readonly string[])[] {
  return flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1] ?? ""]] : []));
}
