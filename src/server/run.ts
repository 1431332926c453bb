import { join } from "node:path";
import { SnapError } from "../std/error.ts";
import type { Certificates } from "./front/certificates.ts";
import { certificateFiles } from "./front/certificate-files.ts";
import { answerDesk, wherePath } from "./front/desk-socket.ts";
import type { AnsweredCall } from "./front/handler.ts";
import { parseServedName } from "./front/hosts.ts";
import { checkAddress, listen, namesOf } from "./front/listen.ts";
import type { Listener } from "./front/listen.ts";
import { listenOnSocket } from "./front/listen-socket.ts";
import { ownCertificates } from "./front/tls.ts";
import { openServer } from "./in-process.ts";
import type { DropboxServer, ServerOptions } from "./in-process.ts";

/** How a server shows itself to clients that speak TLS; "own" is a certificate of its own CA (V9). */
export type TlsChoice = "own" | "http" | { readonly cert: string; readonly key: string };

/** A server for other programs: where its data is, and where it listens. */
export type RunOptions = ServerOptions & {
  readonly tls: TlsChoice;
  /** Where the own CA is kept; needed for that where the data has no folder, which else has it. */
  readonly authorityFolder?: string;
  /** Address to listen on; loopback where absent (V76). */
  readonly host?: string;
  /** 0 is any free one. */
  readonly port: number;
  /** Further names that clients reach it by. */
  readonly names?: readonly string[];
  /** Port of the admin interface, 0 for any free one; absent for none (V70). */
  readonly adminPort?: number;
  readonly onAnswered?: (call: AnsweredCall) => void;
  readonly onTrouble?: (error: unknown) => void;
};

/** A server that listens. */
export interface RunningServer {
  /** `https://localhost:8443`, without a path. */
  readonly url: string;
  readonly port: number;
  /** The certificate that clients have to trust; undefined without an own CA. */
  readonly caPath: string | undefined;
  /** Where the admin interface is, and what it wants as bearer token. */
  readonly admin: { readonly url: string; readonly token: string } | undefined;
  readonly server: DropboxServer;
  /** Stop: calls under way get that long to end. A second call may give less. */
  close(options: { readonly graceMs: number }): Promise<void>;
}

/**
 * Open the data folder and serve it on a port, and on the socket of the folder.
 *
 * @throws {SnapError} those of `openServer`, of `listen` and of the certificates; then nothing listens.
 */
export async function runServer(options: RunOptions): Promise<RunningServer> {
  const server = await openServer(options);
  const running = new Running(server, options);
  try {
    await running.start();
    return running;
  } catch (error) {
    await running.close({ graceMs: 0 });
    throw error;
  }
}

/** Where the certificate of a CA is in its folder. */
export function authorityPath(folder: string): string {
  return join(folder, "ca.crt");
}

function authorityFolderOf({ data, authorityFolder }: RunOptions): string {
  if (authorityFolder !== undefined) return authorityFolder;
  if (data !== ":memory:") return join(data, "tls");
  throw new SnapError("usage", "A certificate authority needs a folder, and the data has none", {
    hint: "Give `authorityFolder`, or serve plain HTTP.",
  });
}

class Running implements RunningServer {
  readonly server: DropboxServer;
  readonly #options: RunOptions;
  readonly #listeners: Listener[] = [];
  port = 0;
  caPath: string | undefined;
  admin: RunningServer["admin"];

  constructor(server: DropboxServer, options: RunOptions) {
    this.server = server;
    this.#options = options;
  }

  get url(): string {
    const { tls, host = "localhost" } = this.#options;
    const named = host.includes(":") ? `[${host}]` : host;
    const shown = ["127.0.0.1", "0.0.0.0", "::", "::1"].includes(host) ? "localhost" : named;
    return `${tls === "http" ? "http" : "https"}://${shown}:${this.port}`;
  }

  async start(): Promise<void> {
    // The socket first: whoever finds the folder taken can reach its owner there.
    if (this.#options.data !== ":memory:") await this.#listenOnSocket(this.#options.data);
    if (this.#options.adminPort !== undefined) await this.#listenForAdmin(this.#options.adminPort);
    await this.#listen();
  }

  async close({ graceMs }: { readonly graceMs: number }): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.close({ graceMs })));
    await this.server.close();
  }

  async #listen(): Promise<void> {
    const { host = "127.0.0.1", port, bindToken } = this.#options;
    const where = { host, port, names: this.#names(), bindToken };
    // A CA is made for its names for good, so not before it is known that this attempt can listen.
    await checkAddress({ host, port, bindToken, isTls: this.#options.tls !== "http" });
    const tls = await this.#certificates();
    this.port = await this.#add(listen({ ...this.#uses(), ...where, tls, handler: this.server }));
  }

  async #listenForAdmin(port: number): Promise<void> {
    const { admin } = this.server;
    if (admin === undefined) return;
    const handler = { handle: (request: Request) => admin.handle(request) };
    const where = { host: "127.0.0.1", port, names: [], tls: "http" } as const;
    const taken = await this.#add(listen({ ...this.#uses(), ...where, handler }));
    this.admin = { url: `http://127.0.0.1:${taken}`, token: admin.token };
  }

  async #listenOnSocket(folder: string): Promise<void> {
    const control = async (request: Request): Promise<Response> =>
      new URL(request.url).pathname === wherePath
        ? Response.json({ url: this.url, ca: this.caPath })
        : await answerDesk(this.server, request);
    const uses = { ...this.#uses(), handler: this.server };
    await this.#add(listenOnSocket({ ...uses, folder, control }));
  }

  async #add(listening: Promise<Listener>): Promise<number> {
    const listener = await listening;
    this.#listeners.push(listener);
    return listener.port;
  }

  async #certificates(): Promise<Certificates | "http"> {
    const { tls, clock, rng } = this.#options;
    if (tls === "http") return tls;
    if (tls !== "own") return await certificateFiles({ ...tls, clock });
    const { host = "127.0.0.1" } = this.#options;
    const own = await ownCertificates({
      folder: authorityFolderOf(this.#options),
      names: namesOf({ host, names: this.#names() }),
      clock,
      rng,
    });
    this.caPath = own.authority.certificatePath;
    return own;
  }

  #names(): readonly string[] {
    return (this.#options.names ?? []).map(parseServedName);
  }

  #uses(): Pick<Parameters<typeof listen>[0], "clock" | "rng" | "onAnswered" | "onTrouble"> {
    const { clock, rng, onAnswered, onTrouble } = this.#options;
    return {
      clock,
      rng,
      ...(onAnswered === undefined ? {} : { onAnswered }),
      ...(onTrouble === undefined ? {} : { onTrouble }),
    };
  }
}
