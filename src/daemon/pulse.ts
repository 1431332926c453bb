import type { Clock } from "../std/time.ts";
import type { SupervisorLink } from "./link.ts";

/** Time between two beats of a worker, ms. It is also the tick of who listens for them. */
export const beatMs = 30_000;

/** Ticks in a row without a beat after which a worker counts as hung: 10 minutes. */
export const silentTicksMax = 20;

/** Tell the supervisor again and again that the work goes on, which only a process does that is not stuck; until the signal fires. */
export async function beat(
  link: Pick<SupervisorLink, "tell">,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  for (;;) {
    link.tell({ type: "beat" });
    if (!(await slept(clock, signal))) return;
  }
}

/**
 * Listens for the beats of one worker. Its own ticks are counted, never the time: where the machine, or all of the daemon, stood still
 * for a day, the listener did so, too, and nobody missed a beat.
 */
export class Pulse {
  #silentTicks = 0;

  /** The worker was heard. */
  beat(): void {
    this.#silentTicks = 0;
  }

  /** Resolves when the worker counts as hung, with true; with false when the signal fires first. */
  async stopped({ clock, signal }: { clock: Clock; signal: AbortSignal }): Promise<boolean> {
    while (this.#silentTicks < silentTicksMax) {
      if (!(await slept(clock, signal))) return false;
      this.#silentTicks += 1;
    }
    return true;
  }
}

/** @returns whether the time was up, and not the signal */
async function slept(clock: Clock, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(beatMs, signal);
    return !signal.aborted;
  } catch (error) {
    if (!signal.aborted) throw error;
    return false;
  }
}
