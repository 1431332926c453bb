import { answerDesk, asyncDesk, wherePath } from "../server/front/desk-socket.ts";
import type { Listener } from "../server/front/listen.ts";
import { listenOnSocket } from "../server/front/listen-socket.ts";
import { openServer, type DropboxServer } from "../server/in-process.ts";
import { runningServer, type ReachedServer } from "../server/reach.ts";
import { describeError, isSnapError } from "../std/error.ts";
import type { Environment } from "./environment.ts";

/** How long calls under way may take to end, ms. */
const graceMs = 2_000;

/** The embedded account, served by this process to itself and, over the socket in its folder, to the user's other ones (V7). */
export interface EmbeddedService extends AsyncDisposable {
  /** Opens and serves it with the first call; where `snap server` does so already, that one is asked. */
  reach(): Promise<ReachedServer>;
}

/** Nothing is opened before it is needed. */
export function embeddedService(
  environment: Pick<Environment, "locations" | "clock" | "rng" | "logger">,
): EmbeddedService {
  return new Service(environment);
}

type Served = { readonly server: DropboxServer; readonly listener: Listener };

class Service implements EmbeddedService {
  readonly #environment: Pick<Environment, "locations" | "clock" | "rng" | "logger">;
  /** Calls come one after the other, so that the folder is opened once. */
  #served: Promise<Served | undefined> = Promise.resolve(undefined);

  constructor(environment: Pick<Environment, "locations" | "clock" | "rng" | "logger">) {
    this.#environment = environment;
  }

  async reach(): Promise<ReachedServer> {
    const before = this.#served;
    const opening = before.then((served) => served ?? this.#serve());
    this.#served = opening.catch(() => undefined);
    try {
      const served = await opening;
      return reached(served.server);
    } catch (error) {
      const { locations } = this.#environment;
      const other = isSnapError(error, "busy") ? await runningServer(locations.server) : undefined;
      if (other === undefined) throw error;
      return other;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const served = await this.#served;
    this.#served = Promise.resolve(undefined);
    await served?.listener.close({ graceMs });
    await served?.server.close();
  }

  async #serve(): Promise<Served> {
    const { locations, clock, rng, logger } = this.#environment;
    const server = await openServer({ data: locations.server, clock, rng });
    try {
      const listener = await listenOnSocket({
        folder: locations.server,
        handler: server,
        control: (request) => answerControl(server, request),
        clock,
        rng,
        onTrouble: (error) => logger.error("a call failed", { reason: describeError(error) }),
      });
      return { server, listener };
    } catch (error) {
      await server.close();
      throw error;
    }
  }
}

/** It listens nowhere else. */
async function answerControl(server: DropboxServer, request: Request): Promise<Response> {
  const isWhere = new URL(request.url).pathname === wherePath;
  return isWhere ? Response.json(null) : await answerDesk(server, request);
}

/** What one user of it closes is no concern of the others. */
function reached(server: DropboxServer): ReachedServer {
  return {
    desk: asyncDesk(server),
    fetch: server.fetch,
    place: undefined,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
