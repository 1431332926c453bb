import { turn } from "./turn.ts";

/** Work that is done step by step: each `yield` is a place at which everything else may have its turn. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Do it with a turn for everything else after each step (N61). */
export async function inTurns<T>(steps: Steps<T>): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await turn();
  }
}

/** Do it in one go. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
