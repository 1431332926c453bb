import type { DiskUser } from "./disk-user.ts";
import type { MemoryCloud } from "./memory-cloud.ts";
import { conflictCopies } from "./oracle.ts";

/**
 * The time from one rest of the world to the next. Only what users at different places did in one epoch can be in conflict,
 * so there are never more conflicted copies than pairs of that (P5, P7). A lost index and changed rules are another
 * matter: what both sides then hold under one name may differ without a common past (S78, S91).
 */
export class Epoch {
  readonly #cloud: MemoryCloud;
  readonly #users: readonly DiskUser[];
  #copies: Set<string>;
  readonly #acts = new Map<string, number>();
  #forgot = false;

  constructor(cloud: MemoryCloud, users: readonly DiskUser[]) {
    this.#cloud = cloud;
    this.#users = users;
    this.#copies = new Set();
  }

  acted(who: string, what: string): void {
    this.#acts.set(who, (this.#acts.get(who) ?? 0) + 1);
    if (what.includes(" rules ")) this.#forgot = true;
  }

  forgets(): void {
    this.#forgot = true;
  }

  /** What is wrong with the copies of the epoch that ends here; the next one begins. */
  end(): string[] {
    const now = conflictCopies(this.#cloud, this.#users);
    const fresh = [...now].filter((name) => !this.#copies.has(name));
    const counts = [...this.#acts.values()];
    const pairs = counts.reduce((sum, count, at) => sum + count * total(counts.slice(at + 1)), 0);
    const tooMany = !this.#forgot && fresh.length > pairs;
    this.#copies = now;
    this.#acts.clear();
    this.#forgot = false;
    return tooMany
      ? [`P5: ${fresh.length} conflicted copies of ${pairs} concurrent pairs: ${fresh.join(", ")}`]
      : [];
  }
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
