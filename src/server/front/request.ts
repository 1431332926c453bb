import type { IncomingMessage } from "node:http";
import { failureResponse } from "../wire/answer.ts";
import { troubleOfCoding } from "../wire/content-coding.ts";
import { BadCall } from "../wire/failure.ts";
import type { Rng } from "../../std/random.ts";
import { isServed } from "./hosts.ts";
import type { ServedHosts } from "./hosts.ts";
import { headersMax } from "./limits.ts";

/** How a front sees the requests that come to it. */
export type Door = {
  readonly scheme: "http" | "https";
  /** Undefined where every host is fine: on a socket that only this user reaches. */
  readonly hosts: ServedHosts | undefined;
  readonly rng: Rng;
};

/** A request as far as it is known before its body. */
export type Head = {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly hasBody: boolean;
};

/** A front's own refusal, in plain text. */
export function refuse(status: number, text: string): Response {
  return new Response(text, { status, headers: { "content-type": "text/plain; charset=utf-8" } });
}

/**
 * The head of a request, or the answer that turns it away: a host of somebody else's (V77), a form that is not HTTP,
 * or what the server does not take.
 */
export function readHead(message: IncomingMessage, door: Door): Head | Response {
  if (message.rawHeaders.length / 2 > headersMax) return refuse(431, "Too many headers.");
  const headers = headersOf(message);
  const url = targetOf(message.url ?? "", headers.get("host") ?? "", door);
  if (url instanceof Response) return url;
  const method = message.method ?? "";
  if (!methods.includes(method)) return refuse(405, "Unknown HTTP method.");
  const hasBody = announcesBody(headers);
  return refusedBody({ method, url, headers, hasBody }, door) ?? { method, url, headers, hasBody };
}

const methods: readonly string[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** Names and values as they came, byte by byte: Node reads them as latin1, and so does `Headers` (fact sheet 1.3). */
export function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    headers.append(rawHeaders[index] ?? "", rawHeaders[index + 1] ?? "");
  }
  return headers;
}

const noHost = "The request names no host that this server answers for.";

/**
 * The address of a request: path and `Host`, or a whole URL as clients send to proxies. Both have to be served. Two
 * headers `Host` come as one with a comma in it, which is no host.
 */
function targetOf(target: string, host: string, { scheme, hosts }: Door): URL | Response {
  if (host === "") return refuse(400, 'The header "Host" is missing.');
  if (hosts !== undefined && !isServed(host, hosts)) return refuse(400, noHost);
  const isPath = target.startsWith("/");
  if (!isPath && !/^https?:\/\//i.test(target)) return refuse(400, "The request names no path.");
  // Put together as text: as a relative URL, a path that begins with // would name another host.
  const url = URL.parse(isPath ? `${scheme}://${host}${target}` : target);
  if (url === null) return refuse(400, "The request's URL cannot be read.");
  if (url.username !== "" || url.password !== "") {
    return refuse(400, "The request's URL has a name or password in it.");
  }
  if (hosts !== undefined && !isServed(url.host, hosts)) return refuse(400, noHost);
  url.protocol = scheme;
  return url;
}

function announcesBody(headers: Headers): boolean {
  return headers.has("transfer-encoding") || Number(headers.get("content-length") ?? "0") > 0;
}

function refusedBody(head: Head, { rng }: Door): Response | undefined {
  const text = troubleOfBody(head);
  if (text === undefined) return undefined;
  const route = head.url.pathname.replace(/^\/(?:2\/)?/, "");
  return failureResponse(new BadCall(text), route, rng);
}

function troubleOfBody({ method, headers, hasBody }: Head): string | undefined {
  const coding = troubleOfCoding(headers);
  if (coding !== undefined) return coding;
  if (!isPlainTransfer(headers)) {
    return 'Bad HTTP "Transfer-Encoding" header.  The body has to be sent as it is.';
  }
  if (hasBody && (method === "GET" || method === "HEAD")) {
    return "The request body is supposed to be empty, but isn't.";
  }
  return undefined;
}

/** Node takes chunks apart, and hands on as it is what else was done to a body on its way. */
function isPlainTransfer(headers: Headers): boolean {
  const coding = headers.get("transfer-encoding");
  return coding === null || coding.trim().toLowerCase() === "chunked";
}
