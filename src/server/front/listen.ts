/**
 * @module server/front — sockets for the server, which itself knows none (V6).
 *
 * One port takes the requests for every host, over TLS or plain (V8, V9); a socket in the data folder takes those of
 * this user's other processes (V7). HTTP/1.1 is Node's; bodies stream in both directions as fast as the other side
 * reads. A body that breaks off breaks the connection, so that no part is taken for the whole.
 */
import type { Server } from "node:http";
import type { Server as TlsServer } from "node:https";
import { SnapError, describeError, systemCode } from "../../std/error.ts";
import type { Rng } from "../../std/random.ts";
import type { Clock } from "../../std/time.ts";
import type { Certificates, ServerCertificate } from "./certificates.ts";
import { contentPaths } from "./cors.ts";
import { Front, nodeOptions } from "./front.ts";
import type { AnsweredCall, Handler } from "./handler.ts";
import { checkBinding, isLoopback, parseServedName, servedHosts } from "./hosts.ts";
import { backlogMax, handshakeTimeoutMs } from "./limits.ts";
import type { Binding, ServedHosts } from "./hosts.ts";
import { Renewal } from "./renewal.ts";
import { acceptTunnels } from "./tunnel.ts";

/** What every front needs. */
export type FrontUses = {
  readonly handler: Handler;
  readonly clock: Clock;
  readonly rng: Rng;
  /** One line for each request, after its end. */
  readonly onAnswered?: (call: AnsweredCall) => void;
  /** What failed that no caller hears of. */
  readonly onTrouble?: (error: unknown) => void;
};

/** Where to listen, and as whom. */
export type ListenOptions = FrontUses & {
  /** Where the certificate comes from, or plain HTTP. */
  readonly tls: Certificates | "http";
  /** An address of this machine; "0.0.0.0" and "::" are all. */
  readonly host: string;
  /** 0 is any free one. */
  readonly port: number;
  /** Further names of the server, from `parseServedName`. */
  readonly names: readonly string[];
  readonly bindToken?: string | undefined;
  /** Called when another certificate is shown from now on. */
  readonly onRenewed?: () => void;
};

/** A front that listens. */
export interface Listener {
  /** The port that was taken; 0 for a socket in a folder. */
  readonly port: number;
  /**
   * Take no more connections, end waiting longpolls, wait that long for calls under way, and end what is left. A
   * second call may give less time.
   */
  close(options: { readonly graceMs: number }): Promise<void>;
}

/**
 * The names that a server on this address is asked for besides the real service's: an address of its own is one.
 * Certificates have to be for them too.
 */
export function namesOf({ host, names }: Pick<ListenOptions, "host" | "names">): readonly string[] {
  const isAny = host === "0.0.0.0" || host === "::";
  return isAny || isLoopback(host.toLowerCase()) ? names : [...names, parseServedName(host)];
}

/** An address that is to be listened on, and what protects it. */
export type WantedAddress = Binding & { readonly port: number };

/**
 * Find out whether an address can be listened on, by taking it for a moment.
 *
 * @throws {SnapError} `usage` and `busy`, as `listen` does.
 */
export async function checkAddress(wanted: WantedAddress): Promise<void> {
  checkBinding(wanted);
  const { host, port } = wanted;
  const probe = process.getBuiltinModule("node:net").createServer();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  probe.once("error", (error) => reject(listenFailure(error, { host, port })));
  probe.listen({ host, port }, () => probe.close(() => resolve()));
  await promise;
}

/**
 * Listen on a TCP port for every host name of the server.
 *
 * @throws {SnapError} `usage` when the address needs more protection (V76) or is not this machine's; `busy` when the
 * port is taken; those of the certificates.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { tls, host, port, bindToken } = options;
  checkBinding({ host, isTls: tls !== "http", bindToken });
  const shown = tls === "http" ? undefined : await tls.current();
  const hosts = servedHosts(namesOf(options));
  const server = shown === undefined ? plainServer() : tlsServer(shown, hosts);
  const front = new Front(server, {
    ...options,
    door: {
      scheme: shown === undefined ? "http" : "https",
      hosts,
      rng: options.rng,
    },
    answer: (request) => options.handler.handle(request),
    foreignPaths: contentPaths(),
  });
  const address = { host, port, backlog: backlogMax };
  await front.listen(address).catch((error: unknown) => {
    throw listenFailure(error, address);
  });
  const renewal =
    tls === "http" || shown === undefined || !("setSecureContext" in server)
      ? undefined
      : new Renewal(server, { ...options, certificates: tls, shown });
  return {
    port: portOf(server),
    close: async ({ graceMs }) => {
      renewal?.stop();
      await front.close(graceMs);
    },
  };
}

/** As an ES import, `node:http` takes 45 ms to load, mostly for names that nobody uses; this way, none of that. */
function plainServer(): Server {
  return process.getBuiltinModule("node:http").createServer(nodeOptions);
}

function tlsServer(shown: ServerCertificate, hosts: ServedHosts): TlsServer {
  const https = process.getBuiltinModule("node:https");
  const server = https.createServer({
    ...nodeOptions,
    handshakeTimeout: handshakeTimeoutMs,
    ...shown,
  });
  acceptTunnels(server, hosts);
  return server;
}

function portOf(server: Server | TlsServer): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

type Address = { readonly host: string; readonly port: number };

function listenFailure(error: unknown, { host, port }: Address): unknown {
  const facts = { path: `${host}:${port}`, cause: error };
  switch (systemCode(error)) {
    case "EADDRINUSE":
      return new SnapError("busy", `Port ${port} is in use`, {
        ...facts,
        hint: "Choose another one with --port, or 0 for any free one.",
      });
    case "EACCES":
      return new SnapError("usage", `Port ${port} may not be taken by this user`, {
        ...facts,
        hint: "Choose one above 1023 with --port.",
      });
    case undefined:
      return error;
    default:
      return new SnapError(
        "usage",
        `Nobody can listen on "${host}" here (${describeError(error)})`,
        { ...facts, hint: "Give an address of this machine." },
      );
  }
}
