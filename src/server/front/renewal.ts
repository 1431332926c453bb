import type { Server } from "node:https";
import type { Clock } from "../../std/time.ts";
import type { Certificates, ServerCertificate } from "./certificates.ts";
import { renewalCheckMs } from "./limits.ts";

/** What a server shows, and where the next certificate comes from. */
export type RenewalOptions = {
  readonly certificates: Certificates;
  readonly shown: ServerCertificate;
  readonly clock: Clock;
  readonly onRenewed?: () => void;
  readonly onTrouble?: (error: unknown) => void;
};

/**
 * Keeps a TLS server's certificate in its time: looks every hour, and at every new connection, because a machine that
 * slept counts no hours. Connections that are open go on.
 */
export class Renewal {
  readonly #server: Server;
  readonly #options: RenewalOptions;
  readonly #stop = new AbortController();
  #shown: ServerCertificate;

  constructor(server: Server, options: RenewalOptions) {
    this.#server = server;
    this.#options = options;
    this.#shown = options.shown;
    server.on("connection", () => void this.#renew());
    void this.#loop();
  }

  stop(): void {
    this.#stop.abort();
  }

  async #loop(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#options.clock.sleep(renewalCheckMs, signal);
      } catch (error) {
        if (!signal.aborted) this.#options.onTrouble?.(error);
        return;
      }
      await this.#renew();
    }
  }

  /** The old one is shown on when there is no new one. */
  async #renew(): Promise<void> {
    try {
      const next = await this.#options.certificates.current();
      if (next === this.#shown || this.#stop.signal.aborted) return;
      this.#shown = next;
      this.#server.setSecureContext(next);
      this.#options.onRenewed?.();
    } catch (error) {
      this.#options.onTrouble?.(error);
    }
  }
}
