import { parseRelPath } from "../core/path/rel-path.ts";
import type {
  RestoreItemRow,
  RestoreKind,
  RestoreRow,
  RestoreState,
} from "../core/snapshot/restore-state.ts";
import type { RestoreJournal } from "../ports.ts";
import type { Connection, Statement } from "./connection.ts";
import { integer, oneOf, optionalText, text, type Row } from "./row.ts";

const kinds: readonly RestoreKind[] = ["restore", "undo", "rollback"];
const steps: readonly RestoreItemRow["step"][] = ["planned", "staged", "acting", "acted", "left"];
const sides: readonly RestoreItemRow["side"][] = ["local", "remote"];
const states: readonly RestoreState[] = [
  ...(["planned", "saved", "fenced", "staged", "committing", "committed"] as const),
  ...(["handed", "pushed", "verified", "done", "partial", "not-done"] as const),
];

/**
 * The journal of restores (T30), in the file of the index: a write joins the index transaction that
 * runs, and is a durable commit of its own where none does.
 */
export class SqliteJournal implements RestoreJournal {
  readonly #connection: Connection;
  readonly #restores: Statement;
  readonly #restore: Statement;
  readonly #putRestore: Statement;
  readonly #items: Statement;
  readonly #putItem: Statement;
  readonly #fence: Statement;
  readonly #setFence: Statement;
  readonly #liftFence: Statement;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#restores = connection.prepare("SELECT * FROM restore ORDER BY rowid");
    this.#restore = connection.prepare("SELECT * FROM restore WHERE id = ?");
    this.#putRestore = connection.prepare(putRestoreSql);
    this.#items = connection.prepare("SELECT * FROM restore_item WHERE restore = ? ORDER BY rowid");
    this.#putItem = connection.prepare(putItemSql);
    this.#fence = connection.prepare("SELECT restore FROM fence");
    this.#setFence = connection.prepare(
      "INSERT OR REPLACE INTO fence (only, restore) VALUES (1, ?)",
    );
    this.#liftFence = connection.prepare("DELETE FROM fence");
  }

  /** In the order in which they were first put. */
  restores(): readonly RestoreRow[] {
    return this.#restores.all(restoreOf);
  }

  restore(id: string): RestoreRow | undefined {
    return this.#restore.get(restoreOf, id);
  }

  putRestore(row: RestoreRow): void {
    const { id, kind, state, snapshot, options, digest, report, madeAt } = row;
    const optional = [report ?? null, madeAt] as const;
    this.#write(() =>
      this.#putRestore.run(id, kind, state, snapshot ?? null, options, digest, ...optional),
    );
  }

  /** In the order in which they were first put. */
  items(restore: string): readonly RestoreItemRow[] {
    return this.#items.all(itemOf, restore);
  }

  putItems(rows: readonly RestoreItemRow[]): void {
    this.#write(() => {
      for (const row of rows) this.#put(row);
    });
  }

  fence(): string | undefined {
    return this.#fence.get((row) => text(row, "restore"));
  }

  setFence(restore: string | undefined): void {
    this.#write(() => {
      if (restore === undefined) this.#liftFence.run();
      else this.#setFence.run(restore);
    });
  }

  #put(item: RestoreItemRow): void {
    const { restore, side, path, step, expected, displaced, witness, rev } = item;
    const optional = [displaced ?? null, witness ?? null, rev ?? null] as const;
    this.#putItem.run(restore, side, path, step, expected, ...optional);
  }

  #write(work: () => void): void {
    this.#connection.transaction(work);
  }
}

const putRestoreSql = `
  INSERT INTO restore (id, kind, state, snapshot, options, digest, report, made_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, state = excluded.state, snapshot = excluded.snapshot,
    options = excluded.options, digest = excluded.digest, report = excluded.report, made_at = excluded.made_at`;

const putItemSql = `
  INSERT INTO restore_item (restore, side, path, step, expected, displaced, witness, rev)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (restore, side, path) DO UPDATE SET step = excluded.step, expected = excluded.expected,
    displaced = excluded.displaced, witness = excluded.witness, rev = excluded.rev`;

function restoreOf(row: Row): RestoreRow {
  return {
    id: text(row, "id"),
    kind: oneOf(row, "kind", kinds),
    state: oneOf(row, "state", states),
    snapshot: optionalText(row, "snapshot"),
    options: text(row, "options"),
    digest: text(row, "digest"),
    report: optionalText(row, "report"),
    madeAt: integer(row, "made_at"),
  };
}

function itemOf(row: Row): RestoreItemRow {
  return {
    restore: text(row, "restore"),
    side: oneOf(row, "side", sides),
    path: parseRelPath(text(row, "path")),
    step: oneOf(row, "step", steps),
    expected: text(row, "expected"),
    displaced: optionalText(row, "displaced"),
    witness: optionalText(row, "witness"),
    rev: optionalText(row, "rev"),
  };
}
