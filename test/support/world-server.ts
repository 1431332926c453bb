import type { Limits } from "../../src/server/limits.ts";
import { runServer } from "../../src/server/run.ts";
import { openServer, type DropboxServer } from "../../src/server/serve.ts";
import { seededRng } from "../../src/std/random.ts";
import type { Clock } from "../../src/std/time.ts";
import { nodeFetch } from "./node-fetch.ts";

/** How the embedded server is reached: by calls inside of this process, or through a real socket. */
export type Reach = "in process" | "over HTTP";

/** The server of a world. */
export type WorldServer = {
  readonly server: DropboxServer;
  readonly fetch: typeof fetch;
  close(): Promise<void>;
};

/** A server in memory, with its admin interface and with checked answers. */
export async function openWorldServer(
  reach: Reach,
  clock: Clock,
  limits: Partial<Limits> = {},
): Promise<WorldServer> {
  const options = {
    data: ":memory:",
    clock,
    rng: seededRng(1),
    checkResponses: true,
    limits,
    admin: true,
  } as const;
  if (reach === "in process") {
    const server = await openServer(options);
    return { server, fetch: server.fetch, close: () => server.close() };
  }
  const running = await runServer({ ...options, tls: "http", port: 0 });
  return {
    server: running.server,
    fetch: throughSocket(running.port),
    close: () => running.close({ graceMs: 0 }),
  };
}

/** Errors of the socket are what a real `fetch` says. */
function throughSocket(port: number): typeof fetch {
  const send = nodeFetch({ port });
  return async (input, init) => {
    try {
      return await send(input, init);
    } catch (error) {
      throw new TypeError("fetch failed", { cause: error });
    }
  };
}
