import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { randomHex } from "../../std/random.ts";
import type { Rng } from "../../std/random.ts";
import { systemCode } from "../../std/error.ts";
import { headerBytesMax, lingerMs } from "./limits.ts";

/** What came on a connection is not a request, or one whose headers are too long or too slow. */
export type BadBytes = {
  readonly error: Error;
  readonly socket: Socket;
  readonly rng: Rng;
};

type Refusal = { readonly status: string; readonly text: string };

/** Say why, and end the connection; it stays half open for a moment so that the client can read that. */
export function refuseBytes({ error, socket, rng }: BadBytes): void {
  const refusal = refusalOf(error);
  if (refusal === undefined || !socket.writable) {
    socket.destroy();
    return;
  }
  socket.end(answerText(refusal, rng));
  linger(socket);
}

/** Undefined when what failed is the connection itself, or TLS. */
function refusalOf(error: Error): Refusal | undefined {
  const code = systemCode(error) ?? "";
  if (code === "HPE_HEADER_OVERFLOW") {
    const text = `The request's headers are longer than ${headerBytesMax} bytes.`;
    return { status: "431 Request Header Fields Too Large", text };
  }
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return { status: "408 Request Timeout", text: "The request's headers took too long." };
  }
  if (!code.startsWith("HPE_")) return undefined;
  return { status: "400 Bad Request", text: "The request is not HTTP/1.1." };
}

function answerText({ status, text }: Refusal, rng: Rng): string {
  const lines = [
    `HTTP/1.1 ${status}`,
    "content-type: text/plain; charset=utf-8",
    `content-length: ${text.length}`,
    "connection: close",
    `x-dropbox-request-id: ${randomHex(rng, 16)}`,
  ];
  return `${lines.join("\r\n")}\r\n\r\n${text}`;
}

/**
 * End a refused connection some time after its answer: to close while the client still sends would reset it, and the
 * answer with it. What the client sends is dropped, up to as much as headers may have.
 */
export function linger(socket: Duplex): void {
  let dropped = 0;
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  timer.unref();
  socket.once("close", () => clearTimeout(timer));
  socket.once("end", () => socket.destroy());
  socket.on("error", () => {});
  socket.on("data", (chunk: Uint8Array) => {
    dropped += chunk.length;
    if (dropped > headerBytesMax) socket.destroy();
  });
}
