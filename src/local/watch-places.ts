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

const patternSigns = /[*?[\]{}()!|\\]/u;

/** Whether the package would take a path for a pattern. */
export function isPattern(path: RelPath): boolean {
  return patternSigns.test(path);
}

/**
 * How the package is told to leave a folder out: as its path, or, where that looks like a pattern, as a pattern of itself, which
 * costs the package 1 µs with each entry and event.
 */
export function leavingOut(path: RelPath): string | RegExp {
  if (!isPattern(path)) return path;
  const literal = path.replaceAll(/[\\^$.*+?()[\]{}|]/gu, String.raw`\$&`);
  return new RegExp(`^${literal}(?:/|$)`);
}
