import { nameProblem } from "../path/names.ts";
import { bytesOfSize, msOfTime, textOfSize, textOfTime } from "../quantity.ts";
import { parseKeepPolicy, textOfKeepPolicy } from "../snapshot/keep-policy.ts";
import { parseSchedule } from "../snapshot/schedule.ts";
import { SnapError } from "../../std/error.ts";
import type { Json } from "../../std/json.ts";
import {
  graceMaxMs,
  graceMinMs,
  hookTimeoutMaxMs,
  keepUndoMinMs,
  rateMax,
  rateMin,
  transfersMax,
  verifyBudgetMaxMs,
  type HookCommand,
} from "./values.ts";

/** Turns the words that a person typed into the value of a setting. @throws {SnapError} `usage` */
export type SettingParser = (words: readonly string[], name: string) => Json;

/** Longest text of a setting. */
const textLengthMax = 1_000;

/** One line of text. */
export const parseText: SettingParser = (words, name) => {
  const text = oneWord(words, name);
  if (text.trim() === "") throw bad(name, "is empty");
  if (text.length > textLengthMax) throw bad(name, `is longer than ${textLengthMax} characters`);
  if (/\p{Cc}/u.test(text)) throw bad(name, "holds control characters");
  return text;
};

/** One of some words. */
export function parseChoice(...choices: readonly string[]): SettingParser {
  return (words, name) => {
    const text = oneWord(words, name);
    if (choices.includes(text)) return text;
    throw bad(name, `is "${text}"`, `It is one of: ${choices.join(", ")}.`);
  };
}

/** A TIME between two, in ms. */
function parseTimeWithin(minMs: number, maxMs: number): SettingParser {
  return (words, name) => {
    const text = oneWord(words, name);
    const time = msOfTime(text);
    const span = `from ${textOfTime(minMs)} to ${textOfTime(maxMs)}`;
    const hint = `Write a number with a unit, ${span}: 90s, 15m, 2d.`;
    if (time === undefined) throw bad(name, `is "${text}", which is no time`, hint);
    if (time < minMs || time > maxMs) throw bad(name, `is "${text}"`, hint);
    return time;
  };
}

/** As whole ms, from 1 s to a day. */
export const parseTimeout: SettingParser = parseTimeWithin(1_000, hookTimeoutMaxMs);

/** As whole ms, from an hour to ten years. */
export const parseKeepUndo: SettingParser = parseTimeWithin(keepUndoMinMs, graceMaxMs);

/** As whole ms, from a day to ten years. */
export const parseGrace: SettingParser = parseTimeWithin(graceMinMs, graceMaxMs);

/** `off`, or a time a day, as whole ms; 0 is off. */
export const parseBudget: SettingParser = (words, name) =>
  oneWord(words, name) === "off" ? 0 : parseTimeWithin(1_000, verifyBudgetMaxMs)(words, name);

/** When snapshots are taken: times may be words of their own. */
export const parseScheduleSetting: SettingParser = (words, name) => {
  const times = words.flatMap((word) => word.split(",")).map((time) => time.trim());
  const text = times.filter((time) => time !== "").join(",");
  if (parseSchedule(text) !== undefined) return text;
  const hint = "It is hourly, daily, off, or times of the day: 09:00,18:30.";
  throw bad(name, `is "${text}"`, hint);
};

/** Which snapshots stay; each period may be a word of its own. */
export const parseKeep: SettingParser = (words, name) => {
  const text = words.join(" ");
  const policy = parseKeepPolicy(text);
  if (policy !== undefined) return textOfKeepPolicy(policy);
  const hint =
    "Write counts of hours, days, weeks, months, years, like 24h 14d 8w 12m, then even-last-copy or not; or all.";
  throw bad(name, `is "${text}"`, hint);
};

/** Bytes a second; `off` and 0 are no limit, as 0. */
export const parseRate: SettingParser = (words, name) => rateOf(oneWord(words, name), name);

/** The same of one word, also of an option. @throws {SnapError} `usage` */
export function rateOf(text: string, name: string): number {
  const rate = text === "off" ? 0 : bytesOfSize(text.replace(/\/s$/u, ""));
  if (rate === 0 || (rate !== undefined && rate >= rateMin && rate <= rateMax)) return rate;
  const span = `from ${textOfSize(rateMin)} to ${textOfSize(rateMax)} a second`;
  throw bad(name, `is "${text}"`, `Write a size with a unit, ${span}: 500KiB, 2MiB; or off.`);
}

/** Transfers at once. */
export const parseTransfers: SettingParser = (words, name) => {
  const text = oneWord(words, name);
  const count = /^\d{1,3}$/u.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= transfersMax) return count;
  throw bad(name, `is "${text}"`, `It is a number from 1 to ${transfersMax}.`);
};

/** What may stand between the braces of `{name}`. */
const nameInBraces = /^[A-Za-z][\w-]*$/u;

/** `org=econ space=thesis`, each a word. A value is one name of a path. */
export const parseNames: SettingParser = (words, name) => {
  const hint = `Write each as a word: snap config set ${name} org=econ space=thesis`;
  return Object.fromEntries(
    words.map((word) => {
      const [, key = "", value = ""] = /^([^=]*)=(.*)$/su.exec(word) ?? [];
      if (!nameInBraces.test(key)) throw bad(name, `has "${word}" in it`, hint);
      const problem = nameProblem(value) ?? (/\p{Cc}/u.test(value) ? "is no text" : undefined);
      if (problem !== undefined)
        throw bad(name, `has "${word}" in it, where the value ${problem}`, hint);
      return [key, value];
    }),
  );
};

/** `'["make","stamp"]' '["sync-notes"]'`: each word a JSON list of the words of one command; or one list of such lists. */
export const parseCommands: SettingParser = (words, name) => {
  const commands = words.flatMap((word) => commandsIn(word, name));
  return commands.map((command) => [...command]);
};

function commandsIn(word: string, name: string): readonly HookCommand[] {
  const value = jsonOf(word);
  if (isCommand(value)) return [value];
  if (Array.isArray(value) && value.length > 0 && value.every(isCommand)) return value;
  throw bad(
    name,
    `has "${word}" in it, which is no list of words`,
    `No shell is used. Write each command as a JSON list: snap config set ${name} '["make","stamp"]'`,
  );
}

function isCommand(value: unknown): value is HookCommand {
  if (!Array.isArray(value) || value.length === 0) return false;
  return value[0] !== "" && value.every((each) => typeof each === "string" && !each.includes("\0"));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function oneWord(words: readonly string[], name: string): string {
  const [word] = words;
  if (word !== undefined && words.length === 1) return word;
  throw bad(name, `got ${words.length} values`, "It takes one; put quotes around it.");
}

function bad(name: string, what: string, hint?: string): SnapError {
  return new SnapError("usage", `${name} ${what}`, hint === undefined ? {} : { hint });
}
