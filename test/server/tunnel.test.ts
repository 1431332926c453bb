import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import { connect } from "node:net";
import type { Socket } from "node:net";
import os from "node:os";
import path from "node:path";
import { Duplex } from "node:stream";
import { connect as tlsConnect } from "node:tls";
import { expect, test, vi } from "vitest";
import { systemRng } from "../../src/std/random.ts";
import { servedHosts } from "../../src/server/front/hosts.ts";
import { lingerMs } from "../../src/server/front/limits.ts";
import { refuseBytes } from "../../src/server/front/refuse-bytes.ts";
import { ownCertificates } from "../../src/server/front/tls.ts";
import type { OwnCertificates } from "../../src/server/front/tls.ts";
import { acceptTunnels } from "../../src/server/front/tunnel.ts";
import { HandClock, OpenFront, RawClient } from "./front-open.ts";

/** A client inside a tunnel, and the connection below everything. */
type InTunnel = { readonly client: RawClient; readonly raw: Socket };

/** A TLS front that answers with the URL that it was asked for, and what its clients trust. */
class TunnelFront implements AsyncDisposable {
  readonly front: OpenFront;
  readonly certificates: OwnCertificates;
  readonly #folder: string;

  private constructor(front: OpenFront, certificates: OwnCertificates, folder: string) {
    this.front = front;
    this.certificates = certificates;
    this.#folder = folder;
  }

  static async open(): Promise<TunnelFront> {
    const folder = mkdtempSync(path.join(os.tmpdir(), "snap-tunnel-"));
    const uses = { clock: new HandClock(), rng: systemRng };
    const tls = await ownCertificates({ folder, names: [], ...uses });
    const answer = async (request: Request): Promise<Response> =>
      new Response(`${request.url} ${await request.text()}`);
    const front = await OpenFront.with(answer, { tls });
    return new TunnelFront(front, tls, folder);
  }

  get ca(): string {
    return this.certificates.authority.certificate;
  }

