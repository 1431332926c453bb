import { MemoryTree } from "../../src/core/tree/tree-view.ts";
import { textOf } from "../support/text-tree.ts";
import type { Case } from "./settle.ts";
import {
  basesUpTo,
  localActor,
  mirrored,
  remoteActor,
  shapeOf,
  treesAfter,
  type Entries,
} from "./small-scope.ts";

/** All cases of a few nodes and steps, or every so-manieth of them. */
export type Scope = {
  readonly nodes: number;
  readonly steps: number;
  /** The number of the first case that is taken, and the distance to the next. */
  readonly first: number;
  readonly every: number;
};

/** A case with its number among all of its scope. */
export type Numbered = { readonly number: number; readonly given: Case };

/**
 * The cases of a scope. Two cases that differ in the names of all nodes (`a` for `b` and the reverse) are one: names are only
 * compared with each other, and the cases of a base and those of its mirror image are the same ones. What new nodes and
 * new contents are called makes no difference either (`treesAfter`).
 */
export function* casesOf({ nodes, steps, first, every }: Scope): Generator<Numbered> {
  let begin = 0;
  for (const base of basesUpTo(nodes).filter(isFirstOfMirrored)) {
    const locals = treesAfter(base, localActor, steps);
    const remotes = treesAfter(base, remoteActor, steps);
    const count = locals.length * remotes.length;
    // The first number of this base that is in the residue class.
    for (let at = (every - ((begin - first) % every)) % every; at < count; at += every) {
      const local = locals[Math.floor(at / remotes.length)] ?? [];
      const remote = remotes[at % remotes.length] ?? [];
      yield { number: begin + at, given: { base, local, remote } };
    }
    begin += count;
  }
}

/** A base that is its own mirror image keeps all its cases: which node is visited first may make a difference. */
function isFirstOfMirrored(base: Entries): boolean {
  return shapeOf(base) <= shapeOf(mirrored(base));
}

/** A case and what is wrong with it, so that it can be made into a test. */
export function reportOf(given: Case, breaches: readonly string[]): string {
  const parts = Object.entries(given).map(([name, entries]) => {
    return `${name}: ${textOf(new MemoryTree(entries)).replaceAll("\n", " | ")}`;
  });
  return [...parts, ...breaches].join("\n");
}
