import type { OutgoingMessage } from "node:http";
import { LendingStream } from "../wire/lending-stream.ts";

/** Where a body goes. */
export type Pumping = {
  readonly to: OutgoingMessage;
  /** Fires when the connection is gone. */
  readonly gone: AbortSignal;
  readonly onBytes?: (count: number) => void;
};

/**
 * Write a body as fast as the other side reads it; one chunk is in hand, and as much as Node's own buffers hold.
 * Returns early when the connection is gone. The body is let go of in every case, the message is not ended.
 *
 * @throws what the body throws.
 */
export async function pumpBody(body: ReadableStream<Uint8Array>, pumping: Pumping): Promise<void> {
  const { to, gone, onBytes } = pumping;
  const reader = body.getReader();
  const stop = (): void => void reader.cancel(gone.reason).catch(() => {});
  if (gone.aborted) stop();
  gone.addEventListener("abort", stop, { once: true });
  try {
    for (;;) {
      const step = await reader.read();
      if (step.done || gone.aborted) return;
      onBytes?.(step.value.length);
      if (body instanceof LendingStream) {
        await written(step.value, { to, gone });
        body.giveBack(step.value);
      } else if (!to.write(step.value)) await untilEvent(to, "drain", gone);
    }
  } catch (error) {
    stop();
    throw error;
  } finally {
    gone.removeEventListener("abort", stop);
  }
}

/** Until a piece was handed to the system, or the connection is gone. */
function written(piece: Uint8Array, { to, gone }: Pumping): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      gone.removeEventListener("abort", done);
      resolve();
    };
    gone.addEventListener("abort", done, { once: true });
    to.write(piece, done);
  });
}

/** Until the event comes, or the connection is gone. */
export function untilEvent(
  to: OutgoingMessage,
  event: "drain" | "finish",
  gone: AbortSignal,
): Promise<void> {
  if (gone.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      to.off(event, done);
      gone.removeEventListener("abort", done);
      resolve();
    };
    to.on(event, done);
    gone.addEventListener("abort", done, { once: true });
  });
}
