import type { Rng } from "../../std/random.ts";
import type { PageFault } from "../wire/interposer.ts";
import { parentKey } from "../tree/node.ts";
import { childrenFirst, reordered } from "./entry-order.ts";
import { cutPage, wholePage } from "./stretch.ts";
import type { Page, Step, Stretch } from "./stretch.ts";

/**
 * A page as a fault wants it (V72). It stays one that the real service could send: whoever applies all pages to the end
 * has the true state.
 */
export function faultyPage(stretch: Stretch, kind: PageFault["kind"], rng: Rng): Page {
  const whole = wholePage(stretch);
  switch (kind) {
    case "empty":
      return { entries: [], next: stretch.start, hasMore: true };
    case "short":
      return cutPage(stretch, half(stretch));
    case "split":
      return cutPage(stretch, splitAt(stretch.steps));
    case "duplicated":
      return duplicatedPage(stretch, whole);
    case "reordered":
      return { ...whole, entries: reordered(whole.entries, rng) };
    case "children-first":
      return { ...whole, entries: childrenFirst(whole.entries) };
    case "stale":
      // Where the call sees no further than its horizon, nothing else is left to do.
      return whole;
  }
}

/** At least one step, so that the listing gets on. */
function half({ steps }: Stretch): number {
  return Math.max(1, Math.floor(steps.length / 2));
}

/** The last entry comes twice, and the second half of the page, if it has one, once more on the next one. */
function duplicatedPage(stretch: Stretch, { entries }: Page): Page {
  if (entries.length === 0) return wholePage(stretch);
  return { ...cutPage(stretch, half(stretch)), entries: [...entries, ...entries.slice(-1)] };
}

/** How many steps come before a cut in the middle of a change: behind a removal, or between a folder and what is in it. */
function splitAt(steps: readonly Step[]): number {
  const last = steps.findIndex(({ entry }, index) => {
    const next = steps[index + 1];
    if (entry === undefined || next === undefined) return false;
    return entry.kind === "deleted" || parentKey(next.entry?.key ?? "") === entry.key;
  });
  return last < 0 ? Math.ceil(steps.length / 2) : last + 1;
}
