import { attemptsMax, backOffMs } from "../std/back-off.ts";
import { systemCode } from "../std/error.ts";
import type { Rng } from "../std/random.ts";
import type { Clock } from "../std/time.ts";

/** After a call that was given up, how long the calls that follow are not repeated, ms. */
const restMs = 30_000;

/**
 * What passes by itself, and under which name it rests: this process, or all of them together, have too many files open; a
 * file or folder is in use. A busy file does not use up the patience with a crowded system, nor the other way round.
 */
const passing: ReadonlyMap<string, "crowded" | "busy"> = new Map([
  ["EMFILE", "crowded"],
  ["ENFILE", "crowded"],
  ["EBUSY", "busy"],
]);

/**
 * Repeats calls that fail for a reason that passes (§11). Where it did not pass within the attempts of one call, the next
 * ones that fail so fail at once for a while: a thousand files do not wait one after the other.
 */
export class Patience {
  readonly #clock: Clock;
  readonly #rng: Rng;
  readonly #restsUntil = new Map<string, number>();

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
        const reason = whyPassing(error);
        if (reason === undefined || this.#rests(reason)) throw error;
        if (attempt === attemptsMax) {
          this.#restsUntil.set(reason, this.#clock.now() + restMs);
          throw error;
        }
        await this.#clock.sleep(backOffMs(attempt, this.#rng));
      }
    }
  }

  #rests(reason: string): boolean {
    return this.#clock.now() < (this.#restsUntil.get(reason) ?? -Infinity);
  }
}

function whyPassing(error: unknown): "crowded" | "busy" | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  return passing.get(systemCode(error) ?? systemCode(cause) ?? "");
}
