import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import { parseRelPath, type RelPath } from "../../src/core/path/rel-path.ts";
import type { RemoteItem, RemotePage, UploadRequest } from "../../src/core/tree/remote-item.ts";
import type { KeptRemote, RemoteSide } from "../../src/ports.ts";
import { openRemote } from "../../src/remote/dropbox-side.ts";
import { openServer, type DropboxServer } from "../../src/server/serve.ts";
import { seededRng } from "../../src/std/random.ts";
import { TestClock } from "../support/test-clock.ts";

/** Stands between the client and the server: may answer itself, or pass on. */
export type Interceptor = (
  request: { readonly route: string; readonly init: RequestInit | undefined },
  pass: () => Promise<Response>,
) => Promise<Response>;

/** A linked folder on an embedded server, with every request in a list and a place to put faults in. */
export type Linked = AsyncDisposable & {
  readonly server: DropboxServer;
  readonly remote: RemoteSide & KeptRemote;
  readonly clock: TestClock;
  readonly account: string;
  readonly auth: { readonly appKey: string; readonly refreshToken: string };
  /** Routes of all requests, oldest first, without `/2/`. */
  readonly routes: string[];
  readonly fetch: typeof fetch;
  intercept: Interceptor | undefined;
  /** Another client of the same account, without faults. */
  open(top: string): RemoteSide;
};

export async function linkedServer(
  top = "",
  { admin = false, ...person }: { readonly team?: boolean; readonly admin?: boolean } = {},
): Promise<Linked> {
  const clock = new TestClock();
  const server = await openServer({
    data: ":memory:",
    clock,
    rng: seededRng(1),
    checkResponses: true,
    admin,
  });
  const account = server.addAccount({ name: "Ada Example", ...person }).id;
  const routes: string[] = [];
  const auth = { appKey: "snap", refreshToken: server.issueToken(account).refreshToken };
  const shared = { account, auth, clock };
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const route = new URL(input instanceof Request ? input.url : input).pathname.replace("/2/", "");
    routes.push(route);
    const pass = async (): Promise<Response> => server.fetch(input, init);
    return linked.intercept === undefined ? pass() : linked.intercept({ route, init }, pass);
  };
  const linked: Linked = {
    server,
    clock,
    account,
    auth,
    routes,
    fetch,
    intercept: undefined,
    remote: openRemote({ ...shared, top, fetch, rng: seededRng(2) }),
    open: (place) => openRemote({ ...shared, top: place, fetch: server.fetch, rng: seededRng(3) }),
    [Symbol.asyncDispose]: () => server.close(),
  };
  return linked;
}

export const at = (path: string): RelPath => parseRelPath(path);

/** An upload of bytes in memory. */
export function uploadOf(
  path: string,
  content: string | Uint8Array,
  more: Partial<UploadRequest> = {},
): UploadRequest {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  return {
    path: at(path),
    replaces: undefined,
    size: bytes.length,
    hash: contentHashOf(bytes),
    modified: Date.UTC(2026, 0, 2, 3, 4, 5),
    read: async (offset, lengthMax) => bytes.subarray(offset, offset + lengthMax),
    unchanged: async () => true,
    ...more,
  };
}

export async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  return Array.fromAsync(items);
}

/** What a listing says, one line a change. */
export function linesOf(pages: readonly RemotePage[]): string[] {
  return pages.flatMap((page) =>
    page.changes.map((change) => {
      if (change.change === "present") return `${change.item.kind} ${change.item.path}`;
      if (change.change === "removed") return `removed ${change.keys.join("/")}`;
      return `refused ${change.path}: ${change.reason}`;
    }),
  );
}

export async function read(remote: RemoteSide, item: RemoteItem, offset = 0): Promise<string> {
  return Buffer.concat(await allOf(remote.download(item.rev, offset))).toString("utf8");
}

/** A JSON error answer as the service writes it. */
export function failure(
  status: number,
  error: unknown,
  headers: Record<string, string> = {},
): Response {
  return Response.json({ error_summary: "x/..", error }, { status, headers });
}
