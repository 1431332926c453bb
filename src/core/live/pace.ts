import type { NodeId } from "../tree/node.ts";

/** Changes of one file that are remembered for this long, ms (S26). */
export const paceWindowMs = 300_000;

/** More changes than this in that time, and the file is one that changes often. */
export const changesMax = 6;

/** Such a file goes up at most once in this time, ms. */
export const pacedIntervalMs = 60_000;

/** Files whose changes are remembered; beyond it the one that changed longest ago is forgotten (S107). */
export const pacedFilesMax = 10_000;

type Changes = {
  readonly state: string;
  readonly seenAt: readonly number[];
  readonly sentAt: number | undefined;
};

/**
 * How often a file may go up that a program writes to all the time (S26): seven changes in five minutes, and it goes up once
 * a minute. A time in the future, after a jump of the clock, counts for nothing. All times in ms since 1970.
 */
export class Pace {
  /** In the order of the last change. */
  readonly #files = new Map<NodeId, Changes>();

  /** A look found the file in a state, which counts where it is another than before. */
  seen(node: NodeId, state: string, now: number): void {
    const before = this.#files.get(node);
    if (before?.state === state) return;
    const recent = (before?.seenAt ?? []).filter((at) => isRecent(at, now));
    this.#files.delete(node);
    this.#files.set(node, {
      state,
      seenAt: [...recent, now].slice(-(changesMax + 1)),
      sentAt: before?.sentAt,
    });
    const [oldest] = this.#files.keys();
    if (this.#files.size > pacedFilesMax && oldest !== undefined) this.#files.delete(oldest);
  }

  /** The file went up. */
  sent(node: NodeId, now: number): void {
    const before = this.#files.get(node);
    if (before !== undefined) this.#files.set(node, { ...before, sentAt: now });
  }

  /** When the file may go up: now, or a time after it. */
  dueAt(node: NodeId, now: number): number {
    const changes = this.#files.get(node);
    if (changes === undefined || !isOften(changes, now)) return now;
    const { sentAt } = changes;
    if (sentAt === undefined || sentAt > now) return now;
    return Math.max(now, sentAt + pacedIntervalMs);
  }
}

function isOften({ seenAt }: Changes, now: number): boolean {
  return seenAt.filter((at) => isRecent(at, now)).length > changesMax;
}

function isRecent(at: number, now: number): boolean {
  return at <= now && now - at < paceWindowMs;
}
