import { compareBytes, joinPath, topPath, type RelPath } from "../core/path/rel-path.ts";
import { SnapError } from "../std/error.ts";
import { inRuns } from "../std/runs.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { CaptureFacts } from "../core/snapshot/root.ts";
import { rootNode, type NodeId, type RemoteEntry } from "../core/tree/node.ts";
import type { TreeView } from "../core/tree/tree-view.ts";
import type { CaptureSource } from "../ports.ts";

/**
 * The linked folder as the index last saw it, as the source of a thin capture: path, id, rev, size and content hash
 * of every file, no content (N40). The rows are complete only after an observation.
 */
export function remoteSource(
  remote: TreeView<RemoteEntry>,
  options: { readonly facts: CaptureFacts },
): CaptureSource {
  return {
    ...sourceWithoutContent({ ...options.facts, side: "remote" }),
    entries: () =>
      inRuns(entriesBelow(remote, rootNode, { path: topPath, paths: options.facts.paths })),
  };
}

type Position = { readonly path: RelPath; readonly paths: readonly string[] | undefined };

async function* entriesBelow(
  remote: TreeView<RemoteEntry>,
  node: NodeId,
  position: Position,
): AsyncGenerator<SnapshotEntry> {
  const children = [...remote.children(node)]
    .filter((row) => row.scope === "in")
    .toSorted((a, b) => compareBytes(a.name, b.name));
  for (const row of children) {
    const path = joinPath(position.path, row.name);
    if (isChosen(path, position.paths)) yield thinEntry(path, row);
    if (row.kind === "folder") yield* entriesBelow(remote, row.node, { ...position, path });
  }
}

function isChosen(path: RelPath, paths: readonly string[] | undefined): boolean {
  return paths === undefined || paths.some((top) => path === top || path.startsWith(`${top}/`));
}

/** An entry of a snapshot by what a listing tells. */
export function thinEntry(
  path: RelPath,
  row: Pick<RemoteEntry, "kind" | "size" | "hash" | "remoteId" | "rev" | "modified">,
): SnapshotEntry {
  if (row.kind === "folder") return { path, type: "folder", flags: [] };
  return {
    path,
    type: "file",
    size: row.size,
    flags: ["thin"],
    ...(row.hash === undefined ? {} : { hash: row.hash }),
    remote: { id: row.remoteId, rev: row.rev, modified: row.modified },
  };
}

/** What every source of the remote side has: nothing can be opened there. */
export function sourceWithoutContent(facts: CaptureFacts): Pick<CaptureSource, "facts" | "open"> {
  return {
    facts: () => Promise.resolve(facts),
    open: (path) =>
      Promise.reject(
        new SnapError("not-found", `The content of "${path}" is only in Dropbox`, { path }),
      ),
  };
}
