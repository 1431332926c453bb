import { textOfSize, textOfTime } from "../quantity.ts";
import { SnapError } from "../../std/error.ts";
import type { Json } from "../../std/json.ts";
import {
  parseBudget,
  parseChoice,
  parseCommands,
  parseGrace,
  parseKeepUndo,
  parseKeep,
  parseNames,
  parseRate,
  parseScheduleSetting,
  parseText,
  parseTimeout,
  parseTransfers,
  type SettingParser,
} from "./parse.ts";
import { transfersMax, type Settings } from "./values.ts";

/** The name of a setting. */
export type SettingName = "device.name" | keyof Settings;

/** What is known of one setting. */
export type SettingFacts = {
  readonly unit: string;
  /** As it is shown; "none" where nothing stands in for it. */
  readonly default: string;
  readonly meaning: string;
  /** Whether a workspace may have one of its own. */
  readonly scope: "user" | "workspace";
  readonly parse: SettingParser;
};

/** ms that a hook may take where nothing else is set (T43). */
export const hookTimeoutDefaultMs = 60_000;

/** ms that the store's trash waits where nothing else is set (N55). */
export const graceDefaultMs: number = 7 * 86_400_000;

/** ms that what a restore displaced stays where nothing else is set (T32). */
export const keepUndoDefaultMs: number = 7 * 86_400_000;

/** When snapshots are taken by themselves where nothing else is set (N47). */
export const scheduleDefault = "daily";

/** Which of them stay where nothing else is set (N49). */
export const keepDefault = "24h 14d 8w 12m even-last-copy";

/** ms a day for verifying the store where nothing else is set (N51). */
export const verifyBudgetDefaultMs: number = 2 * 60_000;

const hooks = {
  unit: "lists of words",
  default: "none",
  scope: "workspace",
  parse: parseCommands,
} as const;

const hookTimeout = {
  unit: "TIME",
  default: textOfTime(hookTimeoutDefaultMs),
  meaning: "how long one of these commands may take",
  scope: "workspace",
  parse: parseTimeout,
} as const;

const rate = {
  unit: "SIZE a second, or off",
  default: "off",
  scope: "workspace",
  parse: parseRate,
} as const;

