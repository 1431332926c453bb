import type { LeftOut } from "../core/live/waiting.ts";
import { parseCovered, type CoveredRepository } from "../core/repo/covered.ts";
import { isRelPath, parentPath, type RelPath } from "../core/path/rel-path.ts";
import { displayName } from "../core/path/names.ts";
import type { Kind } from "../core/tree/node.ts";
import { coveredRepositories } from "../guard/covered.ts";
import type { IndexStore } from "../ports.ts";
import { describeError } from "../std/error.ts";
import type { Logger } from "../std/log.ts";
import type { Clock } from "../std/time.ts";

/** Between two sweeps by the same rules, ms (G21). */
export const sweepIntervalMs = 86_400_000;

/** What a sweep works with. */
export type SweepParts = {
  /** The workspace: absolute and resolved. */
  readonly top: string;
  readonly index: Pick<IndexStore, "meta" | "setMeta" | "transaction">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The rules of the link as they stand now, for files. @throws {SnapError} where they cannot be read */
  readonly rules: () => Promise<(path: RelPath, kind: Kind) => boolean>;
  /** Something else was found than before. */
  readonly onFound: () => void;
};

/**
 * Looks for repositories where no cycle looks, since a rule leaves everything out there (G9, G21 d): at the start, once a day, and when
 * the rules change. It runs beside the cycles, has part in none of them, and decides nothing: they refuse what a rule uncovers.
 */
export class LeftOutSweep {
  readonly #parts: SweepParts;
  #leftOut: LeftOut | undefined;
  /** By which rules it was last looked, and when. */
  #swept: { readonly digest: string; readonly at: number } | undefined;
  #rest = new AbortController();

  constructor(parts: SweepParts) {
    this.#parts = parts;
  }

  /** By which rules the cycles leave folders out, from now on. */
  scope(leftOut: LeftOut): void {
    const isOther = this.#leftOut?.digest !== leftOut.digest;
    this.#leftOut = leftOut;
    if (isOther) this.#rest.abort();
  }

  /** As long as something else goes on. */
  async during(work: () => Promise<void>): Promise<void> {
    const ending = new AbortController();
    const sweeping = this.run(ending.signal);
    try {
      await work();
    } finally {
      ending.abort();
      await sweeping;
    }
  }

  /** Until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#rest = new AbortController();
      const delayMs = this.#delayMs();
      if (delayMs === 0) await this.#sweep(AbortSignal.any([signal, this.#rest.signal]));
      else await this.#sleep(delayMs, AbortSignal.any([signal, this.#rest.signal]));
    }
  }

  #delayMs(): number {
    const { clock } = this.#parts;
    if (this.#leftOut === undefined) return sweepIntervalMs;
    if (this.#swept?.digest !== this.#leftOut.digest) return 0;
    const since = clock.now() - this.#swept.at;
    return since < 0 ? 0 : Math.max(0, sweepIntervalMs - since);
  }

  async #sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#parts.clock.sleep(delayMs, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #sweep(signal: AbortSignal): Promise<void> {
    const { top, clock, logger } = this.#parts;
    const leftOut = this.#leftOut;
    if (leftOut === undefined) return;
    const at = clock.now();
    try {
      const rules = await this.#parts.rules();
      const covers = (path: RelPath, kind: Kind): boolean =>
        kind === "folder" ? leftOut.has(path) : rules(path, kind) || isIn(leftOut, path);
      const found = await coveredRepositories(top, covers, () => signal.aborted);
      // By other rules by now: it begins anew.
      if (found === undefined || signal.aborted) return;
      this.#swept = { digest: leftOut.digest, at };
      this.#note(leftOut.digest, found);
    } catch (error) {
      // A warning is missing then, and nothing else: the next sweep looks again.
      this.#swept = { digest: leftOut.digest, at };
      logger.error("what is left out was not looked through", { reason: describeError(error) });
    }
  }

  #note(digest: string, found: readonly CoveredRepository[]): void {
    const { index, clock, onFound } = this.#parts;
    const before = parseCovered(index.meta("covered_repositories"));
    const text = JSON.stringify({ digest, sweptAt: clock.now(), found });
    index.transaction(() => index.setMeta("covered_repositories", text));
    if (JSON.stringify(before?.found ?? []) !== JSON.stringify(found)) onFound();
  }
}

function isIn(leftOut: LeftOut, path: RelPath): boolean {
  const folder = parentPath(path);
  return folder !== undefined && isRelPath(folder) && leftOut.has(folder);
}

/** What the last sweep found, where the same rules hold as then; by others a cycle may refuse it (G9). */
export function coveredIn(index: Pick<IndexStore, "meta">): readonly CoveredRepository[] {
  const covered = parseCovered(index.meta("covered_repositories"));
  return covered?.digest === index.meta("rules_digest") ? (covered?.found ?? []) : [];
}

/** Repositories that are told by name in a status. */
const toldMax = 5;

/** The same in sentences. */
export function coveredNotes(found: readonly CoveredRepository[]): readonly string[] {
  const told = found
    .slice(0, toldMax)
    .map(
      ({ path, vcs }) =>
        `Repository "${displayName(path)}" (${vcs ?? "unknown"}) is left out by a rule: nothing of it is in Dropbox.`,
    );
  const more = found.length - told.length;
  return more > 0 ? [...told, `And ${more} more repositories that are left out.`] : told;
}
