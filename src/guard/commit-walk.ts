import type { Clock } from "../std/time.ts";

/** The part of a commit that a walk needs. An annotated tag is peeled: `oid` is that of its commit. */
export type WalkedCommit = {
  readonly oid: string;
  readonly parents: readonly string[];
  readonly tree: string;
};

/** Reads one commit. Rejects where it cannot. */
export type ReadCommit = (oid: string) => Promise<WalkedCommit>;

/** The time for a walk is over. */
export class OutOfTime extends Error {
  override readonly name = "OutOfTime";
}

/** What a walk goes by. */
export type WalkOptions = {
  readonly readCommit: ReadCommit;
  /** Commits whose parents are not here. */
  readonly shallow: ReadonlySet<string>;
  readonly clock: Clock;
  /** ms since 1970. */
  readonly deadline: number;
  /** Lets other work have its turn. */
  readonly turn: () => Promise<void>;
};

/** Other work has a turn after so many commits. */
const commitsInARow = 64;

/** Walks over the commits of one repository; each is read once. */
export class CommitWalk {
  readonly #options: WalkOptions;
  readonly #known = new Map<string, WalkedCommit>();

  constructor(options: WalkOptions) {
    this.#options = options;
  }

  /**
   * Every commit that is reachable from some, without those of a set that is closed under parents. They are added to `found` one
   * by one, so that it holds what was seen when the time is over.
   *
   * @throws {OutOfTime}
   */
  async reachable(
    from: readonly string[],
    options: { readonly not?: ReadonlySet<string>; readonly found?: Set<string> } = {},
  ): Promise<ReadonlySet<string>> {
    const { not, found = new Set<string>() } = options;
    const waiting = [...from];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (found.has(next) || not?.has(next) === true) continue;
      const { oid, parents } = await this.#commit(next);
      if (found.has(oid) || not?.has(oid) === true) continue;
      found.add(oid);
      waiting.push(...parents);
    }
    return found;
  }

  /** Those of the reachable commits that have no parent, in no order. @throws {OutOfTime} */
  async roots(from: readonly string[]): Promise<readonly string[]> {
    const all = await this.reachable(from);
    return [...all].filter((oid) => this.#known.get(oid)?.parents.length === 0);
  }

  async #commit(oid: string): Promise<WalkedCommit> {
    const known = this.#known.get(oid);
    if (known !== undefined) return known;
    const { clock, deadline, readCommit, shallow, turn } = this.#options;
    if (clock.now() >= deadline) throw new OutOfTime("The time for a walk is over");
    if (this.#known.size % commitsInARow === commitsInARow - 1) await turn();
    const read = await readCommit(oid);
    const commit = shallow.has(read.oid) ? { ...read, parents: [] } : read;
    this.#known.set(oid, commit);
    this.#known.set(read.oid, commit);
    return commit;
  }
}