  /** A TLS connection to the proxy itself. */
  proxy(): RawClient {
    return new RawClient(this.#tls());
  }

  /** A request inside a tunnel to `host`. */
  async through(host: string, request: string): Promise<InTunnel> {
    const raw = connect({ port: this.front.listener.port, host: "127.0.0.1" });
    const outer = tlsConnect({ socket: raw, servername: "localhost", ca: this.ca });
    const { promise: opened, resolve } = Promise.withResolvers<string>();
    outer.once("data", (chunk) => resolve(chunk.toString("latin1")));
    outer.write(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\n\r\n`);
    expect(await opened).toBe("HTTP/1.1 200 Connection established\r\n\r\n");
    const inner = tlsConnect({ socket: outer, servername: host, ca: this.ca });
    return { client: new RawClient(inner).send(request), raw };
  }

  #tls() {
    const { port } = this.front.listener;
    return tlsConnect({ port, host: "127.0.0.1", servername: "localhost", ca: this.ca });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.front[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function post(host: string, body: string): string {
  return `POST /2/x HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

test("V8: a tunnel to a name of the server leads to the server, also for several calls", async () => {
  await using tunnel = await TunnelFront.open();
  for (const host of ["api.dropboxapi.com", "content.dropboxapi.com", "localhost"]) {
    const { client } = await tunnel.through(host, post(host, "first"));
    expect(await client.until(/ first/)).toContain(`https://${host}/2/x first`);
    client.send(post(host, "second"));
    expect(await client.until(/ second/)).toContain(`https://${host}/2/x second`);
    client.socket.destroy();
  }
  expect(tunnel.front.troubles).toEqual([]);
});

test.for(["example.com:443", "dropbox.com.example.com:443", "169.254.169.254:80", "", "/"])(
  "V8: a tunnel to %j is refused",
  async (target) => {
    await using tunnel = await TunnelFront.open();
    const client = tunnel.proxy().send(`CONNECT ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await client.ended;
    expect(client.text).toMatch(/^HTTP\/1\.1 (403 Forbidden|400 Bad Request)\r\n/);
    expect(tunnel.front.calls.filter(({ status }) => status === 200)).toEqual([]);
  },
);

test("V8: bytes that come along with the request for a tunnel are not lost", async () => {
  await using tunnel = await TunnelFront.open();
  const host = "api.dropboxapi.com";
  const outer = tunnel.proxy();
  // The beginning of a TLS handshake is taken from a connection that only records it.
  const hello = await helloFor(host);
  outer.send(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}\r\n\r\n${hello}`);
  const answer = await outer.until(/\r\n\r\n[^]+/);
  const [head = "", handshake = ""] = answer.split("\r\n\r\n");
  expect(head).toBe("HTTP/1.1 200 Connection established");
  // The server's part of the handshake: a record of type 22.
  expect(handshake.charCodeAt(0)).toBe(22);
  outer.socket.destroy();
});

/** What a client sends first. */
async function helloFor(servername: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const { Duplex } = await import("node:stream");
  const recorder = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _encoding, done) => {
      resolve(chunk.toString("latin1"));
      done();
    },
  });
  const client = tlsConnect({ socket: recorder, servername });
  client.on("error", () => {
    // Nobody answers.
  });
  const hello = await promise;
  client.destroy();
  return hello;
}

test("V8: a client that leaves in its tunnel leaves nothing behind", async () => {
  await using tunnel = await TunnelFront.open();
  const host = "api.dropboxapi.com";
  const half = `POST /2/x HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 100\r\n\r\nhalf`;
  for (const [round, reset] of [false, true].entries()) {
    const { client, raw } = await tunnel.through(host, post(host, "whole") + half);
    await client.until(/ whole/);
    if (reset) raw.resetAndDestroy();
    else client.socket.destroy();
    // The whole call and the half one, each with its end.
    while (tunnel.front.calls.length < 2 * (round + 1)) await tunnel.front.next();
  }
  // One that only opens the tunnel.
  const silent = tunnel.proxy().send(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await silent.until(/established\r\n\r\n$/);
  silent.socket.destroy();
  // A stop that gives no time resolves only when no connection is left.
  await tunnel.front.listener.close({ graceMs: 0 });
  expect(tunnel.front.troubles).toEqual([]);
});

test("V8: a server of plain HTTP makes no tunnels", async () => {
  await using front = await OpenFront.with(() => new Response("ok"));
  const socket = connect({ port: front.listener.port, host: "127.0.0.1" });
  const host = "api.dropboxapi.com:443";
  const client = new RawClient(socket).send(`CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await client.ended;
  expect(client.text).not.toContain(" 200 ");
  expect(front.calls).toEqual([]);
});

test("V8, V79: a client that stays after its tunnel was refused is left", () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const server = createServer();
    acceptTunnels(server, new Set());
    const socket = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() });
    server.emit("connect", { url: "example.com:443" }, socket, Buffer.alloc(0));
    vi.advanceTimersByTime(lingerMs - 1);
    expect(socket.destroyed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(socket.destroyed).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});

test("V8, V79: a tunnel in which no handshake begins ends, with the connection around it", async () => {
  await using tunnel = await TunnelFront.open();
  const tls = await tunnel.certificates.current();
  const server = createServer({ ...tls, handshakeTimeout: 50 });
  acceptTunnels(server, servedHosts([]));
  server.on("clientError", (error, socket: Socket) => {
    refuseBytes({ error, socket, rng: systemRng });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const outer = tlsConnect({ port, host: "127.0.0.1", servername: "localhost", ca: tunnel.ca });
  const host = "api.dropboxapi.com:443";
  const client = new RawClient(outer).send(`CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await client.ended;
  expect(client.text).toBe("HTTP/1.1 200 Connection established\r\n\r\n");
  const closed = once(server, "close");
  server.close();
  await closed;
});
