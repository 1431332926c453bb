import type { BlockList } from "../store/block-writer.ts";
import type { Database } from "../store/database.ts";
import { blocksColumn, blocksOf, placeOf, revisionOf, subtreeConditions } from "./node.ts";
import type { FileNode, Place, RemovedNode } from "./node.ts";
import { integer, text, word } from "../store/rows.ts";

/** The content and the client's time of a new state of a file. */
export type NewFile = {
  readonly content: BlockList;
  readonly hash: string;
  readonly clientModified: number;
};

/** What a history works with; `nowSeconds` is the time of the call. */
export type HistoryParts = {
  readonly database: Database;
  /** The row of the account. */
  readonly account: number;
  readonly nowSeconds: number;
  /** The date of a state that is written now, which a fault can put off. */
  readonly writtenSeconds: number;
  /** Revisions and removals that ended later than this are kept. */
  readonly retainedSince: number;
};

/** Where a state of a file is written, and whose it is. */
export type Written = Place & { readonly id: string };

/**
 * Every state of the files of one namespace, and what was removed from where, as long as retention keeps it (V26).
 * Writes are called inside a transaction.
 */
export class History {
  readonly #database: Database;
  readonly #account: number;
  readonly #nowSeconds: number;
  readonly #writtenSeconds: number;
  readonly #retainedSince: number;

  constructor(parts: HistoryParts) {
    this.#database = parts.database;
    this.#account = parts.account;
    this.#nowSeconds = parts.nowSeconds;
    this.#writtenSeconds = parts.writtenSeconds;
    this.#retainedSince = parts.retainedSince;
  }

  /** A state of a file by its rev, current or kept, wherever it was written. */
  revision(rev: number): FileNode | undefined {
    const row = this.#database.first(
      "SELECT * FROM revisions WHERE rev = ? AND account = ? AND (ended IS NULL OR ended > ?)",
      rev,
      this.#account,
      this.#retainedSince,
    );
    return row === undefined ? undefined : revisionOf(row);
  }

  /** The content of a state of a file. */
  content(file: FileNode): BlockList {
    const row = this.#database.first("SELECT blocks FROM revisions WHERE rev = ?", file.rev);
    return { size: file.size, blocks: row === undefined ? [] : blocksOf(row) };
  }

  /** What was last at a path where nothing is now. */
  removedAt(key: string): RemovedNode | undefined {
    const row = this.#database.first(
      "SELECT * FROM removed WHERE account = ? AND key = ? AND ended > ?",
      this.#account,
      key,
      this.#retainedSince,
    );
    if (row === undefined) return undefined;
    const kind = word(row, "kind", ["file", "folder"]);
    return { ...placeOf(row), kind, id: text(row, "id"), ended: integer(row, "ended") };
  }

  /** A new state of a file, with content of its own. */
  add(at: Written, { content, hash, clientModified }: NewFile): FileNode {
    const { rowid } = this.#database.run(
      `INSERT INTO revisions (account, id, key, display, size, hash, client_modified,
         server_modified, blocks) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      this.#account,
      at.id,
      at.key,
      at.display,
      content.size,
      hash,
      clientModified,
      this.#writtenSeconds,
      blocksColumn(content.blocks),
    );
    return this.#stateOf(rowid, at, { size: content.size, hash, clientModified });
  }

  /** A new state of a file, with the content and the client's time of one that there is already (fact sheet 3.4). */
  repeat(source: FileNode, at: Written): FileNode {
    const { rowid } = this.#database.run(
      `INSERT INTO revisions (account, id, key, display, size, hash, client_modified,
         server_modified, blocks)
       SELECT account, ?, ?, ?, size, hash, client_modified, ?, blocks FROM revisions WHERE rev = ?`,
      at.id,
      at.key,
      at.display,
      this.#writtenSeconds,
      source.rev,
    );
    return this.#stateOf(rowid, at, source);
  }

  #stateOf(
    rev: number,
    { id, key, display }: Written,
    { size, hash, clientModified }: Pick<FileNode, "size" | "hash" | "clientModified">,
  ): FileNode {
    const serverModified = this.#writtenSeconds;
    return { kind: "file", id, key, display, rev, size, hash, clientModified, serverModified };
  }

  /** A state of a file is not the current one any more. */
  end(rev: number): void {
    this.#database.run("UPDATE revisions SET ended = ? WHERE rev = ?", this.#nowSeconds, rev);
  }

  /** The same for the files that are at a key and below it. */
  endBelow(key: string): void {
    this.#eachPart(key, (part, values) => {
      this.#database.run(
        `UPDATE revisions SET ended = ? WHERE rev IN (SELECT rev FROM nodes WHERE ${part})`,
        this.#nowSeconds,
        ...values,
      );
    });
  }

  /** Traces of what is at a key and below it, and about to be taken out. */
  keepTraces(key: string): void {
    this.#eachPart(key, (part, values) => {
      this.#database.run(
        `INSERT OR REPLACE INTO removed (account, key, parent, display, id, kind, ended)
         SELECT account, key, parent, display, id, kind, ? FROM nodes WHERE ${part}`,
        this.#nowSeconds,
        ...values,
      );
    });
  }

  /** Something is at a key again. */
  dropTrace(key: string): void {
    this.#database.run("DELETE FROM removed WHERE account = ? AND key = ?", this.#account, key);
  }

  /**
   * Forget what was at a key and below it, where nothing is now: all that was written there, and every state of what
   * was removed from there last, unless that was moved and lives on elsewhere.
   */
  forget(key: string): void {
    this.#eachPart(key, (part, values) => {
      this.#database.run(
        `DELETE FROM revisions WHERE account = ? AND id IN (SELECT id FROM removed WHERE ${part}
           AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.account = removed.account AND n.id = removed.id))`,
        this.#account,
        ...values,
      );
      this.#database.run(`DELETE FROM revisions WHERE ${part}`, ...values);
      this.#database.run(`DELETE FROM removed WHERE ${part}`, ...values);
    });
  }

  /** Work on what is at a key, then on what is below it; `part` is the condition for `values`. */
  #eachPart(
    key: string,
    work: (part: string, values: readonly [number, ...string[]]) => void,
  ): void {
    for (const { sql, values } of subtreeConditions(key)) {
      work(`account = ? AND ${sql}`, [this.#account, ...values]);
    }
  }
}
