import { joinPath, topPath, type RelPath } from "../../core/path/rel-path.ts";
import type { LocalStat } from "../../core/tree/local-stat.ts";
import { rootNode, type NodeId } from "../../core/tree/node.ts";

/** What a look at the disk needs to know of one entry, or of a row that stands for one. */
export type SeenStat = Pick<
  LocalStat,
  "name" | "kind" | "fileId" | "size" | "stamp" | "modifiedNs"
>;

/** What is known of a folder when it is met. */
type FolderFacts = {
  readonly path: RelPath;
  /** The folder it is in; undefined where a look starts. */
  readonly above: Folder | undefined;
  /** From before it was read; undefined for the top. */
  readonly stat: SeenStat | undefined;
  /** Undefined for a folder that no tree knows. */
  readonly node: NodeId | undefined;
  readonly hasRow: boolean;
};

/** A folder of the disk in the course of one look. Kept only while something below it is not settled. */
export class Folder {
  readonly path: RelPath;
  readonly above: Folder | undefined;
  readonly stat: SeenStat | undefined;
  /** No tree knows anything in it. */
  readonly isNew: boolean;
  /** A new folder gets its node with its row. */
  node: NodeId | undefined;
  /** In the local tree, or on its way into it. */
  hasRow: boolean;
  /** It holds names that no text can hold (S14). */
  isClouded = false;
  /** A look starts here: `alone`, what is in it and as it was is not entered; `whole`, everything below is read. */
  start: "alone" | "whole" | undefined;

  constructor({ path, above, stat, node, hasRow }: FolderFacts) {
    this.path = path;
    this.above = above;
    this.stat = stat;
    this.node = node;
    this.isNew = node === undefined;
    this.hasRow = hasRow;
  }

  /** The top of the workspace. */
  static top(): Folder {
    return new Folder({
      path: topPath,
      above: undefined,
      stat: undefined,
      node: rootNode,
      hasRow: true,
    });
  }

  /** A folder in this one; without a node it is new. */
  below(stat: SeenStat, node?: NodeId, hasRow: boolean = node !== undefined): Folder {
    return new Folder({ path: this.pathOf(stat.name), above: this, stat, node, hasRow });
  }

  pathOf(name: string): RelPath {
    return joinPath(this.path, name);
  }
}
