import { isSnapError } from "../../std/error.ts";
import { CheckedRecord } from "./checked-json.ts";

/** Lines about snapshots that are kept at most. */
const snapshotsMax = 10_000;

/** What is still there, so that what is known of it is worth keeping. */
export type Present = {
  readonly isPack: (name: string) => boolean;
  readonly isSnapshot: (id: string) => boolean;
};

/** The lines of one pack that still say something. */
type PackLines = {
  readonly damaged?: { readonly line: string; readonly level: number };
  readonly deep?: string;
  readonly shallow?: string;
};

/**
 * The record of checks without the lines that say nothing any more: of each pack that is there its last damage if that counts,
 * and the last sound look at each level since; of each snapshot its last verification. Torn and foreign lines go.
 */
export function foldChecks(lines: readonly string[], present: Present): readonly string[] {
  const packs = new Map<string, PackLines>();
  const snapshots = new Map<string, string>();
  for (const line of lines) {
    const check = parse(line);
    if (check === undefined) continue;
    if (check.pack === undefined) {
      if (check.snapshot !== "all" && !present.isSnapshot(check.snapshot)) continue;
      // The last one counts: it goes to the end.
      snapshots.delete(check.snapshot);
      snapshots.set(check.snapshot, line);
    } else if (present.isPack(check.pack)) {
      packs.set(check.pack, folded(packs.get(check.pack) ?? {}, { ...check, line }));
    }
  }
  const ofPacks = [...packs.values()].flatMap(({ damaged, deep, shallow }) =>
    [damaged?.line, deep, shallow].flatMap((line) => line ?? []),
  );
  return [...ofPacks, ...[...snapshots.values()].slice(-snapshotsMax)];
}

function folded(
  before: PackLines,
  { line, level, isSound }: { readonly line: string; readonly level: number; isSound: boolean },
): PackLines {
  if (!isSound) return { damaged: { line, level } };
  const { damaged, deep } = before;
  const standing = damaged !== undefined && level < damaged.level ? { damaged } : {};
  if (level >= 2) return { ...standing, deep: line };
  return { ...standing, ...(deep === undefined ? {} : { deep }), shallow: line };
}

type Check = { readonly level: number; readonly isSound: boolean } & (
  | { readonly pack: string }
  | { readonly pack?: undefined; readonly snapshot: string }
);

function parse(line: string): Check | undefined {
  if (line === "") return undefined;
  try {
    const record = CheckedRecord.parse(line, "checks.jsonl");
    record.text("time");
    const level = record.count("level");
    const isSound = record.choice("result", ["sound", "damaged"]) === "sound";
    const what = record.has("pack")
      ? { pack: record.text("pack") }
      : { snapshot: record.text("snapshot") };
    return { level, isSound, ...what };
  } catch (error) {
    if (!isSnapError(error, "damaged")) throw error;
    return undefined;
  }
}
