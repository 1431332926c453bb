import type { Account } from "../accounts/account.ts";
import type { BlockList } from "../store/block-writer.ts";
import type { Database } from "../store/database.ts";
import { Journal } from "./journal.ts";
import {
  blocksColumn,
  blocksOf,
  keysBelow,
  nodeColumns,
  nodeOf,
  nodeTables,
  parentKey,
  placeOf,
  revisionOf,
} from "./node.ts";
import type { FileNode, FolderNode, Node, Place, RemovedNode } from "./node.ts";
import { integer, text, word } from "../store/rows.ts";
import { randomText } from "../random-text.ts";
import type { Rng } from "../../std/random.ts";
import { isSeen } from "./view.ts";
import type { View } from "./view.ts";

/** What a tree works with; `nowSeconds` is the time of the call. */
export type TreeParts = {
  readonly database: Database;
  readonly account: Account;
  /** What the app that asks may see. */
  readonly view: View;
  readonly rng: Rng;
  readonly nowSeconds: number;
  /** How long replaced and removed revisions stay. */
  readonly retentionSeconds: number;
};

/** The content and the client's time of a new state of a file. */
export type NewFile = {
  readonly content: BlockList;
  readonly hash: string;
  readonly clientModified: number;
};

/** The live nodes of one namespace, and what retention still keeps. Writes are called inside a transaction. */
export class Tree {
  readonly account: Account;
  readonly view: View;
  readonly journal: Journal;
  readonly nowSeconds: number;
  readonly #retentionSeconds: number;
  readonly #database: Database;
  readonly #row: number;
  readonly #rng: Rng;

  constructor({ database, account, view, rng, nowSeconds, retentionSeconds }: TreeParts) {
    this.account = account;
    this.view = view;
    this.nowSeconds = nowSeconds;
    this.#retentionSeconds = retentionSeconds;
    this.journal = new Journal(database, account.account);
    this.#database = database;
    this.#row = account.account;
    this.#rng = rng;
  }

