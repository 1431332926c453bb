import { conflictName } from "../../core/path/names.ts";
import {
  baseName,
  joinPath,
  parentPath,
  parseRelPath,
  topPath,
  type RelPath,
} from "../../core/path/rel-path.ts";
import type { RemoteItem } from "../../core/tree/remote-item.ts";
import { isSnapError, SnapError } from "../../std/error.ts";
import { isoDate } from "../../std/time.ts";
import type { EngineDeps } from "../engine-deps.ts";
import type { Skeleton } from "./intents.ts";
import { copyNamesMax } from "../limits.ts";

/** Everything below a folder of the server; nothing where it is gone. */
export async function listing(
  { remote }: EngineDeps,
  path: RelPath,
): Promise<readonly RemoteItem[]> {
  const items: RemoteItem[] = [];
  try {
    for await (const item of remote.list(path, { recursive: true })) items.push(item);
  } catch (error) {
    if (!isSnapError(error, "not-found")) throw error;
  }
  return items.filter((item) => item.keys.length > 0);
}

/**
 * Look a skeleton through that was moved away, bring back what is new in it, and remove the rest. After a crash `known` is
 * not at hand: then folders are taken for known, since an empty one holds nothing that could be lost.
 *
 * @returns how many things were brought back.
 */
export async function removeSkeleton(
  deps: EngineDeps,
  skeleton: Skeleton,
  known?: ReadonlySet<string>,
): Promise<number> {
  const top = await deps.remote.get(skeleton.staged);
  if (top === undefined) return 0;
  if (!isSkeleton(skeleton, top)) {
    await bringBack(deps, skeleton, top);
    return 1;
  }
  const items = await listing(deps, skeleton.staged);
  const isNew = (item: RemoteItem): boolean =>
    item.path !== skeleton.staged &&
    (item.kind === "file" || (known !== undefined && !known.has(item.remoteId)));
  const back = topmost(items.filter(isNew));
  for (const item of back) await bringBack(deps, skeleton, item);
  await deleteEmpty(deps, skeleton.staged);
  return back.length;
}

/** Somebody may have put another thing at the place of the folder right before it was moved away. */
function isSkeleton({ remoteId = "" }: Skeleton, top: RemoteItem): boolean {
  return top.kind === "folder" && (remoteId === "" || remoteId === top.remoteId);
}

async function deleteEmpty({ remote }: EngineDeps, path: RelPath): Promise<void> {
  try {
    await remote.deleteFolder(path);
  } catch (error) {
    if (!isSnapError(error, "not-found")) throw error;
  }
}

/** Without those that lie below another one. */
function topmost(items: readonly RemoteItem[]): readonly RemoteItem[] {
  const places = items.map((item) => item.keys.join("/"));
  return items.filter((item) => {
    const place = item.keys.join("/");
    return !places.some((other) => place.startsWith(`${other}/`));
  });
}

async function bringBack(deps: EngineDeps, skeleton: Skeleton, item: RemoteItem): Promise<void> {
  const below = item.path.slice(skeleton.staged.length);
  const home = parseRelPath(`${skeleton.from}${below}`);
  const folder = await folderFor(deps, home);
  for (const place of placesFor(deps, joinPath(folder, baseName(home)), item)) {
    if (await tryMove(deps, item.path, place)) return;
  }
  throw new SnapError("place-taken", `"${item.path}" could not be brought back to its place`);
}

/** The folder of a path, made again; the nearest one above where somebody made a file in its place. */
async function folderFor({ remote }: EngineDeps, path: RelPath): Promise<RelPath> {
  for (let folder = parentPath(path) ?? topPath; ; folder = parentPath(folder) ?? topPath) {
    if (folder === topPath) return folder;
    try {
      await remote.makeFolder(folder);
      return folder;
    } catch (error) {
      if (!isSnapError(error, "conflict")) throw error;
    }
  }
}

/** Its own place, or a name beside it where somebody made another thing there (S87). */
function* placesFor(deps: EngineDeps, home: RelPath, { kind }: RemoteItem): Generator<RelPath> {
  yield home;
  const tried = new Set<string>();
  const context = { device: deps.config.device, date: isoDate(deps.clock.now()) };
  const folder = parentPath(home) ?? topPath;
  while (tried.size < copyNamesMax) {
    const taken = (name: string): boolean => tried.has(name);
    const name = conflictName(baseName(home), kind, { ...context, taken });
    tried.add(name);
    yield joinPath(folder, name);
  }
}

async function tryMove(deps: EngineDeps, from: RelPath, to: RelPath): Promise<boolean> {
  try {
    await deps.remote.move(from, to);
    return true;
  } catch (error) {
    // It was brought back by the first attempt, whose answer was lost (S83), or somebody took it away.
    if (isSnapError(error, "not-found")) return true;
    if (isSnapError(error, "conflict")) return false;
    throw error;
  }
}
