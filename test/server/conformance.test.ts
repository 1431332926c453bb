import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { systemRng } from "../../src/std/random.ts";
import { listenOnSocket } from "../../src/server/front/listen-socket.ts";
import { socketFetch } from "../../src/server/front/socket-fetch.ts";
import { ownCertificates } from "../../src/server/front/tls.ts";
import { servedRoutes } from "../../src/server/wire/served-routes.ts";
import { CheckedServer } from "../support/checked-server.ts";
import type { Answer } from "../support/checked-server.ts";
import { nodeFetch } from "../support/node-fetch.ts";
import { steps } from "./conformance-steps.ts";
import type { Memory, Step } from "./conformance-step.ts";
import { HandClock, OpenFront } from "./front-open.ts";

type Front = AsyncDisposable & { readonly fetch: typeof fetch | undefined };
type Opening = (server: CheckedServer, folder: string) => Promise<Front>;

const closing = { graceMs: 0 };

const fronts: Readonly<Record<string, Opening>> = {
  "in the process": () =>
    Promise.resolve({ fetch: undefined, [Symbol.asyncDispose]: () => Promise.resolve() }),
  "plain HTTP": async ({ server }) => {
    const front = await OpenFront.on(server);
    const { port } = front.listener;
    return {
      fetch: nodeFetch({ port }),
      [Symbol.asyncDispose]: () => front.listener.close(closing),
    };
  },
  HTTPS: async ({ server }, folder) => {
    const uses = { clock: new HandClock(), rng: systemRng };
    const tls = await ownCertificates({ folder, names: [], ...uses });
    const front = await OpenFront.on(server, { tls });
    const place = { port: front.listener.port, ca: tls.authority.certificate };
    return { fetch: nodeFetch(place), [Symbol.asyncDispose]: () => front.listener.close(closing) };
  },
  "the socket": async ({ server }, folder) => {
    const uses = { handler: server, clock: new HandClock(), rng: systemRng };
    const listener = await listenOnSocket({ folder, ...uses });
    return {
      fetch: socketFetch(path.join(folder, "server.sock")),
      [Symbol.asyncDispose]: () => listener.close(closing),
    };
  },
};

/** Everything that a client could notice; what belongs to a connection is left out. */
const headerNames = [
  "accept-ranges",
  "cache-control",
  "content-disposition",
  "content-range",
  "content-security-policy",
  "content-type",
  "dropbox-api-result",
  "etag",
  "original-content-length",
  "retry-after",
  "www-authenticate",
  "x-dropbox-request-id",
];

/** The day of one account through a front: each call with its answer. Clock and chance are the same each time. */
async function transcriptOf(open: Opening): Promise<readonly string[]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "snap-fronts-"));
  try {
    await using server = await CheckedServer.open({ limits: { business: true } });
    await using front = await open(server, folder);
    server.reach = front.fetch;
    const memory: Memory = {};
    const lines: string[] = [];
    for (const step of steps) lines.push(lineOf(step, await run(server, step, memory)));
    for (const step of refusals()) lines.push(lineOf(step, await run(server, step, memory)));
    return lines;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const styles = new Map(servedRoutes().map(({ name, style }) => [name, style]));

async function run(server: CheckedServer, step: Step, memory: Memory): Promise<Answer> {
  const argument = step.argument?.(memory);
  const headers = { ...authorization(server, step), ...step.headers };
  const url = `https://api.dropboxapi.com/2/${step.route}`;
  const response = await server.fetch(url, {
    method: "POST",
    ...(styles.get(step.route) === "rpc" || !styles.has(step.route)
      ? rpcParts(argument, headers)
      : contentParts(step, argument, headers)),
  });
  const text = Buffer.from(await response.arrayBuffer()).toString("latin1");
  const isJson = response.headers.get("content-type") === "application/json";
  const json: unknown = isJson ? JSON.parse(text) : undefined;
  const answer = { status: response.status, headers: response.headers, text, json };
  expect.soft([step.route, answer.status], text).toEqual([step.route, step.status]);
  expect.soft(text, step.route).toContain(step.holds ?? "");
  step.keep?.(answer.json, memory);
  return answer;
}

type Parts = { readonly body: string | null; readonly headers: Record<string, string> };

function rpcParts(argument: unknown, headers: Record<string, string>): Parts {
  if (argument === undefined) return { body: null, headers };
  const body = JSON.stringify(argument);
  return { body, headers: { "content-type": "application/json", ...headers } };
}

function contentParts(
  { route, body }: Step,
  argument: unknown,
  headers: Record<string, string>,
): Parts {
  const ascii = JSON.stringify(argument).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  const type = { "content-type": "application/octet-stream" };
  const isUpload = styles.get(route) === "upload";
  return {
    body: body ?? null,
    headers: { "dropbox-api-arg": ascii, ...(isUpload ? type : {}), ...headers },
  };
}

function authorization({ token }: CheckedServer, { by }: Step): Record<string, string> {
  if (by === "nobody") return {};
  return { authorization: by === "app" ? `Basic ${btoa("key:secret")}` : `Bearer ${token}` };
}

function lineOf({ route }: Step, { status, headers, text }: Answer): string {
  const shown = headerNames.flatMap((name) =>
    headers.has(name) ? [`${name}: ${headers.get(name)}`] : [],
  );
  return [`${route} ${status}`, ...shown, text].join("\n");
}

/** What every function refuses in the same way, by who it is called and with what. */
function refusals(): readonly Step[] {
  return servedRoutes().flatMap(({ name: route, auth }): Step[] => {
    if (auth === "noauth") return [{ route, argument: () => ({}), by: "nobody", status: 400 }];
    const forged = { authorization: "Bearer sl.forged" };
    const isForUsers = auth.includes("user");
    return [
      {
        route,
        argument: () => ({ no_such_member: 1 }),
        headers: forged,
        status: isForUsers ? 401 : 400,
      },
      { route, argument: () => ({}), by: "nobody", status: 400, holds: "Authorization" },
    ];
  });
}

test("V6: every function was called with success and without", () => {
  const by = (succeeds: boolean): ReadonlySet<string> =>
    new Set(
      [...steps, ...refusals()].flatMap(({ route, status }) =>
        status < 300 === succeeds ? [route] : [],
      ),
    );
  const names = servedRoutes().map(({ name }) => name);
  expect(names.filter((name) => !by(true).has(name))).toEqual([]);
  expect(names.filter((name) => !by(false).has(name))).toEqual([]);
});

test("V6: every front gives every answer byte for byte as the process itself does", async () => {
  const inside = await transcriptOf(fronts["in the process"] as Opening);
  for (const [name, open] of Object.entries(fronts)) {
    const through = await transcriptOf(open);
    for (const [index, line] of through.entries()) {
      const expected = inside[index] ?? "";
      expect(masked(line), name).toBe(masked(expected));
    }
    expect(through, name).toHaveLength(inside.length);
  }
});

/** A link begins with the scheme that the call came by. */
function masked(line: string): string {
  return line.replaceAll("http://api.dropboxapi.com", "https://api.dropboxapi.com");
}
