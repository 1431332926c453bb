import { createServer, type Server } from "node:http";
import { connect, type Socket } from "node:net";
import { once } from "node:events";

/** A proxy on loopback that tunnels whatever it is asked for to one port of this computer, for those who know its password. */
export class ConnectProxy implements AsyncDisposable {
  /** The names that were asked for, oldest first. */
  readonly asked: string[] = [];
  /** How many came without the password. */
  refused = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(target: number, login: string) {
    const wanted = `Basic ${Buffer.from(login).toString("base64")}`;
    this.#server = createServer((_, response) => response.writeHead(405).end());
    this.#server.on("connect", (request, near: Socket) => {
      if (request.headers["proxy-authorization"] !== wanted) {
        this.refused += 1;
        near.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
        return;
      }
      this.asked.push(request.url ?? "");
      this.#tunnel(near, connect(target, "127.0.0.1"));
    });
  }

  static async open(target: number, login: string): Promise<ConnectProxy> {
    const proxy = new ConnectProxy(target, login);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" ? (address?.port ?? 0) : 0;
  }

  /** Cut every connection that goes through it now. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  #tunnel(near: Socket, far: Socket): void {
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      // The other end is closed by the pipe.
      socket.on("error", () => undefined);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    far.once("connect", () => {
      near.write("HTTP/1.1 200 Connection established\r\n\r\n");
      near.pipe(far).pipe(near);
    });
  }
}
