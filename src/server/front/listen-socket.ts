import { chmodSync, lstatSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SnapError } from "../../std/error.ts";
import { Front, nodeOptions } from "./front.ts";
import type { FrontUses, Listener } from "./listen.ts";
import { diskFailure } from "./private-file.ts";
import { shortPath, socketName } from "./socket-path.ts";
import type { ShortPath } from "./socket-path.ts";

/** How a process serves its own data folder to this user's other processes. */
export type SocketOptions = FrontUses & {
  /** The data folder, whose lock this process holds (V7). */
  readonly folder: string;
  /** Answers what is below `/control/`. Nothing else than this socket leads to it. */
  readonly control?: (request: Request) => Promise<Response>;
};

const controlPrefix = "/control/";

/**
 * Listen on the socket in the data folder (V7). Who may enter the folder may call everything, so there is no check of
 * hosts. Close this before the lock is let go of: it removes the socket.
 *
 * @throws {SnapError} `path-invalid` when the path is too long for the system; `place-taken` when something else has
 * the name; `disk-error`.
 */
export async function listenOnSocket(options: SocketOptions): Promise<Listener> {
  const { folder, handler, control, rng } = options;
  const path = join(folder, socketName);
  const server = process.getBuiltinModule("node:http").createServer(nodeOptions);
  const front = new Front(server, {
    ...options,
    door: { scheme: "https", hosts: undefined, rng },
    answer: (request) =>
      isControl(request) && control ? control(request) : handler.handle(request),
    foreignPaths: new Set(),
  });
  const short = shortPath(path);
  try {
    removeStale(path);
    await front.listen({ path: short.path });
    // Bound a moment ago, in a folder that is closed to others; connections are only taken from now on.
    chmodSync(path, 0o600);
  } catch (error) {
    short.release();
    throw diskFailure(error, path);
  }
  return { port: 0, close: ({ graceMs }) => closeSocket({ front, graceMs, path, short }) };
}

type Closing = {
  readonly front: Front;
  readonly graceMs: number;
  readonly path: string;
  readonly short: ShortPath;
};

async function closeSocket({ front, graceMs, path, short }: Closing): Promise<void> {
  await front.close(graceMs);
  rmSync(path, { force: true });
  short.release();
}

function isControl(request: Request): boolean {
  return new URL(request.url).pathname.startsWith(controlPrefix);
}

/** What a killed process left: the lock says that nobody listens there any more. */
function removeStale(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (stat.isSocket()) {
    rmSync(path);
    return;
  }
  throw new SnapError(
    "place-taken",
    `Something else is where the server's socket belongs: "${path}"`,
    {
      path,
      hint: "Move it away, then try again.",
    },
  );
}
