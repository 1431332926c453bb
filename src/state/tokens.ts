import type { NodeId } from "../core/tree/node.ts";
import type { RestoreTokens } from "../ports.ts";
import type { Connection, Statement } from "./connection.ts";
import { text } from "./row.ts";

/** The tables `token` and `token_item` of the index (S7, S101). */
export class SqliteTokens implements RestoreTokens {
  readonly #connection: Connection;
  readonly #wanted: Statement;
  readonly #putToken: Statement;
  readonly #putItem: Statement;
  readonly #spend: Statement;
  readonly #endEmpty: Statement;
  readonly #endBefore: Statement;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#wanted = connection.prepare("SELECT want FROM token_item WHERE node = ?");
    this.#putToken = connection.prepare(
      "INSERT OR REPLACE INTO token (restore, made_at) VALUES (?, ?)",
    );
    // A later restore of the same node is the one that counts.
    this.#putItem = connection.prepare(
      "INSERT OR REPLACE INTO token_item (node, restore, want) VALUES (?, ?, ?)",
    );
    this.#spend = connection.prepare("DELETE FROM token_item WHERE node = ?");
    this.#endEmpty = connection.prepare(
      "DELETE FROM token WHERE restore NOT IN (SELECT restore FROM token_item)",
    );
    this.#endBefore = connection.prepare("DELETE FROM token WHERE made_at < ?");
  }

  wanted(node: NodeId): string | undefined {
    return this.#wanted.get((row) => text(row, "want"), node);
  }

  put(restore: string, madeAt: number, items: ReadonlyMap<NodeId, string>): void {
    this.#connection.transaction(() => {
      this.#putToken.run(restore, madeAt);
      for (const [node, want] of items) this.#putItem.run(node, restore, want);
      this.#endEmpty.run();
    });
  }

  spend(node: NodeId): void {
    if (this.wanted(node) === undefined) return;
    this.#connection.transaction(() => {
      this.#spend.run(node);
      this.#endEmpty.run();
    });
  }

  endBefore(madeAt: number): void {
    this.#connection.transaction(() => this.#endBefore.run(madeAt));
  }
}
