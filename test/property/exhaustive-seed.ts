import { frozenBreachesOf, nodesOf } from "./frozen-laws.ts";
import { breachesOf } from "./planner-laws.ts";
import type { Case } from "./settle.ts";
import { casesOf, reportOf } from "./small-cases.ts";

/** Cases of up to four nodes and two steps a side are taken in so many turns. */
const turns = 2_003;

/** What one turn found: `report` is absent where all held. */
export type Turn = { readonly cases: number; readonly report?: string };

/**
 * One turn of the long form of the exhaustive layer: every so-manieth case of up to four nodes with all laws, cut off after each
 * op, and once more with one of its nodes unknown (S29). `turns` seeds in a row are all cases.
 */
export function exhaustiveTurn(seed: number): Turn {
  let count = 0;
  for (const { number, given } of casesOf({
    nodes: 4,
    steps: 2,
    first: seed % turns,
    every: turns,
  })) {
    count += 1;
    const breaches = allBreachesOf(given, number);
    if (breaches.length > 0) {
      return { cases: count, report: `case ${number}\n${reportOf(given, breaches)}` };
    }
  }
  return { cases: count };
}

function allBreachesOf(given: Case, number: number): readonly string[] {
  try {
    const nodes = nodesOf(given);
    const unknown = nodes[number % Math.max(1, nodes.length)];
    const frozen = unknown === undefined ? [] : frozenBreachesOf(given, new Set([unknown]));
    return [...breachesOf(given), ...frozen.map((breach) => `node ${unknown} unknown: ${breach}`)];
  } catch (error) {
    // A failed assertion is a breach as well, and its case is wanted.
    return [error instanceof Error ? error.message : String(error)];
  }
}
