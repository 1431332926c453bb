import { CheckedRecord } from "../core/snapshot/checked-json.ts";
import { isSnapError } from "../std/error.ts";
import { readLines, recordChecks } from "./checks.ts";
import type { CheckLevel, ChecksParts, PackCheck } from "./checks.ts";

/** Results that are recorded together: so many packs are looked at again after a kill, at most. */
const recordedTogether = 8;

/**
 * A verification that ends when its time is over, and goes on next time where it was: the packs that were looked at longest ago
 * come first, and each is recorded with its time, also when it is sound (N51).
 */
export class PackTurn {
  readonly #parts: ChecksParts;
  readonly #endMs: number;
  readonly #times: ReadonlyMap<string, string>;
  readonly #recorded = new Set<string>();
  #pending: PackCheck[] = [];

  private constructor(
    parts: ChecksParts,
    { endMs, times }: { readonly endMs: number; readonly times: ReadonlyMap<string, string> },
  ) {
    this.#parts = parts;
    this.#endMs = endMs;
    this.#times = times;
  }

  static async begin(
    parts: ChecksParts,
    { budgetMs, level }: { readonly budgetMs: number; readonly level: CheckLevel },
  ): Promise<PackTurn> {
    const endMs = parts.clock.now() + budgetMs;
    return new PackTurn(parts, { endMs, times: await timesOfPacks(parts, level) });
  }

  /** Those never looked at first, then by the time of the last look; equal ones by their names. */
  inOrder<T extends { readonly name: string }>(packs: readonly T[]): readonly T[] {
    const keyOf = ({ name }: T): string => `${this.#times.get(name) ?? ""} ${name}`;
    return packs.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  }

  get isOver(): boolean {
    return this.#parts.clock.now() >= this.#endMs;
  }

  /** Whether a pack's result was taken in this turn. */
  hasTaken(pack: string): boolean {
    return this.#recorded.has(pack);
  }

  async take(check: PackCheck): Promise<void> {
    this.#recorded.add(check.pack);
    this.#pending.push(check);
    if (this.#pending.length >= recordedTogether) await this.flush();
  }

  async flush(): Promise<void> {
    const checks = this.#pending;
    this.#pending = [];
    await recordChecks(this.#parts, checks);
  }
}

/** When each pack was looked at last, at a level or deeper; damage counts at every level. */
async function timesOfPacks(
  parts: ChecksParts,
  level: CheckLevel,
): Promise<ReadonlyMap<string, string>> {
  const times = new Map<string, string>();
  for (const line of await readLines(parts)) {
    const found = parseTime(line);
    if (found === undefined || (found.isSound && found.level < level)) continue;
    times.set(found.pack, found.time);
  }
  return times;
}

type PackTime = {
  readonly pack: string;
  readonly time: string;
  readonly level: number;
  readonly isSound: boolean;
};

function parseTime(line: string): PackTime | undefined {
  if (!line.includes('"pack"')) return undefined;
  try {
    const record = CheckedRecord.parse(line, "checks.jsonl");
    return {
      pack: record.text("pack"),
      time: record.text("time"),
      level: record.count("level"),
      isSound: record.text("result") === "sound",
    };
  } catch (error) {
    if (!isSnapError(error, "damaged")) throw error;
    return undefined;
  }
}
