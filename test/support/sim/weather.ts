import type { Dice } from "./dice.ts";
import type { PageMood } from "./memory-remote.ts";
import type { WireFault } from "./wire-fault.ts";

const wireFaults: readonly WireFault[] = [
  "request lost",
  "answer lost",
  "answer lost",
  "429",
  "429 after",
  "server error",
  "too many writes",
  "revoked",
  "cut body",
  "wrong byte",
  "long body",
];

const calmMood: PageMood = { entries: 50, lag: 0, again: 0, reset: false };

/** How bad the way to the server is at the moment (S112). */
export class Weather {
  /** Share of requests that meet a fault; 0 is calm, and then listings come as they should. */
  storm = 0;
  readonly #dice: Dice;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  readonly fault = (): WireFault | undefined =>
    this.#dice.chance(this.storm) ? this.#dice.pick(wireFaults) : undefined;

  readonly mood = (): PageMood => {
    if (this.storm === 0) return calmMood;
    return {
      entries: 1 + this.#dice.below(4),
      lag: this.#dice.chance(0.2) ? this.#dice.below(4) : 0,
      again: this.#dice.chance(0.2) ? this.#dice.below(4) : 0,
      reset: this.#dice.chance(0.03),
    };
  };
}
