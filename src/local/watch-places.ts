import { isRelPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import type { ToldEvent } from "./watch-package.ts";

/** More events at once than this, and some may be missing: the system keeps 16,384 (S107). */
export const eventsAtOnceMax = 10_000;

/** An event whose place is known. */
export type NamedEvent = { readonly path: RelPath; readonly type: ToldEvent["type"] };

/** What one call of the package says. */
export type Reading = {
  /** Why the events are not to be used; `top gone` where the workspace itself is no more there. */
  readonly trouble: string | undefined;
  readonly named: readonly NamedEvent[];
  /** Folders in which something happened whose name cannot be told. */
  readonly below: readonly RelPath[];
};

/** What stands for bytes that are no UTF-8. */
const unreadable = "\uFFFD";

/** Find the places of events in the workspace. `folder` is how the package was told to name the top. */
export function readEvents(folder: string, events: readonly ToldEvent[]): Reading {
  if (events.length > eventsAtOnceMax) return troubled("too many changes at once");
  const named: NamedEvent[] = [];
  const below: RelPath[] = [];
  for (const { path, type } of events) {
    const told = readableStart(folder, path);
    if (told === undefined) return troubled("a change outside the workspace was told of");
    if (told.isWhole && told.path === topPath && type === "delete") return troubled("top gone");
    if (told.isWhole) named.push({ path: told.path, type });
    else below.push(told.path);
  }
  return { trouble: undefined, named, below };
}

function troubled(trouble: string): Reading {
  return { trouble, named: [], below: [] };
}

/** As much of a path as can be told. */
function readableStart(
  folder: string,
  path: string,
): { readonly path: RelPath; readonly isWhole: boolean } | undefined {
  if (path === folder) return { path: topPath, isWhole: true };
  if (!path.startsWith(`${folder}/`)) return undefined;
  const names = path.slice(folder.length + 1).split("/");
  const bad = names.findIndex((name) => name.includes(unreadable));
  const told = (bad === -1 ? names : names.slice(0, bad)).join("/");
  return isRelPath(told) ? { path: told, isWhole: bad === -1 } : undefined;
}

/** What a path may have in it that the package takes for a pattern; it knows of no way to say that it is none. */
const patternSigns = /[*?[\]{}()!|\\]/u;

/**
 * How the package is told to leave folders out of one that it knows as `folder`: by their paths in it, or, where such a path looks like a
 * pattern, by the whole path, in the list into which the package puts the others when it has seen that they are none.
 */
export function leavingOut(
  folder: string,
  paths: readonly RelPath[],
): { readonly ignore: string[]; readonly ignorePaths: string[] } {
  const isPattern = (path: RelPath): boolean => patternSigns.test(path);
  return {
    ignore: paths.filter((path) => !isPattern(path)),
    ignorePaths: paths.filter(isPattern).map((path) => `${folder}/${path}`),
  };
}
