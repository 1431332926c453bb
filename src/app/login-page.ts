import { timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { SnapError } from "../std/error.ts";

/** Where the page is unless somebody says otherwise: always there, because Dropbox knows an app's addresses letter by letter. */
export const loginPort = 53_680;

/** What an app registers as its redirect URI, so that a browser of this computer brings the code back by itself. */
export function redirectUriOf(port: number): string {
  return `http://127.0.0.1:${port}/`;
}

/**
 * The code in the whole address that a browser was sent to, for one of another device: it shows the address, but not this page.
 *
 * @returns undefined for anything else than an answer to the login of this `state`
 */
export function codeInAddress(
  text: string,
  { state, redirectUri }: { readonly state: string; readonly redirectUri: string },
): string | undefined {
  const parameters = text.startsWith(redirectUri) ? URL.parse(text)?.searchParams : undefined;
  if (!isSame(parameters?.get("state") ?? "", state)) return undefined;
  return parameters?.get("code") ?? undefined;
}

/** Longest code, or text of an error, that is taken from an address. */
const textMax = 1_000;

/** A page of this computer that waits for one login. */
export interface LoginPage extends AsyncDisposable {
  readonly redirectUri: string;
  /** The code, once a browser has brought it with the right `state`; rejects where the person denied. */
  readonly code: Promise<string>;
}

/**
 * Wait on 127.0.0.1 for the browser that comes back from Dropbox. Any page of any site can send a browser here, and any
 * program of this computer can ask: only who knows the `state` of this login is listened to, everybody else is refused and
 * changes nothing. It serves once.
 *
 * @returns undefined where the port is taken: the code is pasted then
 */
export async function openLoginPage(state: string, port: number): Promise<LoginPage | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  // Nobody may wait for it: a pasted code ends the login as well.
  promise.catch(() => undefined);
  const redirectUri = redirectUriOf(port);
  let isOver = false;
  const server = createServer((request, response) => {
    const answer = isOver ? gone : answerTo(request, { state, redirectUri });
    const { outcome } = answer;
    isOver ||= outcome !== undefined;
    // The page has to arrive before everything is closed.
    response.once("close", () => {
      if (outcome?.kind === "code") resolve(outcome.code);
      if (outcome?.kind === "denied") reject(denied(outcome.reason));
    });
    respond(response, answer);
  });
  if (!(await isListening(server, port))) return undefined;
  return {
    redirectUri,
    code: promise,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function isListening(server: Server, port: number): Promise<boolean> {
  server.listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
    return true;
  } catch {
    // Somebody else has the port, or nobody may listen at all: a page is a convenience only.
    return false;
  }
}

type Outcome =
  | { readonly kind: "code"; readonly code: string }
  | { readonly kind: "denied"; readonly reason: string };

type Answer = {
  readonly status: number;
  readonly title: string;
  readonly text: string;
  readonly outcome?: Outcome;
};

const gone: Answer = {
  status: 410,
  title: "This login is over",
  text: "Run snap login again if this computer is not linked.",
};

function answerTo(
  request: IncomingMessage,
  { state, redirectUri }: { readonly state: string; readonly redirectUri: string },
): Answer {
  // A name that was made to lead here is another site's (DNS rebinding).
  if (request.headers.host !== new URL(redirectUri).host)
    return refused(403, "This page has another address.");
  if (request.method !== "GET") return refused(405, "This page is opened by a browser.");
  const url = URL.parse(request.url ?? "/", redirectUri);
  if (url?.pathname !== "/") return refused(404, "There is no such page.");
  if (!isNavigation(request)) return refused(403, "This page is opened by following an address.");
  if (!isSame(url.searchParams.get("state") ?? "", state)) {
    return refused(403, "This answer belongs to no login that waits here.");
  }
  return outcomeOf(url.searchParams);
}

/** Dropbox sends the browser as a whole; a picture, a script or a frame of another site is none of its doing. */
function isNavigation({ headers }: IncomingMessage): boolean {
  const [mode, target] = [headers["sec-fetch-mode"], headers["sec-fetch-dest"]];
  return (mode ?? "navigate") === "navigate" && (target ?? "document") === "document";
}

function isSame(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}

function outcomeOf(parameters: URLSearchParams): Answer {
  const code = parameters.get("code") ?? "";
  if (code !== "" && code.length <= textMax) {
    return {
      status: 200,
      title: "Back to your terminal",
      text: "Dropbox has answered. You can close this page; the terminal tells how it went on.",
      outcome: { kind: "code", code },
    };
  }
  const reason = parameters.get("error_description") ?? parameters.get("error") ?? "no code came";
  return {
    status: 200,
    title: "Not allowed",
    text: "This computer was not linked. You can close this page.",
    outcome: { kind: "denied", reason: reason.slice(0, textMax) },
  };
}

function refused(status: number, text: string): Answer {
  return { status, title: "Refused", text };
}

function denied(reason: string): SnapError {
  return new SnapError("not-logged-in", `Dropbox gave no code: ${reason}`, {
    hint: "Run snap login again, and press Allow.",
  });
}

/** All texts are our own: nothing of the request is ever shown. */
function respond(response: ServerResponse, { status, title, text }: Answer): void {
  response.writeHead(status, {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    connection: "close",
  });
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>`;
  response.end(
    `<!doctype html><html lang="en"><head>${head}</head><body><h1>${title}</h1><p>${text}</p></body></html>`,
  );
}
