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

  hasOthers(folders: readonly FolderMark[]): boolean {
    return this.#others(folders).length > 0;
  }

  keepOnly(folders: readonly FolderMark[]): void {
    for (const mark of this.#others(folders)) this.#remove.run(mark);
  }

  #others(folders: readonly FolderMark[]): readonly string[] {
    const kept = new Set(folders.map(markOf));
    return this.#all.all((row) => text(row, "mark")).filter((mark) => !kept.has(mark));
  }
}

/** No file id begins like a path from the top. */
function markOf({ fileId, path }: FolderMark): string {
  return fileId === "" ? `/${path}` : fileId;
}
