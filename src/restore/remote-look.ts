import { isRelPath, parentPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import {
  placeKey,
  type PlaceKey,
  type RemotePicture,
  type RemoteSeen,
} from "../core/snapshot/restore-picture.ts";
import type { CaptureSource } from "../ports.ts";
import { outOfRuns } from "../std/runs.ts";
import type { Outside } from "./restore-deps.ts";

/** What a listing of a folder shows, without what is nobody's business here; that keeps the folders that hold it (T8). */
export async function listedPicture(
  source: Pick<CaptureSource, "entries">,
  outside: Outside,
): Promise<RemotePicture> {
  const items = new Map<PlaceKey, RemoteSeen>();
  const holding = new Set<PlaceKey>();
  const hold = (path: RelPath): void => void holding.add(placeKey(parentPath(path) ?? topPath));
  let passed: RelPath | undefined;
  const entries = source.entries(({ path }) => {
    if (isRelPath(path) && path !== "") hold(path);
  });
  for await (const entry of outOfRuns(entries)) {
    const { path } = entry;
    if (!isRelPath(path) || (passed !== undefined && path.startsWith(`${passed}/`))) continue;
    if (outside(path, entry.type === "folder" ? "folder" : "file")) {
      hold(path);
      passed = path;
    } else items.set(placeKey(path), seenOf(entry, path));
  }
  return { items, holding };
}

function seenOf({ type, hash, size, remote }: SnapshotEntry, path: RelPath): RemoteSeen {
  return {
    path,
    kind: type === "folder" ? "folder" : "file",
    hash: hash ?? "",
    size: size ?? 0,
    rev: remote?.rev ?? "",
    remoteId: remote?.id ?? "",
    modified: remote?.modified ?? 0,
  };
}
