import type { Environment } from "../app/environment.ts";
import { SnapError } from "../std/error.ts";
import { randomHex } from "../std/random.ts";

/** How often a command says that it is at work, ms. */
export const beatMs = 15_000;

/** A lease ends after one to two of these without a word, ms: a machine that is short of memory may hold a program up for long. */
export const leaseMs = 60_000;

/** What commands hold for as long as they say that they are at work (N34): one that hangs, or was stopped, holds nothing for ever. */
export class Leases {
  readonly #environment: Pick<Environment, "clock" | "rng">;
  /** Whether each was renewed since it was looked at. */
  readonly #renewed = new Map<string, boolean>();

  constructor(environment: Pick<Environment, "clock" | "rng">) {
    this.#environment = environment;
  }

  /**
   * A lease, told to who gets it.
   *
   * @param tell false: nobody is there any more
   * @param signal ends it
   * @returns whether it ended because nobody renewed it
   */
  async last(tell: (lease: string) => boolean, signal: AbortSignal): Promise<boolean> {
    const lease = randomHex(this.#environment.rng, 16);
    this.#renewed.set(lease, true);
    try {
      if (!tell(lease)) return false;
      while (this.#renewed.get(lease) === true) {
        this.#renewed.set(lease, false);
        await this.#environment.clock.sleep(leaseMs, signal);
      }
      return true;
    } catch (error) {
      if (!signal.aborted) throw error;
      return false;
    } finally {
      this.#renewed.delete(lease);
    }
  }

  /** It goes on. @throws {SnapError} `not-found` where it has ended */
  renew(lease: string): void {
    if (!this.#renewed.has(lease)) throw new SnapError("not-found", "This lease has ended");
    this.#renewed.set(lease, true);
  }
}
