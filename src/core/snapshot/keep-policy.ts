import { periods, type Period } from "./retention-periods.ts";
import type { RetentionPolicy } from "./retention.ts";

/** How many of each period an automatic forget keeps (N49); `all` is none at all. */
export type KeepPolicy = "all" | Readonly<Partial<Record<Period, number>>>;

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

/** Read `24h 14d 8w 12m`, or `all`; undefined for anything else, and for what would keep nothing. */
export function parseKeepPolicy(text: string): KeepPolicy | undefined {
  const words = text.split(/[\s,]+/u).filter((word) => word !== "");
  if (words.length === 1 && words[0] === "all") return "all";
  const policy: Partial<Record<Period, number>> = {};
  for (const word of words) {
    const [, digits = "", letter] = /^(\d{1,4})([hdwmy])$/u.exec(word) ?? [];
    const period = periods.find((each) => letters[each] === letter);
    if (period === undefined || policy[period] !== undefined) return undefined;
    const count = Number(digits);
    if (count < 1 || count > countMax) return undefined;
    policy[period] = count;
  }
  return words.length === 0 ? undefined : policy;
}

/** The same as text. */
export function textOfKeepPolicy(policy: KeepPolicy): string {
  if (policy === "all") return "all";
  const words = periods.map((period) => [policy[period], letters[period]] as const);
  return words
    .flatMap(([count, letter]) => (count === undefined ? [] : [`${count}${letter}`]))
    .join(" ");
}

/** The policy by which a schedule forgets; undefined where it forgets nothing. */
export function automaticPolicy(policy: KeepPolicy): RetentionPolicy | undefined {
  return policy === "all" ? undefined : { newestOf: policy, automatic: true };
}
