import { parseRelPath } from "../core/path/rel-path.ts";
import type { DisplacedRow } from "../core/tree/index-rows.ts";
import type { DisplacedFiles } from "../core/tree/displaced-files.ts";
import type { Connection, Statement } from "./connection.ts";
import { integer, text, type Row } from "./row.ts";

/** The table `displaced` of the index (S65). */
export class SqliteDisplaced implements DisplacedFiles {
  readonly #connection: Connection;
  readonly #after: Statement;
  readonly #put: Statement;
  readonly #remove: Statement;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#after = connection.prepare(
      "SELECT * FROM displaced WHERE (area, path) > (?, ?) ORDER BY area, path LIMIT +?",
    );
    this.#put = connection.prepare(
      "INSERT OR REPLACE INTO displaced (area, path, stamp, hash, since) VALUES (?, ?, ?, ?, ?)",
    );
    this.#remove = connection.prepare("DELETE FROM displaced WHERE area = ? AND path = ?");
  }

  after(row: DisplacedRow | undefined, countMax: number): readonly DisplacedRow[] {
    return this.#after.all(displacedOf, row?.area ?? "", row?.path ?? "", countMax);
  }

  put({ area, path, stamp, hash, since }: DisplacedRow): void {
    this.#connection.transaction(() => this.#put.run(area, path, stamp, hash, since));
  }

  remove({ area, path }: DisplacedRow): void {
    this.#connection.transaction(() => this.#remove.run(area, path));
  }
}

function displacedOf(row: Row): DisplacedRow {
  return {
    area: text(row, "area"),
    path: parseRelPath(text(row, "path")),
    stamp: text(row, "stamp"),
    hash: text(row, "hash"),
    since: integer(row, "since"),
  };
}
