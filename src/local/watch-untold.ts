import type { RelPath } from "../core/path/rel-path.ts";
import type { Clock } from "../std/time.ts";
import { folderAt, standsAt } from "./watch-folders.ts";

/** Time between two looks, ms. */
const everyMs = 10_000;

/** Finds what no event tells of. */
export class Untold {
  readonly #top: string;
  readonly #clock: Clock;
  #watched: string | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor({ top, clock }: { readonly top: string; readonly clock: Clock }) {
    this.#top = top;
    this.#clock = clock;
  }

  /** The folder that is at the top now is watched from now on. */
  begin(): void {
    this.#watched = folderAt(this.#top);
  }

  /**
   * Look, every 10 s at most.
   *
   * @param leftOut folders that the watch leaves out
   * @returns `top gone` where a folder above the top was moved, or another disk is mounted; `file` where one took the place of a
   *   folder that is left out
   */
  look(leftOut: readonly RelPath[]): "top gone" | "file" | "nothing" {
    const now = this.#clock.now();
    if (Math.abs(now - this.#lookedAt) < everyMs) return "nothing";
    this.#lookedAt = now;
    if (folderAt(this.#top) !== this.#watched) return "top gone";
    return leftOut.some((folder) => standsAt(this.#top, folder) === "file") ? "file" : "nothing";
  }
}
