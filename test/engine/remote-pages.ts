import { keyFromServer } from "../../src/core/path/path-key.ts";
import type { RemoteChange, RemoteItem } from "../../src/core/tree/remote-item.ts";
import { observeRemote, type RemoteObservation } from "../../src/engine/listing/observe-remote.ts";
import { loadScope } from "../../src/engine/scope/scope.ts";
import { at, type LinkedWorkspace } from "./linked-workspace.ts";

/** A file, or what `facts` make of it. */
export const item = (path: string, id: string, facts: Partial<RemoteItem> = {}): RemoteChange => {
  const keys = path.split("/").map((name) => keyFromServer(name.toLowerCase()));
  const shared = { path: at(path), keys, name: path.split("/").at(-1) ?? "", remoteId: id };
  const file = {
    kind: "file",
    rev: `${id}r1`,
    hash: "0".repeat(64),
    size: 1,
    modified: 0,
  } as const;
  return { change: "present", item: { ...file, ...shared, ...facts } };
};

export const folder = (path: string, id: string): RemoteChange =>
  item(path, id, { kind: "folder", rev: "", hash: "", size: 0 });

export const removed = (path: string): RemoteChange => ({
  change: "removed",
  keys: path.split("/").map((name) => keyFromServer(name)),
});

/** Lets the server say pages of our own making, the first of which begins anew. */
export async function listing(
  workspace: LinkedWorkspace,
  ...pages: readonly (readonly RemoteChange[])[]
): Promise<RemoteObservation> {
  workspace.deps.remote.pages = async function* (cursor) {
    for (const [index, changes] of pages.entries()) {
      const restart = cursor === undefined && index === 0;
      yield { changes, cursor: `c${index}`, complete: index === pages.length - 1, restart };
    }
  };
  return observeRemote(workspace.deps, await loadScope(workspace.deps), {});
}

/** Something that no tree may hold. */
export const refused = (place: string, reason = "its name is bad"): RemoteChange => ({
  change: "refused",
  path: place,
  place,
  reason,
});

/** A listing of everything, whatever the cursor is. */
export async function listingAnew(
  workspace: LinkedWorkspace,
  ...pages: readonly (readonly RemoteChange[])[]
): Promise<RemoteObservation> {
  workspace.index.transaction(() => workspace.index.setMeta("cursor", undefined));
  return listing(workspace, ...pages);
}
