import type { HeldItem, HoldKind, HoldRow } from "../core/tree/index-rows.ts";
import type { HoldStore } from "../ports.ts";
import { SnapError } from "../std/error.ts";
import type { Connection, Statement } from "./connection.ts";
import { integer, oneOf, text, type Row } from "./row.ts";

const kinds: readonly HoldKind[] = ["mass-delete", "mass-change", "mass-rollback", "mass-conflict"];

/** The table `hold` of the index (S7, S82). */
export class SqliteHolds implements HoldStore {
  readonly #connection: Connection;
  readonly #holds: Statement;
  readonly #put: Statement;
  readonly #remove: Statement;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#holds = connection.prepare("SELECT * FROM hold ORDER BY made_at, digest");
    this.#put = connection.prepare(
      "INSERT OR REPLACE INTO hold (digest, kind, items, state, made_at) VALUES (?, ?, ?, ?, ?)",
    );
    this.#remove = connection.prepare("DELETE FROM hold WHERE digest = ?");
  }

  /** Oldest first. */
  holds(): readonly HoldRow[] {
    return this.#holds.all(holdOf);
  }

  putHold({ digest, kind, items, state, madeAt }: HoldRow): void {
    const list = JSON.stringify(
      items.map(({ op, path, before, node }) => [op, path, before, node]),
    );
    this.#connection.transaction(() => this.#put.run(digest, kind, list, state, madeAt));
  }

  removeHold(digest: string): void {
    this.#connection.transaction(() => this.#remove.run(digest));
  }
}

function holdOf(row: Row): HoldRow {
  return {
    digest: text(row, "digest"),
    kind: oneOf(row, "kind", kinds),
    items: itemsOf(text(row, "items")),
    state: oneOf(row, "state", ["open", "confirmed"]),
    madeAt: integer(row, "made_at"),
  };
}

function itemsOf(list: string): readonly HeldItem[] {
  const parsed: unknown = JSON.parse(list);
  if (!Array.isArray(parsed)) throw damagedHold();
  return parsed.map((item: unknown): HeldItem => {
    const [op, path, before, node] = Array.isArray(item) ? (item as readonly unknown[]) : [];
    if (typeof op !== "string" || typeof path !== "string" || typeof before !== "string") {
      throw damagedHold();
    }
    if (typeof node !== "number" || !Number.isSafeInteger(node)) throw damagedHold();
    return { node, op, path, before };
  });
}

function damagedHold(): SnapError {
  return new SnapError("damaged", "A hold in the index is not readable", {
    hint: "Run snap sync: the index is put aside and started anew.",
  });
}
