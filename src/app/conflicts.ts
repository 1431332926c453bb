import {
  isConflictName,
  isConflictedCopyOf,
  numberedName,
  originalOfConflictName,
} from "../core/path/names.ts";
import { pathKeyOf } from "../core/path/path-key.ts";
import {
  baseName,
  comparePaths,
  joinPath,
  parentPath,
  topPath,
  type RelPath,
} from "../core/path/rel-path.ts";
import type { LocalStat } from "../core/tree/local-stat.ts";
import { SnapError, throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { boundaryOf } from "./boundary.ts";
import {
  keepBoth,
  keepCopy,
  keepOriginal,
  type ConflictChoice,
  type Settlement,
} from "./conflict-acts.ts";
import type { Environment } from "./environment.ts";
import { requireWorkspace } from "./find-workspace.ts";
import { refuseHalfRestored } from "./half-restored.ts";
import { openWorkspace, type OpenWorkspace } from "./open-workspace.ts";
import { workspacePath } from "./workspace-path.ts";

/** A conflicted copy on the disk (S87). */
export type ConflictedCopy = {
  readonly copy: RelPath;
  /** The file that has the name now; undefined where nothing has. */
  readonly original: RelPath | undefined;
  readonly kind: "file" | "folder";
  /** Bytes of a file. */
  readonly size: number;
};

/** Conflicted copies in the workspace around a place, in path order. @throws {SnapError} `workspace-missing`, `busy` */
export async function listConflicts(
  environment: Environment,
  place: string,
  work: Work,
): Promise<readonly ConflictedCopy[]> {
  const record = requireWorkspace(environment, place);
  await using workspace = await openWorkspace(environment, record, "conflicts");
  return await findCopies(workspace, work);
}

async function findCopies(workspace: OpenWorkspace, work: Work): Promise<ConflictedCopy[]> {
  const { local } = workspace;
  const boundary = await boundaryOf(workspace);
  const found: ConflictedCopy[] = [];
  const folders: RelPath[] = [topPath];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    throwIfAborted(work.signal);
    const { entries } = await local.list(folder);
    for (const stat of entries) {
      const path = joinPath(folder, stat.name);
      if (boundary.isOutside(path, stat.kind)) continue;
      if (stat.kind === "folder") folders.push(path);
      const copy = copyAt(folder, stat, entries);
      if (copy !== undefined) found.push(copy);
    }
  }
  return found.toSorted((a, b) => comparePaths(a.copy, b.copy));
}

function copyAt(
  folder: RelPath,
  { name, kind, size }: LocalStat,
  siblings: readonly LocalStat[],
): ConflictedCopy | undefined {
  if ((kind !== "file" && kind !== "folder") || !isConflictName(name)) return undefined;
  if (originalOfConflictName(name) === undefined) return undefined;
  const original = siblings.find(
    (other) => other.kind === kind && isConflictedCopyOf(name, other.name, kind),
  );
  const place = original === undefined ? undefined : joinPath(folder, original.name);
  return { copy: joinPath(folder, name), original: place, kind, size };
}

/** What a person decided about one conflict. */
export type ConflictWords = {
  readonly place: string;
  readonly choice: ConflictChoice;
  /** The conflicted copy, or the file of which it is the only one. */
  readonly named: string;
  readonly dryRun: boolean;
  /** Asked with what is about to happen; false leaves everything as it is. */
  readonly agree: (settled: Settlement) => Promise<boolean>;
};

/**
 * Settle one conflict (S43, S89). Whatever loses goes to the trash; nothing is overwritten.
 *
 * @returns undefined where the person did not agree
 * @throws {SnapError} `usage` for what is no conflicted copy, `volatile` when somebody writes to one of the files
 */
export async function settleConflict(
  environment: Environment,
  words: ConflictWords,
  work: Work,
): Promise<Settlement | undefined> {
  const record = requireWorkspace(environment, words.place);
  const named = workspacePath(environment, record, words.named);
  await using workspace = await openWorkspace(environment, record, "conflicts keep");
  refuseHalfRestored(workspace.state, record);
  const found = oneCopy(await findCopies(workspace, work), named);
  const settlement = await settlementOf(workspace, found, words.choice);
  if (words.dryRun) return settlement;
  if (!(await words.agree(settlement))) return undefined;
  switch (words.choice) {
    case "local":
      await keepCopy(workspace, settlement);
      break;
    case "remote":
      await keepOriginal(workspace, settlement);
      break;
    case "both":
      await keepBoth(workspace, settlement);
  }
  return settlement;
}

function oneCopy(copies: readonly ConflictedCopy[], named: RelPath): ConflictedCopy {
  const itself = copies.find(({ copy }) => copy === named);
  const ofIt = copies.filter(({ original }) => original === named);
  const found = itself ?? (ofIt.length === 1 ? ofIt[0] : undefined);
  if (found === undefined) {
    const several = ofIt.length > 1;
    const what = several ? `has ${ofIt.length} conflicted copies` : "has no conflicted copy";
    throw new SnapError("usage", `"${named}" ${what}`, {
      path: named,
      hint: several
        ? "Name the copy that you mean: `snap conflicts` lists them."
        : "`snap conflicts` lists the conflicted copies here.",
    });
  }
  return found;
}

async function settlementOf(
  workspace: OpenWorkspace,
  { copy, original, kind }: ConflictedCopy,
  choice: ConflictChoice,
): Promise<Settlement> {
  const folder = parentPath(copy) ?? topPath;
  const name = originalOfConflictName(baseName(copy)) ?? baseName(copy);
  const file = original ?? joinPath(folder, name);
  if (choice === "both") {
    const renamed = await freePlain(workspace, file, kind);
    return { choice, copy, file, trashed: undefined, renamed };
  }
  if (kind === "folder") {
    throw new SnapError("usage", `"${copy}" is a folder: its files are not compared`, {
      path: copy,
      hint: "Move what you want out of it and remove the rest yourself, or `snap conflicts keep both`.",
    });
  }
  if (choice === "remote" && original === undefined) {
    throw new SnapError("usage", `There is no "${file}" beside "${copy}"`, {
      path: copy,
      hint: "The copy is all that is left: `snap conflicts keep local` gives it the name.",
    });
  }
  return { choice, copy, file, trashed: choice === "local" ? original : copy, renamed: undefined };
}

/** Numbers tried for a plain name. */
const plainNamesMax = 1_000;

/** `<stem> 2<ext>`, or the next number that is free. */
async function freePlain(
  { local }: OpenWorkspace,
  file: RelPath,
  kind: ConflictedCopy["kind"],
): Promise<RelPath> {
  const folder = parentPath(file) ?? topPath;
  const taken = new Set((await local.list(folder)).entries.map(({ name }) => pathKeyOf(name)));
  for (let number = 2; number <= plainNamesMax; number += 1) {
    const name = numberedName(baseName(file), kind, number);
    if (!taken.has(pathKeyOf(name))) return joinPath(folder, name);
  }
  throw new SnapError("place-taken", `No free name was found beside "${file}"`, { path: file });
}
