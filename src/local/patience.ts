import { attemptsMax, backOffMs } from "../std/back-off.ts";
import { systemCode } from "../std/error.ts";
import type { Rng } from "../std/random.ts";
import type { Clock } from "../std/time.ts";

/** After a call that was given up, how long the calls that follow are not repeated, ms. */
const restMs = 30_000;

/** What the system answers while this process, or all of them together, have too many files open. */
const crowdedCodes: ReadonlySet<string> = new Set(["EMFILE", "ENFILE"]);

/**
 * Repeats calls that fail because too many files are open: that passes, and says nothing about the file (§11). Where it did not
 * pass within the attempts of one call, the next ones fail at once for a while, so that a thousand files do not wait
 * one after the other.
 */
export class Patience {
  readonly #clock: Clock;
  readonly #rng: Rng;
  #restsUntil = -Infinity;

  constructor({ clock, rng }: { readonly clock: Clock; readonly rng: Rng }) {
    this.#clock = clock;
    this.#rng = rng;
  }

  /**
   * @param call may be repeated, whatever it had done before it failed
   * @throws what the last attempt threw
   */
  async through<T>(call: () => Promise<T> | T): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await call();
      } catch (error) {
        if (!isCrowded(error) || this.#clock.now() < this.#restsUntil) throw error;
        if (attempt === attemptsMax) {
          this.#restsUntil = this.#clock.now() + restMs;
          throw error;
        }
        await this.#clock.sleep(backOffMs(attempt, this.#rng));
      }
    }
  }
}

function isCrowded(error: unknown): boolean {
  const isItself = crowdedCodes.has(systemCode(error) ?? "");
  return isItself || (error instanceof Error && crowdedCodes.has(systemCode(error.cause) ?? ""));
}
