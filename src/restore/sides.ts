import { Exclusions } from "../core/exclusions.ts";
import type { RelPath } from "../core/path/rel-path.ts";
import type { PlanOptions } from "../core/snapshot/restore-item.ts";
import type { Sight } from "../core/snapshot/restore-picture.ts";
import { withParents, type Wanted, type WantedNode } from "../core/snapshot/restore-wanted.ts";
import type { Order } from "./draft.ts";
import { Looker } from "./look.ts";
import type { Outside, RestoreDeps } from "./restore-deps.ts";

/**
 * Which side is wanted as a whole: after a rollback `keep` the disk, or `discard` it for the cloud (S119); at a first link `push` the
 * disk, or `pull` the cloud (S44).
 */
export type WantedSide = "keep" | "discard" | "push" | "pull";

/** The order for a restore whose wanted tree is one side as it is now. */
export async function orderOfSide(deps: RestoreDeps, choice: WantedSide): Promise<Order> {
  const options: PlanOptions = { paths: [], delete: true, onUnsaved: "replace" };
  const wantedOf = choice === "keep" || choice === "push" ? diskAsItIs : cloudAsItIs;
  const outside = await deps.scope();
  return {
    // The choice takes the place of a snapshot in the digest: a consent to one is none to the other.
    subject: { kind: "rollback", snapshot: choice, options, link: deps.link },
    undoes: undefined,
    looker: new Looker(deps, choice === "keep" ? await outsideKept(deps, outside) : outside),
    begin: () => ({ wanted: (sight) => Promise.resolve(wantedOf(sight)) }),
  };
}

/** What was excluded when the image of the disk was made is missing there, and was deleted by nobody (S119). */
async function outsideKept(deps: RestoreDeps, outside: Outside): Promise<Outside> {
  const folders = (await deps.rollback?.leftOutOfKeep()) ?? [];
  for (const { path, isThere } of folders) {
    const message = isThere
      ? `"${path}" stays as it is in Dropbox: it was excluded here when the disk was saved, or is to be`
      : `"${path}" was excluded here when the disk was saved, and Dropbox has no folder of that name now: if it has another name, the plan deletes it`;
    deps.onEvent({ type: "warning", message });
  }
  const leftOut = new Exclusions(folders.map(({ path }) => path));
  return (path, kind) => leftOut.above(path) !== undefined || outside(path, kind);
}

/** Everything on the disk stays, everything else in Dropbox goes. */
function diskAsItIs({ local }: Sight): Wanted {
  const nodes = new Map<RelPath, WantedNode>();
  for (const { path, stat, hash } of local.items.values()) {
    if (stat.kind === "folder") nodes.set(path, { kind: "folder", implied: false });
    else if (stat.kind === "symlink")
      nodes.set(path, { kind: "symlink", linkTarget: stat.linkTarget ?? "" });
    else nodes.set(path, fileNode({ hash: hash ?? "", size: stat.size }, []));
  }
  return { nodes, aside: [], frozen: [], isRemoved: () => true };
}

/** Everything in Dropbox comes down, everything else on the disk goes; links are not synced and stay. */
function cloudAsItIs({ local, remote }: Sight): Wanted {
  const nodes = new Map<RelPath, WantedNode>();
  for (const { path, kind, hash, size, rev } of remote?.items.values() ?? []) {
    if (kind === "folder") nodes.set(path, { kind: "folder", implied: true });
    else nodes.set(path, fileNode({ hash, size }, [{ from: "revision", rev }]));
  }
  const links = [...local.items.values()].filter(({ stat }) => stat.kind === "symlink");
  const frozen = links.map(({ path }) => path).filter((path) => !nodes.has(path));
  return { nodes: withParents(nodes), aside: [], frozen, isRemoved: () => true };
}

function fileNode(
  content: { readonly hash: string; readonly size: number },
  sources: Extract<WantedNode, { kind: "file" }>["sources"],
): WantedNode {
  return { kind: "file", ...content, sources, changing: false };
}
