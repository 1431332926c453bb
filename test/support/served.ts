import { seededRng } from "../../src/std/random.ts";
import { openServer } from "../../src/server/serve.ts";
import type { DropboxServer, ServerOptions } from "../../src/server/serve.ts";
import { SetClock } from "./checked-server.ts";

/** A server with one account, with whatever options, and without checks of its answers. */
export type Served = AsyncDisposable & {
  readonly server: DropboxServer;
  readonly clock: SetClock;
  readonly accountId: string;
};

/** Open one in memory; a folder that is given keeps the accounts that it has. */
export async function serve(options: Partial<ServerOptions> = {}): Promise<Served> {
  const clock = new SetClock();
  const server = await openServer({
    data: ":memory:",
    clock,
    rng: seededRng(1),
    checkResponses: true,
    ...options,
  });
  const wanted = { name: "Anna Berg", email: "anna@example.com" };
  const { id } = server.accounts()[0] ?? server.addAccount(wanted);
  return { server, clock, accountId: id, [Symbol.asyncDispose]: () => server.close() };
}
