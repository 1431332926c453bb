import { SnapError } from "../std/error.ts";
import type { Logger } from "../std/log.ts";
import { streamed } from "./body-stream.ts";
import { pacedDownload, pacedUpload } from "./paced.ts";
import type { LimitsNow } from "./throttle.ts";

/** How requests leave the program: the global `fetch`, or that of the embedded server. */
export type Fetch = typeof fetch;

/** Longest JSON answer (X13). */
const answerBytesMax = 16 * 1024 * 1024;

const loopbackHosts: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * A `fetch` with the rules that hold for every request (X13, X17): TLS or loopback, no redirects, answers of bounded
 * size. A download hands its body to `takeBody`, and the SDK, which would read it into memory, gets an empty one. Content travels
 * within the limits of its direction; calls without content wait for nobody.
 */
export function guardedFetch(
  inner: Fetch,
  options: {
    readonly logger: Logger;
    readonly takeBody?: (response: Response) => void;
    readonly limits?: LimitsNow | undefined;
  },
): Fetch {
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    refuseOpenWire(url);
    const limits = options.limits?.() ?? {};
    const slow = options.takeBody && (await pacedDownload(limits.download, init?.signal));
    const sent = await pacedUpload(init, limits.upload);
    // No route of the API redirects; whoever tries gets neither a second request nor the token.
    const response = await inner(input, { ...streamed(sent), redirect: "manual" });
    options.logger.debug("request", {
      route: url.pathname,
      status: response.status,
      request: response.headers.get("x-dropbox-request-id") ?? undefined,
    });
    if (options.takeBody === undefined || !response.ok) return bounded(response);
    options.takeBody(slow?.(response) ?? response);
    return new Response(null, { status: 200, headers: response.headers });
  };
}

function refuseOpenWire(url: URL): void {
  if (url.protocol === "https:") return;
  if (url.protocol === "http:" && loopbackHosts.has(url.hostname)) return;
  throw new SnapError("usage", `The server is not reached by TLS: "${url.origin}"`, {
    hint: "Use an https address; plain http only reaches this computer.",
  });
}

async function bounded(response: Response): Promise<Response> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > answerBytesMax) throw tooLong();
    chunks.push(chunk);
  }
  const { status, headers } = response;
  return new Response(mayHaveBody(status) ? Buffer.concat(chunks) : null, { status, headers });
}

/** The statuses that `Response` makes only without a body. */
function mayHaveBody(status: number): boolean {
  return status !== 204 && status !== 205 && status !== 304;
}

function tooLong(): SnapError {
  return new SnapError("remote-error", "The server's answer is longer than 16 MiB", {
    hint: "Try again later; if it stays, the server is broken.",
  });
}
