import { topPath } from "../../core/path/rel-path.ts";
import { tellsOfRepository } from "../../core/repo/marker.ts";
import { rootNode, type NodeId, type RemoteEntry } from "../../core/tree/node.ts";
import { descendants, pathOf } from "../../core/tree/tree-view.ts";
import type { IndexStore } from "../../ports.ts";
import {
  folderStandings,
  type JudgedFolder,
  type RepositoryFound,
  type ScopeRules,
  type Standing,
} from "../scope/standing.ts";

/** What a page of a listing touched, so that only this is judged (S5). */
export class Touched {
  /** Named by the page. */
  readonly entries: Set<NodeId> = new Set();
  /** Folders that may have become a repository, or are one no more. */
  readonly folders: Set<NodeId> = new Set();
  /** Folders with another path than before: everything below may stand otherwise now. */
  readonly moved: Set<NodeId> = new Set();

  /** An entry came to a folder, left it, or has another name in it. */
  inFolder(folder: NodeId, name: string): void {
    if (tellsOfRepository(name)) this.folders.add(folder);
  }
}

/**
 * Gives remote rows their scope, and notes what is to be told of them (S14, S91, G20). Every method is called inside a
 * transaction: of a page together with its rows, so that no row is ever seen unjudged.
 */
export class RemoteJudge {
  readonly #index: IndexStore;
  readonly #scope: ScopeRules;

  constructor(index: IndexStore, scope: ScopeRules) {
    this.#index = index;
    this.#scope = scope;
  }

  /** Every row: the rules are others (S95). */
  all(): void {
    this.#index.remoteMemory.removeNotes();
    this.#wholly({ node: rootNode, path: topPath, scope: "in" }, true);
  }

  /** What a page touched, and what follows from it. In whatever order: a change reaches all that is below it. */
  touched({ entries, folders, moved }: Touched): void {
    const byFolder = Map.groupBy(this.#rowsOf(entries), ({ parent }) => parent);
    for (const [folder, rows] of byFolder) {
      if (!folders.has(folder)) this.#some(folder, rows);
    }
    for (const folder of folders) this.#judge(folder, false);
    for (const folder of moved) this.#judge(folder, true);
  }

  #rowsOf(nodes: Iterable<NodeId>): readonly RemoteEntry[] {
    return [...nodes].flatMap((node) => this.#index.remote.get(node) ?? []);
  }

  #judge(node: NodeId, deep: boolean): void {
    const folder = this.#folderOf(node);
    if (folder !== undefined) this.#wholly(folder, deep);
  }

  /** Undefined for what is no folder of the tree. */
  #folderOf(node: NodeId): JudgedFolder | undefined {
    if (node === rootNode) return { node, path: topPath, scope: "in" };
    const row = this.#index.remote.get(node);
    const path = pathOf(this.#index.remote, node);
    if (row?.kind !== "folder" || path === undefined) return undefined;
    return { node, path, scope: row.scope };
  }

  /** All entries of a folder; those below it where it is `deep`, and wherever a folder stands otherwise than before. */
  #wholly(top: JudgedFolder, deep: boolean): void {
    const pending: JudgedFolder[] = [top];
    for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
      let repository: RepositoryFound | undefined;
      const context = {
        folder,
        scope: this.#scope,
        onRepository: (found: RepositoryFound) => (repository = found),
      };
      const children = [...this.#index.remote.children(folder.node)];
      for (const standing of folderStandings(children, context)) {
        const isOther = this.#apply(standing);
        const { entry, path, scope } = standing;
        const goesOn = entry.kind === "folder" && (deep || isOther);
        if (goesOn) pending.push({ node: entry.node, path, scope });
      }
      this.#noteRepository(folder, repository);
    }
  }

  /** Entries of a folder whose other entries do not change how these stand. */
  #some(node: NodeId, rows: readonly RemoteEntry[]): void {
    const folder = this.#folderOf(node);
    if (folder === undefined) return;
    const context = { folder, scope: this.#scope, onRepository: () => {} };
    for (const standing of folderStandings(rows, context)) {
      const { entry, path, scope } = standing;
      if (!this.#apply(standing) || entry.kind !== "folder") continue;
      this.#wholly({ node: entry.node, path, scope }, false);
    }
  }

  /** @returns whether the entry stands otherwise than before. */
  #apply({ entry, path, scope, reason }: Standing<RemoteEntry>): boolean {
    const { remote, remoteMemory } = this.#index;
    const { node } = entry;
    if (reason === undefined) {
      // Of a folder that stands in scope as before, only a look at what is in it can tell.
      const isLasting = entry.kind === "folder" && scope === "in" && entry.scope === scope;
      if (!isLasting) remoteMemory.removeNote(node);
    } else {
      remoteMemory.putNote({ node, kind: "refused", reason });
    }
    if (scope === "ignored" && this.#scope.exclusions.has(path)) this.#drop(node);
    if (entry.scope === scope) return false;
    remote.put({ ...entry, scope });
    return true;
  }

  /** Rows below an excluded folder are not kept (S93). */
  #drop(folder: NodeId): void {
    const { remote } = this.#index;
    for (const { node } of descendants(remote, folder)) remote.remove(node);
  }

  #noteRepository(folder: JudgedFolder, found: RepositoryFound | undefined): void {
    const { remoteMemory } = this.#index;
    const { node } = folder;
    if (found !== undefined) {
      remoteMemory.putNote({ node, kind: "repository", reason: found.sign });
    } else if (folder.scope === "in") {
      remoteMemory.removeNote(node);
    }
  }
}
