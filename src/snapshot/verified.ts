import { CheckedRecord, canonicalJson } from "../core/snapshot/checked-json.ts";
import type { SnapshotId, SnapshotRoot } from "../core/snapshot/root.ts";
import { isSnapError } from "../std/error.ts";
import { isoSeconds } from "../std/time.ts";
import { appendLines, readLines } from "./checks.ts";
import type { ChecksParts } from "./checks.ts";

/** How a verification of one snapshot, or of all that there were, ended (N51). */
export type SnapshotCheck = {
  /** Absent: all. */
  readonly snapshot?: SnapshotId | undefined;
  readonly level: number;
  readonly result: "sound" | "damaged";
};

/** The last verification that a snapshot was part of. */
export type LastCheck = {
  readonly level: number;
  readonly time: string;
  readonly result: SnapshotCheck["result"];
};

const everySnapshot = "all";

/** Keep how a verification ended, beside what was found of packs; as far as the store lets itself be written. */
export async function recordVerified(parts: ChecksParts, check: SnapshotCheck): Promise<void> {
  const { snapshot = everySnapshot, level, result } = check;
  const time = isoSeconds(parts.clock.now());
  await appendLines(parts, canonicalJson({ snapshot, level, result, time }));
}

/** The last verification of each snapshot that is recorded: of it alone, or of all when it was there. */
export async function readVerified(
  parts: Pick<ChecksParts, "files" | "logger">,
): Promise<(root: SnapshotRoot) => LastCheck | undefined> {
  const own = new Map<string, LastCheck>();
  let ofAll: LastCheck | undefined;
  for (const line of await readLines(parts)) {
    const check = parseLine(line);
    if (check === undefined) continue;
    if (check.snapshot === everySnapshot) ofAll = check;
    else own.set(check.snapshot, check);
  }
  return (root) => {
    // One that was hydrated later has the time of its parent.
    const made = root.hydrated ?? root.time;
    const all = ofAll !== undefined && made <= ofAll.time ? ofAll : undefined;
    const alone = own.get(root.id);
    return all !== undefined && all.time >= (alone?.time ?? "") ? all : alone;
  };
}

function parseLine(line: string): (LastCheck & { readonly snapshot: string }) | undefined {
  // Most lines are about packs; only these are worth parsing.
  if (!line.includes('"snapshot"')) return undefined;
  try {
    const record = CheckedRecord.parse(line, "checks.jsonl");
    return {
      snapshot: record.text("snapshot"),
      level: record.count("level"),
      time: record.text("time"),
      result: record.choice("result", ["sound", "damaged"]),
    };
  } catch (error) {
    if (!isSnapError(error, "damaged")) throw error;
    return undefined;
  }
}
