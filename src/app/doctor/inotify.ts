import { readFileSync } from "node:fs";
import path from "node:path";
import { Exclusions } from "../../core/exclusions.ts";
import { rulesOf } from "../../core/ignore.ts";
import { nothingLeftOut, type LeftOut } from "../../core/live/waiting.ts";
import { topPath } from "../../core/path/rel-path.ts";
import { leftOutBy } from "../../engine/scope/left-out.ts";
import { findFolders } from "../../local/watch-folders.ts";
import { isSnapError, systemCode } from "../../std/error.ts";
import type { Environment } from "../environment.ts";
import { excludedIn } from "../exclusion-record.ts";
import type { LinkedRecord } from "../find-workspace.ts";
import { readRulesText } from "../rules-file.ts";
import { ok, warning, type Check } from "./check.ts";
import type { Background } from "./background.ts";

/** Where Linux tells its limits. */
export const inotifyFolder = "/proc/sys/fs/inotify";

/** The background sync needs one, and one more for the moment in which it tries whether it gets one. */
const instancesNeeded = 2;

/** What other programs of this user have watches for, at least. */
const watchesAdvised = 524_288;

/** What is known before the folders are counted. */
export type Watched = {
  readonly records: readonly LinkedRecord[];
  readonly background: Background | undefined;
  /** Files with the limits, as Linux has them. */
  readonly limits: string;
};

/** The limits of inotify against the folders of all linked workspaces (S108). Other programs of the user share them. */
export async function checkInotify(
  environment: Environment,
  { records, background, limits }: Watched,
): Promise<Check> {
  const watches = readLimit(limits, "max_user_watches");
  const instances = readLimit(limits, "max_user_instances");
  if (watches === undefined || instances === undefined) {
    return ok("inotify", "This system tells of no limits of inotify");
  }
  if (instances < instancesNeeded) {
    return tooLow("max_user_instances", {
      limit: instances,
      needed: instancesNeeded,
      advised: 128,
    });
  }
  const needed = await countFolders(environment, records, background);
  if (needed > watches) {
    const advised = Math.max(watchesAdvised, 2 ** Math.ceil(Math.log2(2 * needed)));
    return tooLow("max_user_watches", { limit: watches, needed, advised });
  }
  return ok("inotify", `${watches} folders may be watched, ${needed} are in the linked workspaces`);
}

type Limit = { readonly limit: number; readonly needed: number; readonly advised: number };

function tooLow(name: string, { limit, needed, advised }: Limit): Check {
  return warning("inotify", {
    text: `fs.inotify.${name} is ${limit}, and ${needed} are needed: some changes are found every 5 minutes only`,
    hint: `sudo sysctl fs.inotify.${name}=${advised}`,
  });
}

function readLimit(folder: string, name: string): number | undefined {
  try {
    const limit = Number(readFileSync(path.join(folder, name), "utf8"));
    return Number.isSafeInteger(limit) ? limit : undefined;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

/** The daemon knows those that it watches; the others are counted. */
async function countFolders(
  environment: Environment,
  records: readonly LinkedRecord[],
  background: Background | undefined,
): Promise<number> {
  let count = 0;
  for (const record of records) {
    const watch = background?.workspaces.find(({ id }) => id === record.id)?.watch;
    count += watch?.coverage === "whole" ? watch.folders : await countIn(environment, record);
  }
  return count;
}

/** A workspace that is not there has a check of its own. */
async function countIn(environment: Environment, record: LinkedRecord): Promise<number> {
  const leftOut = leftOutIn(environment, record);
  try {
    const { folders, idle } = await findFolders(record.path, topPath, { leftOut });
    return folders.size + idle;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return 0;
  }
}

/** As the next sync would have it; rules that cannot be read are told of by that one. */
function leftOutIn(environment: Environment, { id, path: top }: LinkedRecord): LeftOut {
  const exclusions = new Exclusions(excludedIn(environment, id));
  try {
    return leftOutBy({ rules: rulesOf(readRulesText(top).text), exclusions }, "");
  } catch (error) {
    if (isSnapError(error)) return nothingLeftOut;
    throw error;
  }
}
