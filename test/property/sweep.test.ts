/**
 * Every small case: all bases of a few nodes, with everything that one or two user steps on each side can make of
 * them, against every law of the planner.
 */
import { describe, expect, test } from "vitest";
import { textOf } from "../support/text-tree.ts";
import { MemoryTree } from "../../src/core/tree/tree-view.ts";
import { breachesOf } from "./planner-laws.ts";
import { type Case } from "./settle.ts";
import { basesUpTo, localActor, remoteActor, treesAfter } from "./small-scope.ts";

type Scope = {
  readonly nodes: number;
  readonly localSteps: number;
  readonly remoteSteps: number;
  /** Of this many cases one is taken. */
  readonly every: number;
};

function* casesOf(scope: Scope): Generator<Case> {
  let count = 0;
  for (const base of basesUpTo(scope.nodes)) {
    const remotes = treesAfter(base, remoteActor, scope.remoteSteps);
    const locals = treesAfter(base, localActor, scope.localSteps);
    const pairs = locals.flatMap((local) => remotes.map((remote) => ({ base, local, remote })));
    for (const pair of pairs) {
      count += 1;
      if (count % scope.every === 0) yield pair;
    }
  }
}

/** A case and what is wrong with it, so that it can be made into a test. */
function reportOf(given: Case): string {
  const parts = Object.entries(given).map(([name, entries]) => {
    return `${name}: ${textOf(new MemoryTree(entries)).replaceAll("\n", " | ")}`;
  });
  return [...parts, ...breachesOf(given)].join("\n");
}

describe("S110: every small case keeps the laws of the planner", () => {
  test.each([
    { nodes: 2, localSteps: 1, remoteSteps: 1, every: 1 },
    { nodes: 3, localSteps: 1, remoteSteps: 1, every: 3 },
    { nodes: 2, localSteps: 2, remoteSteps: 1, every: 7 },
    { nodes: 2, localSteps: 1, remoteSteps: 2, every: 7 },
    { nodes: 2, localSteps: 2, remoteSteps: 2, every: 97 },
  ])("bases up to $nodes nodes, $localSteps x $remoteSteps steps, one case of $every", (scope) => {
    let count = 0;
    for (const given of casesOf(scope)) {
      count += 1;
      if (breachesOf(given).length > 0) expect.fail(reportOf(given));
    }
    expect(count).toBeGreaterThan(2_000);
  });
});