  /** What is at a path now. The root has no node. */
  at(key: string): Node | undefined {
    const row = this.#database.first(
      `SELECT ${nodeColumns} FROM ${nodeTables} WHERE n.account = ? AND n.key = ?`,
      this.#row,
      key,
    );
    return row === undefined ? undefined : nodeOf(row);
  }

  /** The node of an id, wherever the app can see it. */
  byId(id: string): Node | undefined {
    const row = this.#database.first(
      `SELECT ${nodeColumns} FROM ${nodeTables} WHERE n.account = ? AND n.id = ?`,
      this.#row,
      id,
    );
    const node = row === undefined ? undefined : nodeOf(row);
    return node !== undefined && isSeen(node.key, this.view) ? node : undefined;
  }

  /** A folder and everything in it, parents first. */
  #subtree(top: Node): readonly Node[] {
    const { from, to } = keysBelow(top.key);
    const rows = this.#database.all(
      `SELECT ${nodeColumns} FROM ${nodeTables}
       WHERE n.account = ? AND n.key >= ? AND n.key < ? ORDER BY n.key`,
      this.#row,
      from,
      to,
    );
    return [top, ...rows.map(nodeOf)];
  }

  /** How many nodes a folder has with everything in it, counted up to one more than `countMax`. */
  subtreeCount(top: Node, countMax: number): number {
    const { from, to } = keysBelow(top.key);
    const row = this.#database.first(
      `SELECT count(*) AS nodes FROM
         (SELECT 1 FROM nodes WHERE account = ? AND key >= ? AND key < ? LIMIT ?)`,
      this.#row,
      from,
      to,
      countMax,
    );
    return 1 + (row === undefined ? 0 : integer(row, "nodes"));
  }

  /** What was last at a path where nothing is now, as long as retention keeps it (V26). */
  removedAt(key: string): RemovedNode | undefined {
    const row = this.#database.first(
      "SELECT * FROM removed WHERE account = ? AND key = ? AND ended > ?",
      this.#row,
      key,
      this.retainedSince(),
    );
    if (row === undefined) return undefined;
    const kind = word(row, "kind", ["file", "folder"]);
    return { ...placeOf(row), kind, id: text(row, "id"), ended: integer(row, "ended") };
  }

  /** A state of a file by its rev, current or kept, written where the app can see it. */
  revision(rev: number): FileNode | undefined {
    const row = this.#database.first(
      "SELECT * FROM revisions WHERE rev = ? AND account = ? AND (ended IS NULL OR ended > ?)",
      rev,
      this.#row,
      this.retainedSince(),
    );
    const file = row === undefined ? undefined : revisionOf(row);
    return file !== undefined && isSeen(file.key, this.view) ? file : undefined;
  }

  /** The content of a state of a file. */
  content(file: FileNode): BlockList {
    const row = this.#database.first("SELECT blocks FROM revisions WHERE rev = ?", file.rev);
    return { size: file.size, blocks: row === undefined ? [] : blocksOf(row) };
  }

  /** Bytes of all live files, as of this moment (Choice 29). */
  used(): number {
    const row = this.#database.first("SELECT used FROM accounts WHERE account = ?", this.#row);
    return row === undefined ? 0 : integer(row, "used");
  }

  /** Revisions and removals that ended later than this are kept. */
  retainedSince(): number {
    return this.nowSeconds - this.#retentionSeconds;
  }

  addFolder(place: Place): FolderNode {
    const folder: FolderNode = { kind: "folder", id: this.#newId(), ...place };
    this.#insert(folder);
    this.journal.append(place, "folder");
    return folder;
  }

  /** Write a file: over the one that is there, which keeps its id and name, or as a new one. */
  putFile(place: Place, file: NewFile, existing: FileNode | undefined): FileNode {
    const stored = this.#addRevision(existing ?? { ...place, id: this.#newId() }, file);
    if (existing === undefined) this.#insert(stored);
    else this.#replaceRevision(existing, stored);
    this.journal.append(stored, "file");
    return stored;
  }

  /** Remove a node with everything in it: one line in the journal (V25). */
  remove(top: Node): void {
    this.#takeOut(top);
    this.journal.append(top, top.kind === "file" ? "file-removed" : "folder-removed");
  }

  /**
   * Move a node with everything in it; ids stay, files get new revs (Choice 12).
   *
   * In the journal that is one removal, the node, and its descendants, parents first (V25). A change of case only
   * has no removal: the path is the same (Choice 11).
   */
  move(top: Node, to: Place): Node {
    const [, ...below] = this.#subtree(top);
    if (top.key === to.key) this.#takeOut(top, { keepTrace: false });
    else this.remove(top);
    const moved = this.#settle(top, to);
    for (const node of below) this.#settle(node, movedPlace(node, top, to));
    return moved;
  }

  /** A moved node in its new place. */
  #settle(node: Node, place: Place): Node {
    const settled =
      node.kind === "folder"
        ? { ...node, ...place }
        : this.#addRevision(
            { ...place, id: node.id },
            {
              content: this.content(node),
              hash: node.hash,
              clientModified: node.clientModified,
            },
          );
    this.#insert(settled);
    this.journal.append(settled, settled.kind);
    return settled;
  }

  #insert(node: Node): void {
    this.#database.run("DELETE FROM removed WHERE account = ? AND key = ?", this.#row, node.key);
    this.#database.run(
      `INSERT INTO nodes (account, key, parent, display, id, kind, rev, size)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      this.#row,
      node.key,
      parentKey(node.key),
      node.display,
      node.id,
      node.kind,
      node.kind === "file" ? node.rev : null,
      node.kind === "file" ? node.size : 0,
    );
  }

  #addRevision(at: Place & { readonly id: string }, file: NewFile): FileNode {
    const { rowid } = this.#database.run(
      `INSERT INTO revisions (account, id, key, display, size, hash, client_modified,
         server_modified, blocks) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      this.#row,
      at.id,
      at.key,
      at.display,
      file.content.size,
      file.hash,
      file.clientModified,
      this.nowSeconds,
      blocksColumn(file.content.blocks),
    );
    return {
      kind: "file",
      id: at.id,
      key: at.key,
      display: at.display,
      rev: rowid,
      size: file.content.size,
      hash: file.hash,
      clientModified: file.clientModified,
      serverModified: this.nowSeconds,
    };
  }

  #replaceRevision(old: FileNode, stored: FileNode): void {
    this.#database.run("UPDATE revisions SET ended = ? WHERE rev = ?", this.nowSeconds, old.rev);
    this.#database.run(
      "UPDATE nodes SET rev = ?, size = ? WHERE account = ? AND key = ?",
      stored.rev,
      stored.size,
      this.#row,
      old.key,
    );
  }

  /** Take a subtree out of the live nodes. Its revisions end now; a trace tells what was at each path. */
  #takeOut(top: Node, { keepTrace } = { keepTrace: true }): void {
    const { from, to } = keysBelow(top.key);
    const range = "account = ? AND (key = ? OR (key >= ? AND key < ?))";
    const values = [this.#row, top.key, from, to];
    this.#database.run(
      `UPDATE revisions SET ended = ? WHERE rev IN (SELECT rev FROM nodes WHERE ${range})`,
      this.nowSeconds,
      ...values,
    );
    if (keepTrace) {
      this.#database.run(
        `INSERT OR REPLACE INTO removed (account, key, parent, display, id, kind, ended)
         SELECT account, key, parent, display, id, kind, ? FROM nodes WHERE ${range}`,
        this.nowSeconds,
        ...values,
      );
    }
    this.#database.run(`DELETE FROM nodes WHERE ${range}`, ...values);
  }

  /** 16 random bytes make the 22 characters (V22). */
  #newId(): string {
    return `id:${randomText(this.#rng, 22)}`;
  }
}

function movedPlace(node: Place, top: Place, to: Place): Place {
  return {
    key: to.key + node.key.slice(top.key.length),
    display: to.display + node.display.slice(top.display.length),
  };
}
