import { pathOf } from "../../core/tree/tree-view.ts";
import type { RemoteItem } from "../../core/tree/remote-item.ts";
import type { NodeId } from "../../core/tree/node.ts";
import { throwIfAborted } from "../../std/error.ts";
import type { Work } from "../../std/events.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { nodeAtKeys, type RemoteRows } from "./remote-rows.ts";

/** Rows that are looked for, or go, in one transaction. */
const rowsMax = 1_000;

/**
 * What a listing of everything did not name is gone (S34): it goes in pages, what is below a folder before the folder. Until
 * the whole listing is done there is no cursor, so a kill in between lists everything again.
 *
 * A folder that was not named although something in it was is not gone: it counts as never listed.
 */
export function removeUnnamed({ index }: Pick<EngineDeps, "index">, rows: RemoteRows): void {
  while (removeLeaves({ index }, rows)) {
    // Each pass removes at least one row, and lays others bare.
  }
  const { remote, remoteMemory } = index;
  for (let page = remoteMemory.unnamed(rowsMax); page.length > 0;) {
    index.transaction(() => {
      for (const node of page) {
        const row = remote.get(node);
        if (row !== undefined) remote.put({ ...row, remoteId: "" });
      }
    });
    page = remoteMemory.unnamed(rowsMax);
  }
}

/** @returns whether anything went. */
function removeLeaves({ index }: Pick<EngineDeps, "index">, rows: RemoteRows): boolean {
  const { remoteMemory } = index;
  let removed = false;
  let below: NodeId = Number.MAX_SAFE_INTEGER;
  for (;;) {
    const page = remoteMemory.unnamedLeaves(below, rowsMax);
    const last = page.at(-1);
    if (last === undefined) return removed;
    index.transaction(() => {
      for (const node of page) rows.remove(node);
    });
    removed = true;
    below = last;
  }
}

/** Ask for folders that were only named as parents: listings may do so, and may split it over calls (S31). */
export async function findUnlisted(
  { index, remote }: Pick<EngineDeps, "index" | "remote">,
  rows: RemoteRows,
  work: Work,
): Promise<void> {
  const { remoteMemory } = index;
  for (let page = remoteMemory.unlisted(rowsMax); page.length > 0;) {
    for (const node of page) {
      throwIfAborted(work.signal);
      // The one above it may have gone with everything below.
      if (index.remote.get(node) === undefined) continue;
      const path = pathOf(index.remote, node);
      const item = path === undefined ? undefined : await remote.get(path);
      index.transaction(() => settleUnlisted(index, rows, { node, item }));
    }
    page = remoteMemory.unlisted(rowsMax);
  }
}

/** What the server does not show as a folder at this very place is not there. */
function settleUnlisted(
  index: EngineDeps["index"],
  rows: RemoteRows,
  { node, item }: { readonly node: NodeId; readonly item: RemoteItem | undefined },
): void {
  const isThis = item?.kind === "folder" && nodeAtKeys(index, item.keys) === node;
  if (isThis) rows.putItem(item);
  if (index.remote.get(node)?.remoteId === "") rows.remove(node);
}
