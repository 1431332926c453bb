import { request as httpRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { buffer } from "node:stream/consumers";

/** A port of this machine, and the certificate to trust there; plain HTTP without one. */
export type NodePlace = { readonly port: number; readonly ca?: string };

/** A `fetch` that asks this port for whatever host a URL names, as if its name led here. Bodies are taken whole, each piece as it is when it comes. */
export function nodeFetch({ port, ca }: NodePlace): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, { ...init, duplex: "half" });
    const body = await taken(request);
    const { hostname, pathname, search } = new URL(request.url);
    const options = {
      host: "127.0.0.1",
      port,
      method: request.method,
      path: pathname + search,
      headers: {
        ...Object.fromEntries(request.headers),
        host: hostname,
        "content-length": String(body.length),
      },
      ...(ca === undefined ? {} : { ca, servername: hostname }),
    };
    const message = await new Promise<IncomingMessage>((resolve, reject) => {
      const send = ca === undefined ? httpRequest : httpsRequest;
      send(options, resolve).on("error", reject).end(body);
    });
    const content = await buffer(message);
    const headers = Object.entries(message.headers).map(([name, value]): [string, string] => [
      name,
      String(value),
    ]);
    const { statusCode = 0 } = message;
    const hasNone = statusCode === 304 || request.method === "HEAD";
    return new Response(hasNone ? null : content, { status: statusCode, headers });
  };
}

/** As a line does: who sends may use the memory of a piece again for the next one. */
async function taken({ body }: Request): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of body ?? []) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}
