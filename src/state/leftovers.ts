import type { FolderMark, Leftovers } from "../core/tree/leftovers.ts";
import type { Connection, Statement } from "./connection.ts";
import { text } from "./row.ts";

/** The table `leftover` of the index (S70). */
export class SqliteLeftovers implements Leftovers {
  readonly #all: Statement;
  readonly #one: Statement;
  readonly #put: Statement;
  readonly #remove: Statement;

  constructor(connection: Connection) {
    this.#all = connection.prepare("SELECT mark FROM leftover");
    this.#one = connection.prepare("SELECT mark FROM leftover WHERE mark = ?");
    this.#put = connection.prepare("INSERT OR IGNORE INTO leftover (mark) VALUES (?)");
    this.#remove = connection.prepare("DELETE FROM leftover WHERE mark = ?");
  }

  has(folder: FolderMark): boolean {
    return this.#one.get((row) => text(row, "mark"), markOf(folder)) !== undefined;
  }

  put(folder: FolderMark): void {
    this.#put.run(markOf(folder));
  }

  keepOnly(folders: readonly FolderMark[]): void {
    const kept = new Set(folders.map(markOf));
    for (const mark of this.#all.all((row) => text(row, "mark"))) {
      if (!kept.has(mark)) this.#remove.run(mark);
    }
  }
}

/** No file id begins like a path from the top. */
function markOf({ fileId, path }: FolderMark): string {
  return fileId === "" ? `/${path}` : fileId;
}
