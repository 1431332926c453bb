import type { Account } from "../accounts/account.ts";
import type { BlockList } from "../store/block-writer.ts";
import type { Database } from "../store/database.ts";
import { History } from "./history.ts";
import type { NewFile, Written } from "./history.ts";
import { Journal } from "./journal.ts";
import { LiveNodes } from "./live-nodes.ts";
import type { FileNode, FolderNode, Node, Place, RemovedNode } from "./node.ts";
import { integer } from "../store/rows.ts";
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
  /** The dates of files that are written are off by this much (V72); none by default. */
  readonly clockSkewSeconds?: number;
  /** How long replaced and removed revisions stay. */
  readonly retentionSeconds: number;
};

/**
 * One namespace: its live nodes, what retention still keeps, and the journal of what happened. Writes keep the three
 * in step; they are called inside a transaction, after everything that may refuse them was checked.
 */
export class Tree {
  readonly account: Account;
  readonly view: View;
  readonly journal: Journal;
  /** The date of a file that is written now. What retention goes by is the true time. */
  readonly nowSeconds: number;
  readonly #retainedSince: number;
  readonly #live: LiveNodes;
  readonly #history: History;
  readonly #database: Database;
  readonly #rng: Rng;

  constructor(parts: TreeParts) {
    const { database, account, view, rng, nowSeconds, clockSkewSeconds = 0 } = parts;
    const retainedSince = nowSeconds - parts.retentionSeconds;
    const writtenSeconds = nowSeconds + clockSkewSeconds;
    this.account = account;
    this.view = view;
    this.nowSeconds = writtenSeconds;
    this.#retainedSince = retainedSince;
    this.journal = new Journal(database, account.account);
    this.#live = new LiveNodes(database, account.account);
    const times = { nowSeconds, writtenSeconds, retainedSince };
    this.#history = new History({ database, account: account.account, ...times });
    this.#database = database;
    this.#rng = rng;
  }

  /** What is at a path now. The root has no node. */
  at(key: string): Node | undefined {
    return this.#live.at(key);
  }

  /** Whether something is at a path now. */
  isTaken(key: string): boolean {
    return this.#live.isTaken(key);
  }

  /** The node of an id, wherever the app can see it. */
  byId(id: string): Node | undefined {
    const node = this.#live.byId(id);
    return node !== undefined && isSeen(node.key, this.view) ? node : undefined;
  }

  /** Whether an id is in use, seen by the app or not. */
  hasId(id: string): boolean {
    return this.#live.byId(id) !== undefined;
  }

  /** How many nodes a folder has with everything in it, counted up to one more than `countMax`. */
  subtreeCount(top: Node, countMax: number): number {
    return 1 + (top.kind === "file" ? 0 : this.#live.countBelow(top, countMax));
  }

  /** Bytes of a node with everything in it. */
  subtreeBytes(top: Node): number {
    return top.kind === "file" ? top.size : this.#live.bytesBelow(top);
  }

  /** What was last at a path where nothing is now, as long as retention keeps it (V26). */
  removedAt(key: string): RemovedNode | undefined {
    return this.#history.removedAt(key);
  }

  /** A state of a file by its rev, current or kept, written where the app can see it. */
  revision(rev: number): FileNode | undefined {
    const file = this.#history.revision(rev);
    return file !== undefined && isSeen(file.key, this.view) ? file : undefined;
  }

  /** The content of a state of a file. */
  content(file: FileNode): BlockList {
    return this.#history.content(file);
  }

  /** Bytes of all live files, as of this moment (Choice 29). */
  used(): number {
    const row = this.#database.first(
      "SELECT used FROM accounts WHERE account = ?",
      this.account.account,
    );
    return row === undefined ? 0 : integer(row, "used");
  }

  /** Revisions and removals that ended later than this are kept. */
  retainedSince(): number {
    return this.#retainedSince;
  }

  addFolder(place: Place): FolderNode {
    const folder: FolderNode = { kind: "folder", id: this.#newId(), ...place };
    this.#insert(folder);
    return folder;
  }

  /** Write a file: over the one that is there, which keeps its id and name, or as a new one. */
  putFile(place: Place, file: NewFile, existing: FileNode | undefined): FileNode {
    const at = existing ?? { ...place, id: this.#newId() };
    return this.#put(this.#history.add(at, file), existing);
  }

  /**
   * Write a state of a file again (V46): over the one that is there, which keeps its id and name, or with the id of one
   * that comes back, or as a new one.
   */
  restoreFile(
    source: FileNode,
    place: Place,
    over: { readonly existing: FileNode | undefined; readonly id: string | undefined },
  ): FileNode {
    const at = over.existing ?? { ...place, id: over.id ?? this.#newId() };
    return this.#put(this.#history.repeat(source, at), over.existing);
  }

  #put(stored: FileNode, existing: FileNode | undefined): FileNode {
    if (existing === undefined) {
      this.#insert(stored);
    } else {
      this.#history.end(existing.rev);
      this.#live.setState(stored);
      this.journal.append(stored, "file");
    }
    return stored;
  }

  /** Remove a node with everything in it: one line in the journal (V25). */
  remove(top: Node): void {
    this.#takeOut(top, { keepTrace: true });
    this.journal.append(top, top.kind === "file" ? "file-removed" : "folder-removed");
  }

  /** Forget for good what was at a key, where nothing is now, and below it. */
  forget(key: string): void {
    this.#history.forget(key);
  }

  /**
   * Move a node with everything in it; ids stay, files get new revs (Choice 12).
   *
   * In the journal that is one removal, the node, and its descendants, parents first (V25). A change of case only
   * has no removal: the path is the same (Choice 11).
   */
  move(top: Node, to: Place): Node {
    const below = this.#live.below(top);
    if (top.key === to.key) this.#takeOut(top, { keepTrace: false });
    else this.remove(top);
    const moved = this.#settle(top, { ...to, id: top.id });
    for (const node of below) this.#settle(node, { ...movedPlace(node, top, to), id: node.id });
    return moved;
  }

  /** Copy a node with everything in it: new ids and revs, the clients' times; in the journal parents first (V22). */
  copy(top: Node, to: Place): Node {
    const below = this.#live.below(top);
    const copied = this.#settle(top, { ...to, id: this.#newId() });
    for (const node of below) {
      this.#settle(node, { ...movedPlace(node, top, to), id: this.#newId() });
    }
    return copied;
  }

  /** A moved or copied node in its new place. */
  #settle(node: Node, at: Written): Node {
    const settled = node.kind === "folder" ? { ...node, ...at } : this.#history.repeat(node, at);
    this.#insert(settled);
    return settled;
  }

  #insert(node: Node): void {
    this.#history.dropTrace(node.key);
    this.#live.insert(node);
    this.journal.append(node, node.kind);
  }

  /** Its revisions end now; a trace tells what was at each path. */
  #takeOut({ key }: Node, { keepTrace }: { readonly keepTrace: boolean }): void {
    this.#history.endBelow(key);
    if (keepTrace) this.#history.keepTraces(key);
    this.#live.takeOut(key);
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
