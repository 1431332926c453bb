import { lstatSync } from "node:fs";
import { join } from "node:path";
import { isSnapError } from "../std/error.ts";
import { asyncDesk, socketDesk, socketPlace } from "./front/desk-socket.ts";
import type { AsyncDesk, ListeningPlace } from "./front/desk-socket.ts";
import { socketFetch } from "./front/socket-fetch.ts";
import { socketName } from "./front/socket-path.ts";
import { openServer } from "./in-process.ts";
import type { ServerOptions } from "./in-process.ts";

/** The server of a data folder, opened in this process or found running in another one (V7). */
export interface ReachedServer extends AsyncDisposable {
  readonly desk: AsyncDesk;
  /** A `fetch` for the API. */
  readonly fetch: typeof fetch;
  /** Where it listens, when it runs in another process and listens for other programs. */
  readonly place: ListeningPlace | undefined;
}

/**
 * Open the data folder; or, where a running server owns it, talk to that one over its socket.
 *
 * @throws {SnapError} those of `openServer`; `busy` only when the owner has no socket.
 */
export async function reachServer(options: ServerOptions): Promise<ReachedServer> {
  try {
    const server = await openServer(options);
    return {
      desk: asyncDesk(server),
      fetch: server.fetch,
      place: undefined,
      [Symbol.asyncDispose]: () => server.close(),
    };
  } catch (error) {
    const found = isSnapError(error, "busy") ? await runningServer(options.data) : undefined;
    if (found === undefined) throw error;
    return found;
  }
}

/** The server that listens in a data folder, undefined where none does; the socket alone may be a killed one's, whose folder a command has open. */
export async function runningServer(data: string): Promise<ReachedServer | undefined> {
  const socket = join(data, socketName);
  if (lstatSync(socket, { throwIfNoEntry: false })?.isSocket() !== true) return undefined;
  const desk = socketDesk(socket);
  try {
    const place = await socketPlace(socket);
    const reach = socketFetch(socket);
    return { desk, fetch: reach, place, [Symbol.asyncDispose]: () => Promise.resolve() };
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
