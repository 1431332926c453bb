import type { Socket } from "node:net";

/**
 * The connections of one front, as the system hands them over: under TLS, the ones below it.
 */
export class Connections {
  readonly #all = new Set<Socket>();
  readonly #byPeer = new Map<string, Socket>();

  add(socket: Socket): void {
    const peer = peerOf(socket);
    this.#all.add(socket);
    // The lowest one counts: a connection that is tunnelled through another one has the same peer.
    const isLowest = peer !== undefined && !this.#byPeer.has(peer);
    if (isLowest) this.#byPeer.set(peer, socket);
    socket.once("close", () => {
      this.#all.delete(socket);
      if (isLowest) this.#byPeer.delete(peer);
    });
  }

  /** End a connection with a TCP reset. What is not TCP is ended without a farewell. */
  reset(socket: Socket): void {
    const peer = peerOf(socket);
    const raw = peer === undefined ? undefined : this.#byPeer.get(peer);
    // A socket of TLS cannot be reset, only the one below it; both know the same peer.
    if (raw === undefined) socket.destroy();
    else raw.resetAndDestroy();
  }

  /** End all of them now. */
  destroyAll(): void {
    for (const socket of this.#all) socket.destroy();
  }
}

/** Address and port of the other end; undefined for what is not TCP. */
function peerOf({ remoteAddress, remotePort }: Socket): string | undefined {
  return remotePort === undefined ? undefined : `${remoteAddress} ${remotePort}`;
}
