import {
  formatLease,
  formatSeenLeases,
  leasePath,
  leaseRenewMs,
  leaseSilenceMs,
  parseLease,
  parseSeenLeases,
  type Lease,
  type LeaseHolder,
  type RepositoryLeases,
  type SeenLease,
} from "../core/repo/lease.ts";
import type { RelPath } from "../core/path/rel-path.ts";
import type { RemoteSide } from "../ports.ts";
import { isSnapError } from "../std/error.ts";
import type { Logger } from "../std/log.ts";
import { isoSeconds } from "../std/time.ts";
import type { Clock } from "../std/time.ts";

/** What leases are kept with. */
export type LeasesParts = {
  readonly remote: Pick<RemoteSide, "document" | "writeDocument">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Id of our link, and the name of our device. */
  readonly holder: { readonly id: string; readonly name: string };
  /** What was seen of others' leases outlives the program: else one that starts anew would wait for ever. */
  readonly seen: { read(): string | undefined; write(text: string): void };
};

/** Leases as documents in the linked folder; a write that replaces one revision alone decides who is first (G45). */
export function openLeases(parts: LeasesParts): RepositoryLeases {
  return new DocumentLeases(parts);
}

/** One of ours: the revision that we wrote, and when. */
type Held = { readonly rev: string; readonly at: number };

class DocumentLeases implements RepositoryLeases {
  readonly #parts: LeasesParts;
  readonly #held = new Map<RelPath, Held>();
  /** Transfers go side by side: all that ask while one of them is answered have its answer. */
  readonly #asking = new Map<RelPath, Promise<LeaseHolder | undefined>>();

  constructor(parts: LeasesParts) {
    this.#parts = parts;
  }

  async take(gitdir: RelPath): Promise<LeaseHolder | undefined> {
    const held = this.#held.get(gitdir);
    const now = this.#parts.clock.now();
    if (held !== undefined && held.at <= now && now - held.at < leaseRenewMs) return undefined;
    const asked = this.#asking.get(gitdir) ?? this.#ask(gitdir);
    return await asked;
  }

  async release(): Promise<void> {
    const held = [...this.#held];
    this.#held.clear();
    for (const [gitdir, { rev }] of held) await this.#free(gitdir, rev);
  }

  async #ask(gitdir: RelPath): Promise<LeaseHolder | undefined> {
    const asking = this.#takeOnce(gitdir);
    this.#asking.set(gitdir, asking);
    try {
      return await asking;
    } finally {
      this.#asking.delete(gitdir);
    }
  }

  async #takeOnce(gitdir: RelPath): Promise<LeaseHolder | undefined> {
    try {
      return await this.#tryTake(gitdir);
    } catch (error) {
      if (!isSnapError(error, "conflict")) throw error;
      // Somebody was first, or our own answer was lost.
      return await this.#tryTake(gitdir);
    }
  }

  async #tryTake(gitdir: RelPath): Promise<LeaseHolder | undefined> {
    const { remote, holder } = this.#parts;
    const path = leasePath(gitdir);
    this.#held.delete(gitdir);
    const there = await remote.document(path);
    const lease = there && parseLease(there.text);
    if (there !== undefined && lease?.state === "writing" && lease.link !== holder.id) {
      const endsAt = this.#endOf(path, there.rev);
      if (endsAt > this.#parts.clock.now()) return { name: lease.name, endsAt };
    }
    const at = this.#parts.clock.now();
    const rev = await remote.writeDocument(path, this.#text("writing"), there?.rev);
    this.#held.set(gitdir, { rev, at });
    this.#forget(path);
    return undefined;
  }

  async #free(gitdir: RelPath, rev: string): Promise<void> {
    try {
      await this.#parts.remote.writeDocument(leasePath(gitdir), this.#text("free"), rev);
    } catch (error) {
      if (!isSnapError(error)) throw error;
      const { code, message: reason } = error;
      this.#parts.logger.info("the lease of a repository was not given back", { code, reason });
    }
  }

  #text(state: Lease["state"]): string {
    const { clock, holder } = this.#parts;
    const time = isoSeconds(clock.now());
    return formatLease({ link: holder.id, name: holder.name, state, time });
  }

  /** Counted from when we first saw this revision: the clocks of two devices are not compared. */
  #endOf(path: RelPath, rev: string): number {
    const now = this.#parts.clock.now();
    const known = this.#seen().get(path);
    const isKnown = known?.rev === rev && known.since <= now;
    if (!isKnown) this.#note(path, { rev, since: now });
    return (isKnown ? known.since : now) + leaseSilenceMs;
  }

  #seen(): ReadonlyMap<string, SeenLease> {
    return parseSeenLeases(this.#parts.seen.read());
  }

  #note(path: RelPath, seen: SeenLease): void {
    this.#parts.seen.write(formatSeenLeases(new Map(this.#seen()).set(path, seen)));
  }

  #forget(path: RelPath): void {
    const seen = new Map(this.#seen());
    if (seen.delete(path)) this.#parts.seen.write(formatSeenLeases(seen));
  }
}
