import { topPath, type RelPath } from "../core/path/rel-path.ts";
import { unitIdOf } from "../core/repo/unit.ts";
import { entryTrouble, type SnapshotEntry } from "../core/snapshot/entry.ts";
import { contentHashOfBlocks } from "../core/tree/content-hash.ts";
import type { LoggedPart, SortedUnit, UnitPart } from "./unit-log.ts";
import type { ShownNames } from "./shown-names.ts";

/** An entry of a unit, or why something could not become one. */
export type JudgedEntry = { readonly entry: SnapshotEntry } | { readonly trouble: string };

/** What entries are made of. */
export type UnitEntriesParts = {
  readonly unit: RelPath;
  readonly sorted: SortedUnit;
  readonly names: ShownNames;
};

/**
 * The entries of a unit in path order, each below a folder of it. Of what came under one name the last counts, unless that or a folder
 * above it was removed later; folders that went while they were captured are there for what is in them.
 */
export function* unitEntries(parts: UnitEntriesParts): Generator<JudgedEntry> {
  const above = new Above();
  for (const { key, part } of remaining(parts.sorted)) {
    const missing = above.enter(key, part);
    if (missing === undefined) yield { trouble: `"${textOf(key)}" is in no folder` };
    else {
      for (const folder of missing) yield judged({ ...parts, key: folder, part: madeFolder });
      yield judged({ ...parts, key, part });
    }
  }
}

const madeFolder: UnitPart = { type: "folder", mode: "700" };

type Remaining = { readonly key: string; readonly part: UnitPart };

/** What was not replaced, and not removed. */
function* remaining(sorted: SortedUnit): Generator<Remaining> {
  const removed: { readonly start: string; readonly number: number }[] = [];
  for (const { last, removedAt } of byKey(sorted.parts())) {
    const { key, number, part } = last;
    while (removed.length > 0 && !key.startsWith(removed.at(-1)?.start ?? "")) removed.pop();
    if (part !== undefined && removed.every((one) => one.number < number)) yield { key, part };
    if (removedAt !== undefined) removed.push({ start: `${key}/`, number: removedAt });
  }
}

/** What came under one name: the last of it, and when it was removed last. */
type OfOneKey = { readonly last: LoggedPart; readonly removedAt: number | undefined };

function* byKey(parts: Iterable<LoggedPart>): Generator<OfOneKey> {
  let group: OfOneKey | undefined;
  for (const part of parts) {
    if (group !== undefined && group.last.key !== part.key) {
      yield group;
      group = undefined;
    }
    const removedAt = part.part === undefined ? part.number : group?.removedAt;
    group = { last: part, removedAt };
  }
  if (group !== undefined) yield group;
}

/** The entries that the one at hand lies in. */
class Above {
  readonly #stack: { readonly start: string; readonly isFolder: boolean }[] = [];

  /** Folders that are missing above a path, the topmost first; undefined where what is above it is no folder. */
  enter(key: string, { type }: UnitPart): readonly string[] | undefined {
    const stack = this.#stack;
    while (stack.length > 0 && !key.startsWith(stack.at(-1)?.start ?? "")) stack.pop();
    const around = stack.at(-1);
    if (around?.isFolder === false) return undefined;
    const missing: string[] = [];
    const from = around?.start.length ?? 0;
    for (let end = key.indexOf("/", from); end >= 0; end = key.indexOf("/", end + 1))
      missing.push(key.slice(0, end));
    for (const folder of missing) stack.push({ start: `${folder}/`, isFolder: true });
    stack.push({ start: `${key}/`, isFolder: type === "folder" });
    return missing;
  }
}

function judged(named: Named): JudgedEntry {
  const entry = entryOf(named);
  const trouble = entryTrouble(entry);
  return trouble === undefined ? { entry } : { trouble };
}

type Named = UnitEntriesParts & { readonly key: string; readonly part: UnitPart };

function entryOf({ unit, names, key, part }: Named): SnapshotEntry {
  const { target, mode, modifiedNs, owner, type, size, blocks } = part;
  const { text, bytes } = names.textOf(key);
  const above = unit === topPath ? "" : `${unit}/`;
  const whole = Buffer.concat([Buffer.from(above), Buffer.from(key, "latin1")]);
  return {
    path: `${above}${text}`,
    ...(bytes === undefined ? {} : { pathBytes: whole.toString("base64") }),
    type,
    ...(size === undefined ? {} : { size }),
    ...(modifiedNs === undefined ? {} : { modifiedNs }),
    ...(mode === undefined || type === "symlink" ? {} : { mode }),
    ...(owner === undefined ? {} : { owner }),
    ...(blocks === undefined ? {} : { blocks, hash: contentHashOfBlocks(blocks) }),
    ...(target === undefined ? {} : linkOf(target, names)),
    unit: unitIdOf(unit),
    flags: [],
  };
}

function linkOf(
  target: Buffer,
  names: ShownNames,
): Pick<SnapshotEntry, "linkTarget" | "linkBytes"> {
  const { text, bytes } = names.textOf(target.toString("latin1"));
  return { linkTarget: text, ...(bytes === undefined ? {} : { linkBytes: bytes }) };
}

function textOf(key: string): string {
  return Buffer.from(key, "latin1").toString("utf8");
}
