import { conflictName } from "../core/path/names.ts";
import { baseName, joinPath, parentPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import type { LeftItem } from "../core/snapshot/restore-report.ts";
import type { Served } from "../core/snapshot/served.ts";
import { isSnapError } from "../std/error.ts";
import { isoDate, type Clock } from "../std/time.ts";
import type { RestoreRemote } from "./restore-deps.ts";

/** Names that are tried for an edit that is to stand beside what was restored. */
const namesMax = 16;

/** Who brings edits back that a call without a precondition has hidden (T25). */
export type EditKeeper = {
  readonly kept: RestoreRemote;
  readonly device: string;
  readonly clock: Clock;
  noteLate(path: RelPath): void;
  noteLeft(left: LeftItem): void;
};

/** Somebody's edit below ours has its name again; one that lies below another edit stands beside it. */
export async function bringEditsBack(
  keeper: EditKeeper,
  path: RelPath,
  { back, copies }: Pick<Served, "back" | "copies">,
): Promise<void> {
  if (back !== undefined) await bringBack(keeper, { path, rev: back, to: path });
  for (const rev of copies) await bringBeside(keeper, path, rev);
}

/** An edit that lies below another one stands beside it: its name is the later one's (T5). */
async function bringBeside(keeper: EditKeeper, path: RelPath, rev: string): Promise<void> {
  const { kept, device, clock } = keeper;
  const hash = await kept.revision(rev);
  const taken = new Set<string>();
  keeper.noteLate(path);
  for (let tries = 0; tries < namesMax; tries += 1) {
    const context = {
      device,
      date: isoDate(clock.now()),
      taken: (name: string) => taken.has(name),
    };
    const name = conflictName(baseName(path), "file", context);
    const to = joinPath(parentPath(path) ?? topPath, name);
    const there = await kept.get(to);
    if (there === undefined) return await bringBack(keeper, { path, rev, to });
    // A run that was killed has done it.
    if (there.hash === hash) return;
    taken.add(name);
  }
  leaveHidden(keeper, path, rev);
}

type Hidden = { readonly path: RelPath; readonly rev: string; readonly to: RelPath };

async function bringBack(keeper: EditKeeper, { path, rev, to }: Hidden): Promise<void> {
  const item = await withoutItemTrouble(() => keeper.kept.revert(to, rev));
  if (item === undefined) leaveHidden(keeper, path, rev);
}

/** What Dropbox does not put back is named in the report. */
function leaveHidden(keeper: EditKeeper, path: RelPath, rev: string): void {
  const reason = `an edit that came during the restore could not be brought back: it is the revision ${rev} in Dropbox`;
  keeper.noteLeft({ path, side: "remote", reason });
}

/** Trouble with one file is for what comes after to find. */
export async function withoutItemTrouble<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (isSnapError(error) && error.class === "item") return undefined;
    throw error;
  }
}
