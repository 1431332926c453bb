import type { LiveTrouble } from "../core/live/live-status.ts";
import { isPassing, waitMs } from "../engine/live/live-trouble.ts";
import { delayMaxMs } from "../std/back-off.ts";
import { describeError, isSnapError, SnapError } from "../std/error.ts";
import type { Environment } from "./environment.ts";
import { troubleOf } from "./live-status.ts";

/** How often something is tried that waits for the user, ms; a change of the settings tries it at once. */
export const userRetryMs = 300_000;

/** What keeps a workspace from being in sync, and since when. */
export type Met = { readonly told: LiveTrouble; readonly since: number };

/** When a workspace that met trouble is tried again: what may pass by itself soon, and then less and less often; what the user has to settle now and then. */
export class Retry {
  readonly #environment: Environment;
  #attempts = 0;
  #openedAt = Number.POSITIVE_INFINITY;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** An attempt begins. */
  begin(): void {
    this.#openedAt = Number.POSITIVE_INFINITY;
  }

  /** The workspace is open. */
  opened(): void {
    this.#openedAt = this.#environment.clock.now();
  }

  /** What comes now is the first of its kind. */
  forget(): void {
    this.#attempts = 0;
  }

  /** Trouble was met: it is logged, with its reason. */
  meet(error: unknown, path: string): Met {
    const { clock, logger } = this.#environment;
    const trouble = isSnapError(error) ? error : mistake(error);
    logger.error("a workspace is not in sync", {
      path,
      code: trouble.code,
      reason: trouble.message,
      trace: isSnapError(error) || !(error instanceof Error) ? undefined : error.stack,
    });
    const now = clock.now();
    return { told: troubleOf(trouble, now + this.#delayMs(trouble)), since: now };
  }

  #delayMs(trouble: SnapError): number {
    const { clock, rng } = this.#environment;
    // What comes after a long time without trouble is the first of its kind.
    if (clock.now() - this.#openedAt > delayMaxMs) this.#attempts = 0;
    this.#attempts += 1;
    const mayPass = trouble.code === "busy" || isPassing(trouble);
    return mayPass ? waitMs(trouble, this.#attempts, rng) : userRetryMs;
  }
}

function mistake(cause: unknown): SnapError {
  return new SnapError("unexpected", `Unexpected error: ${describeError(cause)}`, {
    cause,
    hint: "This is a mistake of the program. Nothing was lost by it; `snap log` tells more.",
  });
}
