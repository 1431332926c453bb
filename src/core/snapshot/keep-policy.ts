import { periods, type Period } from "./retention-periods.ts";
import type { RetentionPolicy } from "./retention.ts";

/** What an automatic forget keeps (N49); `all` is everything. */
export type KeepPolicy =
  | "all"
  | {
      /** The newest of each of so many periods. */
      readonly newestOf: Readonly<Partial<Record<Period, number>>>;
      /** What the policy does not keep goes even where it holds the last copy of something (N55). */
      readonly evenLastCopy: boolean;
    };

/** The word for that. */
const evenLastCopyWord = "even-last-copy";

/** The most of one period. */
const countMax = 9_999;

/** The letter of each period, in their order. */
const letters: Readonly<Record<Period, string>> = {
  hourly: "h",
  daily: "d",
  weekly: "w",
  monthly: "m",
  yearly: "y",
};

/** Read `24h 14d 8w 12m`, with `even-last-copy` behind it or not, or `all`; undefined for anything else, and for what would keep nothing. */
export function parseKeepPolicy(text: string): KeepPolicy | undefined {
  const words = text.split(/[\s,]+/u).filter((word) => word !== "");
  if (words.length === 1 && words[0] === "all") return "all";
  const evenLastCopy = words.at(-1) === evenLastCopyWord;
  const counts = evenLastCopy ? words.slice(0, -1) : words;
  const newestOf: Partial<Record<Period, number>> = {};
  for (const word of counts) {
    const [, digits = "", letter] = /^(\d{1,4})([hdwmy])$/u.exec(word) ?? [];
    const period = periods.find((each) => letters[each] === letter);
    if (period === undefined || newestOf[period] !== undefined) return undefined;
    const count = Number(digits);
    if (count < 1 || count > countMax) return undefined;
    newestOf[period] = count;
  }
  return counts.length === 0 ? undefined : { newestOf, evenLastCopy };
}

/** The same as text. */
export function textOfKeepPolicy(policy: KeepPolicy): string {
  if (policy === "all") return "all";
  const { newestOf, evenLastCopy } = policy;
  const counts = periods.flatMap((period) => {
    const count = newestOf[period];
    return count === undefined ? [] : [`${count}${letters[period]}`];
  });
  return [...counts, ...(evenLastCopy ? [evenLastCopyWord] : [])].join(" ");
}

/** The policy by which a schedule forgets; undefined where it forgets nothing. */
export function automaticPolicy(policy: KeepPolicy): RetentionPolicy | undefined {
  return policy === "all" ? undefined : { newestOf: policy.newestOf, automatic: true };
}
