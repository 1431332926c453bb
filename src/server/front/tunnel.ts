import type { IncomingMessage } from "node:http";
import type { Server as TlsServer } from "node:https";
import type { Duplex } from "node:stream";
import { isServed } from "./hosts.ts";
import type { ServedHosts } from "./hosts.ts";
import { linger } from "./refuse-bytes.ts";

/**
 * Let clients that cannot be told another host use this server as their proxy: what they want to reach by `CONNECT`, if
 * it is one of the server's own names, is this server (V8). It leads nowhere else.
 */
export function acceptTunnels(server: TlsServer, hosts: ServedHosts): void {
  server.on("connect", (message: IncomingMessage, socket: Duplex, head: Buffer) => {
    // A client that goes away is no trouble; the connection inside notices by itself.
    socket.on("error", () => socket.destroy());
    if (!isServed(message.url ?? "", hosts)) {
      socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      // Node watches over the time of requests only, and this is none any more.
      linger(socket);
      return;
    }
    socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    if (head.length > 0) socket.unshift(head);
    server.emit("connection", socket);
  });
}
