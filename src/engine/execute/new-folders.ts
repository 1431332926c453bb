import type { RelPath } from "../../core/path/rel-path.ts";
import { rootNode, type NodeId } from "../../core/tree/node.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import { lookInto, type FolderLook, type Looker } from "../disk/scan.ts";

/** For so long a listing of a new folder is believed, ms; then it is listed again before the next upload into it. */
const freshMs = 2_000;

type Listed = { readonly at: number; readonly look: Promise<FolderLook> };

/**
 * New folders, on their way to the server for the first time: since they were looked at, one may have become a repository, of which
 * nothing may go up (G21). Each is listed once more right before the first upload into it, and while more follow. What has been
 * synced before is no repository's own file.
 */
export class NewFolders {
  readonly #looker: Looker;
  /** Whether a folder was new when it was first asked about: its row comes with the upload itself. */
  readonly #isNew = new Map<NodeId, boolean>();
  readonly #listed = new Map<NodeId, Listed>();

  constructor(looker: Looker) {
    this.#looker = looker;
  }

  /** Whether an entry of the disk may go up, by what all new folders that it is in, or is itself, look like now. */
  async mayGoUp(node: NodeId): Promise<boolean> {
    const { local } = this.#looker.index;
    let below: string | undefined;
    for (let at = local.get(node); at !== undefined; at = local.get(at.parent)) {
      if (at.kind === "folder" && this.#isNewFolder(at.node)) {
        const path = pathOf(local, at.node);
        if (path === undefined || !holds(await this.#look(at.node, path), below)) return false;
      }
      if (at.parent === rootNode) break;
      below = at.name;
    }
    return true;
  }

  #isNewFolder(folder: NodeId): boolean {
    const known = this.#isNew.get(folder);
    if (known !== undefined) return known;
    const isNew = this.#looker.index.synced.get(folder) === undefined;
    this.#isNew.set(folder, isNew);
    return isNew;
  }

  async #look(folder: NodeId, path: RelPath): Promise<FolderLook> {
    const now = this.#looker.clock.now();
    const known = this.#listed.get(folder);
    if (known !== undefined && known.at <= now && now - known.at < freshMs) return await known.look;
    const look = lookInto(this.#looker, path);
    this.#listed.set(folder, { at: now, look });
    return await look;
  }
}

function holds({ shut, inside }: FolderLook, name: string | undefined): boolean {
  if (shut !== undefined) return false;
  return name === undefined || inside.some((entry) => entry.name === name);
}
