import type { AttributeControl } from "../core/snapshot/attribute-control.ts";
import type { AttributeWish } from "../core/snapshot/attributes.ts";
import type { LeftItem } from "../core/snapshot/restore-report.ts";
import type { Sight } from "../core/snapshot/restore-picture.ts";
import type { AsidePath, Wanted, WantedNode } from "../core/snapshot/restore-wanted.ts";
import type { RelPath } from "../core/path/rel-path.ts";
import type { AreaPath } from "../core/plan/local-act.ts";
import type { Work } from "../std/events.ts";
import type { RestoreDeps } from "./restore-deps.ts";
import type { Run } from "./run.ts";

/**
 * The same sides, with the extended attributes of the disk where some are wanted, or none (N38): what is not asked for is not read. Where
 * this machine cannot set any, those that are wanted are left aside.
 */
export async function dressed(
  { attributes }: Pick<RestoreDeps, "attributes">,
  { wanted, sight }: { readonly wanted: Wanted; readonly sight: Sight },
  work: Work,
): Promise<{ readonly wanted: Wanted; readonly sight: Sight }> {
  const isAsking = wanted.nodes.values().some((node) => node.attributes !== undefined);
  if (!isAsking && wanted.attributes !== true) return { wanted, sight };
  if (attributes === undefined) return { wanted: undressed(wanted), sight };
  return { wanted, sight: await withAttributes(attributes, sight, work) };
}

function undressed(wanted: Wanted): Wanted {
  const nodes = new Map<RelPath, WantedNode>();
  const aside: AsidePath[] = [];
  for (const [path, { attributes, ...node }] of wanted.nodes) {
    nodes.set(path, node);
    if (Object.keys(attributes ?? {}).length === 0) continue;
    aside.push({ path, side: "local", reason: "its extended attributes cannot be set here" });
  }
  return { ...wanted, nodes, aside: [...wanted.aside, ...aside] };
}

/** Links have none that a user could set, and keep what they have. */
async function withAttributes(control: AttributeControl, sight: Sight, work: Work): Promise<Sight> {
  const all = [...sight.local.items.values()];
  const asked = all.filter(({ stat }) => stat.kind !== "symlink").map(({ path }) => path);
  const found = await control.read(asked, work);
  const items = all.map((item) => {
    const attributes = found.get(item.path);
    return [item.path, attributes === undefined ? item : { ...item, attributes }] as const;
  });
  return { ...sight, local: { ...sight.local, items: new Map(items) } };
}

/** Something that is to get its attributes: where it is now, and the path that it is for. */
export type Undressed = {
  readonly path: RelPath;
  readonly place: RelPath | AreaPath;
  readonly wish: AttributeWish;
};

/** Set attributes; what is refused is told with the report, also by a later run that goes on (N38). */
export async function setAttributes(run: Run, wanted: readonly Undressed[]): Promise<void> {
  const { attributes } = run.deps;
  const open = wanted.filter(({ wish }) => wish.attributes !== undefined);
  if (open.length === 0) return;
  const refused =
    attributes === undefined
      ? open.map(({ wish }) => Object.keys(wish.attributes ?? {}))
      : await attributes.set(open, run.work);
  const left = open.flatMap(({ path }, number): LeftItem[] => {
    const names = refused[number] ?? [];
    if (names.length === 0) return [];
    const reason = `some of its extended attributes could not be set: ${names.join(", ")}`;
    return [{ path, side: "local", reason }];
  });
  const told = new Set(run.facts.left.map(keyOf));
  const news = left.filter((item) => !told.has(keyOf(item)));
  if (news.length > 0) run.note({ left: [...run.facts.left, ...news] });
}

function keyOf({ path, reason }: LeftItem): string {
  return JSON.stringify([path, reason]);
}
