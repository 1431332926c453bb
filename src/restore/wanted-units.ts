import { topPath, type RelPath } from "../core/path/rel-path.ts";
import { unitFolder } from "../core/repo/unit.ts";
import { selectionOf } from "../core/snapshot/restore-select.ts";
import { parentsOf } from "../core/snapshot/restore-wanted.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import { SnapError } from "../std/error.ts";
import type { Order } from "./draft.ts";
import type { Outside, RestoreDeps, RestoreUnits } from "./restore-deps.ts";
import { unitsElsewhere, workTreeOf } from "./units-elsewhere.ts";

/** Which repositories of a snapshot are wanted: those of these paths, but for what is left out of the restore. */
export type UnitsWanted = {
  readonly root: SnapshotRoot;
  readonly paths: readonly string[];
  readonly outside: Outside;
};

/** What is done with the repositories of a snapshot, anew for every look. */
export function wantedUnits(
  { ignored }: Pick<RestoreDeps, "ignored">,
  units: RestoreUnits,
  { root, paths, outside }: UnitsWanted,
): NonNullable<Order["units"]> {
  return async (items, work) => {
    const selection = selectionOf(paths);
    const scope = { outside, ignored: await ignored() };
    const selects = (path: RelPath): boolean => selection.selects(path) && !isLeftOut(path, scope);
    const { steps, left } = await units.steps(root, selects, work);
    const elsewhere = await unitsElsewhere(units, { root, items, steps }, work);
    return { steps, left, elsewhere };
  };
}

/** Whether the files that belong to a repository are untouched (T13): then it is, too. A bare one is outside by what it is. */
function isLeftOut(
  repository: RelPath,
  { outside, ignored }: { readonly outside: Outside; readonly ignored: Outside },
): boolean {
  const files = workTreeOf(repository);
  if (parentsOf(files ?? repository).some((folder) => outside(folder, "folder"))) return true;
  if (files === undefined) return ignored(repository, "folder");
  return files !== topPath && outside(files, "folder");
}

/** A repository is restored whole or not at all (T14). @throws {SnapError} `refused` */
export function refusePartOfUnit(
  { git = [] }: SnapshotRoot,
  { paths }: Pick<UnitsWanted, "paths">,
): void {
  const folders = git.map(({ id }) => unitFolder(id)).filter((folder) => folder !== topPath);
  const part = paths.find((path) =>
    folders.some((folder) => path.startsWith(`${folder}/`) && path.length > folder.length + 1),
  );
  if (part === undefined) return;
  throw new SnapError("refused", `"${part}" is a part of a repository, which is restored whole`, {
    path: part,
    hint: "Name the folder of the repository, or copy the snapshot with --to and take the file from there.",
  });
}
