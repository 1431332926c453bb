import fc from "fast-check";
import {
  apply,
  localActor,
  remoteActor,
  type Actor,
  type Entries,
  type Step,
} from "./small-scope.ts";
import type { Case } from "./settle.ts";

/** Of every check, so that it says the same of the same code; the soak has ever new ones. */
const seedOfCheck = 20_261_122;

/** The seed of a run, or the one that a failed run printed. */
export function seedOfRun(): number {
  return Number(process.env["SNAP_SEED"] ?? seedOfCheck);
}

/** How many cases are drawn: a part of them where a fault is looked for that was put there. */
export function runsOf(count: number): number {
  return Math.ceil(count / runsPart());
}

/** One case of so many is looked at; all but in a hurry. */
export function runsPart(): number {
  return Number(process.env["SNAP_RUNS_PART"] ?? 1);
}

/** A step as numbers: they choose among what is there, so that nearly every step applies and shrinking works. */
type Wish = {
  readonly act: "create" | "edit" | "delete" | "retype" | "move";
  readonly which: number;
  readonly folder: number;
  readonly name: string;
  readonly isFolder: boolean;
  readonly same: boolean;
};

type Script = {
  readonly minLength: number;
  readonly maxLength: number;
  readonly names?: readonly string[];
};

function wishes(
  acts: readonly Wish["act"][],
  { minLength, maxLength, names = ["a", "b", "c"] }: Script,
): fc.Arbitrary<readonly Wish[]> {
  const wish: fc.Arbitrary<Wish> = fc.record({
    act: fc.constantFrom(...acts),
    which: fc.noBias(fc.nat(30)),
    folder: fc.noBias(fc.nat(30)),
    name: fc.constantFrom(...names),
    isFolder: fc.boolean(),
    same: fc.noBias(fc.integer({ min: 0, max: 3 })).map((number) => number === 3),
  });
  return fc.noBias(fc.array(wish, { minLength, maxLength, size: "max" }));
}

function stepOf(entries: Entries, wish: Wish): Step | undefined {
  const { act, which, folder, name, same } = wish;
  const folders = [0, ...entries.filter(({ kind }) => kind === "folder").map(({ node }) => node)];
  const at = { parent: folders[folder % folders.length] ?? 0, name };
  if (act === "create") return { do: act, kind: wish.isFolder ? "folder" : "file", at, same };
  const node = entries[which % Math.max(1, entries.length)]?.node;
  if (node === undefined) return undefined;
  if (act === "move") return { do: act, node, to: at };
  return act === "edit" ? { do: act, node, same } : { do: act, node };
}

function run(entries: Entries, script: readonly Wish[], actor: Actor): Entries {
  return script.reduce((tree, wish, index) => {
    const step = stepOf(tree, wish);
    return step === undefined ? tree : apply(tree, step, { ...actor, count: index + 1 });
  }, entries);
}

/** The base comes from a script too, with contents of its own. */
function baseOf(script: readonly Wish[]): Entries {
  return run([], script, { letter: "r", firstNode: 0 }).map((entry) =>
    entry.kind === "file" ? { ...entry, hash: `s${entry.node}` } : entry,
  );
}

const acts = ["create", "edit", "delete", "retype", "move", "move", "move"] as const;

/** A random base, and what two random scripts make of it. */
export const cases: fc.Arbitrary<Case> = fc
  .record({
    made: wishes(["create"], { minLength: 4, maxLength: 18 }),
    mine: wishes(acts, { minLength: 0, maxLength: 8 }),
    yours: wishes(acts, { minLength: 0, maxLength: 8 }),
  })
  .map(({ made, mine, yours }) => {
    const base = baseOf(made);
    return { base, local: run(base, mine, localActor), remote: run(base, yours, remoteActor) };
  });

/** A disk that tells cases apart, with `a` and `A` side by side: two names there and one on the server (S42). */
export const twinCases: fc.Arbitrary<Case> = fc
  .record({
    made: wishes(["create"], { minLength: 2, maxLength: 10, names: ["a", "b", "B"] }),
    mine: wishes(acts, { minLength: 1, maxLength: 8, names: ["a", "b", "A", "B"] }),
    yours: wishes(acts, { minLength: 0, maxLength: 4, names: ["a", "b", "A"] }),
  })
  .map(({ made, mine, yours }) => {
    const base = baseOf(made);
    const local = run(base, mine, { ...localActor, tellsCasesApart: true });
    return { base, local, remote: run(base, yours, remoteActor) };
  });
