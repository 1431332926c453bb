import type { LocalEntry } from "../../core/tree/node.ts";
import { byNode } from "../../core/tree/tree-view.ts";
import type { SeenStat } from "./folder.ts";

type KindAndName = Pick<SeenStat, "kind" | "name">;

/**
 * Rows of one folder that nothing was matched with yet, by kind and name: a file and a folder of one name are there after a look
 * that was killed while the one took the place of the other.
 */
export class RowsIn {
  readonly #files = new Map<string, LocalEntry>();
  readonly #folders = new Map<string, LocalEntry>();
  /** Second rows of one kind and name. */
  readonly #others: LocalEntry[] = [];

  constructor(rows: Iterable<LocalEntry>) {
    for (const row of rows) {
      const ofKind = this.#ofKind(row);
      if (ofKind.has(row.name)) this.#others.push(row);
      else ofKind.set(row.name, row);
    }
  }

  get(seen: KindAndName): LocalEntry | undefined {
    return this.#ofKind(seen).get(seen.name);
  }

  /** A row was matched. */
  drop(row: LocalEntry): void {
    this.#ofKind(row).delete(row.name);
  }

  /** In node order. */
  all(): readonly LocalEntry[] {
    return [...this.#files.values(), ...this.#folders.values(), ...this.#others].toSorted(byNode);
  }

  #ofKind({ kind }: KindAndName): Map<string, LocalEntry> {
    return kind === "folder" ? this.#folders : this.#files;
  }
}
