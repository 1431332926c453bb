import { CheckedRecord, canonicalJson } from "../core/snapshot/checked-json.ts";
import { isSnapError } from "../std/error.ts";
import type { Logger } from "../std/log.ts";
import { isoSeconds } from "../std/time.ts";
import type { Clock } from "../std/time.ts";
import { isUnreadable } from "./store-error.ts";
import type { StoreFiles } from "./store-files.ts";

/** The record of what verifications and captures found (N51). */
export const checksName = "checks.jsonl";
/** The longest record that is read; of one that is longer its end. */
export const checksBytesMax: number = 64 * 1024 * 1024;

/** How often lines are added that are not found in the record afterwards. */
const attemptsMax = 3;

/** How deep a pack was looked at: 1 by its SHA-256, 2 by decoding its blocks (N50). */
export type CheckLevel = 1 | 2;

/** What was found of one pack. */
export type PackCheck = {
  readonly pack: string;
  readonly level: CheckLevel;
  readonly result: "sound" | "damaged";
};

/** Packs whose latest result is damaged, each with the level that found it. */
export type DamagedPacks = ReadonlyMap<string, CheckLevel>;

/** What is needed to read and write the record of checks. */
export type ChecksParts = {
  readonly files: StoreFiles;
  readonly logger: Logger;
  readonly clock: Clock;
};

/** The packs that are damaged by the record of the store (N51). A record that cannot be read says nothing. */
export async function readDamagedPacks({
  files,
  logger,
}: Pick<ChecksParts, "files" | "logger">): Promise<DamagedPacks> {
  const damaged = new Map<string, CheckLevel>();
  for (const check of (await readLines({ files, logger })).flatMap(parseCheck)) {
    const { pack, level, result } = check;
    if (result === "damaged") damaged.set(pack, level);
    // A sound SHA-256 does not take back that a block could not be decoded.
    else if (level >= (damaged.get(pack) ?? 0)) damaged.delete(pack);
  }
  return damaged;
}

/**
 * Add results to the record (N51), as far as the store lets itself be written: to look and to read needs no right to
 * write.
 */
export async function recordChecks(
  parts: ChecksParts,
  checks: readonly PackCheck[],
): Promise<void> {
  if (checks.length === 0) return;
  const time = isoSeconds(parts.clock.now());
  await appendLines(parts, checks.map((check) => canonicalJson({ ...check, time })).join(""));
}

/** Add whole lines to the record, as far as the store lets itself be written. */
export async function appendLines(
  { files, logger }: Pick<ChecksParts, "files" | "logger">,
  lines: string,
): Promise<void> {
  try {
    // A writer that makes the record shorter at this very moment replaces the file: then the lines are added to the new one.
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      const text = await readText(files, logger);
      if (attempt > 0 && text.includes(lines)) return;
      // What a crash tore off must not take the next line with it.
      const start = text === "" || text.endsWith("\n") ? "" : "\n";
      await files.append(checksName, Buffer.from(`${start}${lines}`));
    }
  } catch (error) {
    if (!isSnapError(error)) throw error;
    logger.error("cannot record what was found", { reason: error.message });
  }
}

/** The lines of the record; torn and foreign ones among them. */
export async function readLines({
  files,
  logger,
}: Pick<ChecksParts, "files" | "logger">): Promise<readonly string[]> {
  return (await readText(files, logger)).split("\n");
}

async function readText(files: StoreFiles, logger: Logger): Promise<string> {
  try {
    const size = (await files.size(checksName)) ?? 0;
    if (size > checksBytesMax) return await endOf(files, size);
    return (await files.get(checksName, checksBytesMax))?.toString("utf8") ?? "";
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    logger.error("cannot read the record of checks", { reason: error.message });
    return "";
  }
}

/** The last results count: what was found damaged lately is not forgotten because the record grew. The first line is a torn one. */
async function endOf(files: StoreFiles, size: number): Promise<string> {
  const range = { offset: size - checksBytesMax, length: checksBytesMax };
  return (await files.range(checksName, range)).toString("utf8");
}

/** None for a line that is torn or foreign. */
function parseCheck(line: string): readonly PackCheck[] {
  if (line === "") return [];
  try {
    const record = CheckedRecord.parse(line, checksName);
    const level = record.count("level") === 1 ? 1 : 2;
    return [
      { pack: record.text("pack"), level, result: record.choice("result", ["sound", "damaged"]) },
    ];
  } catch (error) {
    if (!isSnapError(error, "damaged")) throw error;
    return [];
  }
}