/** Every setting by its name, in the order in which they are listed. */
const catalogue: Readonly<Record<SettingName, SettingFacts>> = {
  "device.name": {
    unit: "text",
    default: "the name of this machine",
    meaning: "names this device in conflicted copies and snapshots",
    scope: "user",
    parse: parseText,
  },
  "link.template": {
    unit: "remote path",
    default: "none",
    meaning: "where `snap link` without REMOTE binds a folder, like /{org}/{space}/{instance}",
    scope: "workspace",
    parse: parseText,
  },
  "link.names": {
    unit: "name=text",
    default: "none",
    meaning: "values for {name} in the template and in REMOTE",
    scope: "workspace",
    parse: parseNames,
  },
  repos: {
    unit: "refuse, exclude",
    default: "refuse",
    meaning: "a live repository in a workspace: refuse it, or sync all but its history",
    scope: "workspace",
    parse: parseChoice("refuse", "exclude"),
  },
  gitignore: {
    unit: "sync, exclude",
    default: "sync",
    meaning: "what Git ignores, where repos is exclude: sync it, or leave it out",
    scope: "workspace",
    parse: parseChoice("sync", "exclude"),
  },
  newRemoteFolders: {
    unit: "sync, exclude",
    default: "sync",
    meaning: "folders that appear at the top of the linked folder in Dropbox",
    scope: "workspace",
    parse: parseChoice("sync", "exclude"),
  },
  rollback: {
    unit: "ask, keep, discard",
    default: "ask",
    meaning:
      "a disk that was put back by somebody else: ask, keep the disk, or take the cloud's state",
    scope: "workspace",
    parse: parseChoice("ask", "keep", "discard"),
  },
  "sync.before": {
    ...hooks,
    meaning:
      "commands to run before the first change after 'Up to date'; if one fails, nothing is done",
  },
  "sync.after": { ...hooks, meaning: "commands to run when both sides are up to date again" },
  "sync.hookTimeout": hookTimeout,
  "restore.before": {
    ...hooks,
    meaning: "commands to run before a restore changes anything; if one fails, nothing is done",
  },
  "restore.after": { ...hooks, meaning: "commands to run when a restore has come to its end" },
  "restore.hookTimeout": hookTimeout,
  "restore.keepUndo": {
    unit: "TIME",
    default: textOfTime(keepUndoDefaultMs),
    meaning:
      "how long what a restore displaced stays on the disk; afterwards its safety snapshot serves",
    scope: "workspace",
    parse: parseKeepUndo,
  },
  "transfer.upload": { ...rate, meaning: "how fast files go up at most, all together" },
  "transfer.download": { ...rate, meaning: "how fast files come down at most, all together" },
  "transfer.parallel": {
    unit: `1 to ${transfersMax}`,
    default: String(transfersMax),
    meaning: "transfers at once",
    scope: "workspace",
    parse: parseTransfers,
  },
  "snapshot.schedule": {
    unit: "hourly, daily, off, or times",
    default: scheduleDefault,
    meaning:
      "when the background sync takes a snapshot, if something changed; times like 09:00,18:30",
    scope: "workspace",
    parse: parseScheduleSetting,
  },
  "snapshot.keep": {
    unit: "counts [even-last-copy], or all",
    default: keepDefault,
    meaning:
      "which snapshots of the schedule stay: the newest of so many hours, days, weeks, months, years, and, unless told otherwise, the last copy of anything",
    scope: "workspace",
    parse: parseKeep,
  },
  "snapshot.verifyBudget": {
    unit: "TIME",
    default: textOfTime(verifyBudgetDefaultMs),
    meaning: "time a day in which the background sync verifies the store; or off",
    scope: "user",
    parse: parseBudget,
  },
  "store.path": {
    unit: "folder",
    default: "store/ below SNAP_HOME",
    meaning: "where the snapshots are kept",
    scope: "user",
    parse: parseText,
  },
  "store.grace": {
    unit: "TIME",
    default: textOfTime(graceDefaultMs),
    meaning: "how long a forgotten snapshot can be taken back; at least a day",
    scope: "user",
    parse: parseGrace,
  },
};

/** Their names, in that order. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of a literal are its names
export const settingNames: readonly SettingName[] = Object.keys(catalogue) as SettingName[];

/** What is known of a setting. */
export function settingFacts(name: SettingName): SettingFacts {
  return catalogue[name];
}

/** A name as a person typed it. @throws {SnapError} `usage` for one that is no setting */
export function settingName(text: string): SettingName {
  const found = settingNames.find((name) => name === text);
  if (found !== undefined) return found;
  const near = settingNames.find((name) => name.toLowerCase() === text.toLowerCase());
  throw new SnapError("usage", `There is no setting "${text}"`, {
    hint:
      near === undefined
        ? "`snap config list` shows them all."
        : `Did you mean ${near}? \`snap config list\` shows them all.`,
  });
}

/** A value for people, in the form in which it is typed. */
export function settingText(name: SettingName, value: Json): string {
  if (typeof value === "number") {
    if (settingFacts(name).parse === parseRate) return value === 0 ? "off" : textOfSize(value);
    if (name === "snapshot.verifyBudget" && value === 0) return "off";
    return settingFacts(name).unit === "TIME" ? textOfTime(value) : String(value);
  }
  if (Array.isArray(value)) return value.map((each) => JSON.stringify(each)).join(" ");
  if (typeof value !== "object" || value === null) return String(value);
  return Object.entries(value)
    .map(([key, each]) => `${key}=${typeof each === "string" ? each : JSON.stringify(each)}`)
    .join(" ");
}
