import type { RelPath } from "../../core/path/rel-path.ts";
import type { RemoteChange, RemoteItem } from "../../core/tree/remote-item.ts";
import { isSnapError, throwIfAborted } from "../../std/error.ts";
import type { Work } from "../../std/events.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { foldersToList, setFoldersToList } from "../scope/exclusions-in-force.ts";
import type { Listing } from "./remote-listing.ts";

/** Items that are put into the tree in one transaction. */
const itemsMax = 1_000;

/**
 * List folders that are excluded no more, before the changes since the cursor are read (S93). Cut off, all of it is done
 * again; before a listing of everything it is no use.
 */
export async function listAgain(deps: EngineDeps, listing: Listing, work: Work): Promise<void> {
  const { index } = deps;
  const paths = foldersToList(index);
  if (paths.length === 0) return;
  if (index.meta("cursor") !== undefined) {
    for (const path of paths) await listFolder(deps, listing, { path, work });
  }
  index.transaction(() => setFoldersToList(index, []));
}

async function listFolder(
  { remote }: EngineDeps,
  listing: Listing,
  { path, work }: { readonly path: RelPath; readonly work: Work },
): Promise<void> {
  let changes: RemoteChange[] = [];
  const put = (): void => {
    listing.apply({ changes, restart: false }, () => {});
    changes = [];
  };
  try {
    for await (const item of remote.list(path, { recursive: true })) {
      throwIfAborted(work.signal);
      changes.push(presentAt(item));
      if (changes.length >= itemsMax) put();
    }
  } catch (error) {
    // It went while it was excluded: the changes say so, too.
    if (!isSnapError(error, "not-found")) throw error;
  }
  put();
}

function presentAt(item: RemoteItem): RemoteChange {
  return { change: "present", item };
}
