import { SnapError } from "../std/error.ts";

const loopback: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/**
 * The address of a server that speaks as Dropbox does, `snap server` of another computer for example. Only this computer is spoken to
 * without TLS: a token would travel for everybody to read.
 *
 * @returns scheme, host and port
 * @throws {SnapError} `usage`
 */
export function parseServer(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url?.pathname === "/" && url.search === "" && url.hash === "";
  if (url === undefined || !isPlain || url.username !== "" || url.password !== "") {
    throw notAServer(text, "Write it like https://box.example:8443, with nothing behind it.");
  }
  const isSafe = url.protocol === "https:";
  if (isSafe || (url.protocol === "http:" && loopback.includes(url.hostname))) return url.origin;
  throw notAServer(text, "Another computer is reached by https:// only.");
}

/** The same address of another server: what Dropbox has under several names stands there under one. */
export function addressAt(server: string, address: string): string {
  const { pathname, search } = new URL(address);
  return `${server}${pathname}${search}`;
}

/** A `fetch` that asks a server for whatever it is told to ask Dropbox for; without one, Dropbox itself. */
export function fetchAt(server: string | undefined, given: typeof fetch): typeof fetch {
  if (server === undefined) return given;
  return (input, init) => {
    if (!(input instanceof Request)) return given(addressAt(server, String(input)), init);
    return given(new Request(addressAt(server, input.url), input), init);
  };
}

function notAServer(text: string, hint: string): SnapError {
  return new SnapError("usage", `Not the address of a server: "${text}"`, { hint });
}
