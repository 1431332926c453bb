import type { Answer } from "./checked-server.ts";

type Entry = Answer["json"];

/**
 * A client as Dropbox documents it (fact sheet 4.3): it applies the entries of every page in order and believes nothing
 * else. `scope` is the path that is listed, "" for the root.
 */
export class ListingClient {
  readonly #items = new Map<string, Entry>();
  readonly #scope: string;

  constructor(scope: string, items: Iterable<readonly [string, Entry]> = []) {
    this.#scope = scope;
    this.#items = new Map(items);
  }

  /** Another client that knows the same. */
  copy(): ListingClient {
    return new ListingClient(this.#scope, this.#items);
  }

  apply(entries: readonly Entry[]): void {
    for (const entry of entries) this.#applyOne(entry);
  }

  /** What it believes, by path. */
  items(): Entry[] {
    return [...this.#items.keys()].toSorted().map((key) => this.#items.get(key));
  }

  #applyOne(entry: Entry): void {
    const key: string = entry.path_lower;
    const known = this.#items.get(key)?.[".tag"];
    if (entry[".tag"] !== "folder" || (known !== undefined && known !== "folder")) {
      this.#drop(key);
    }
    if (entry[".tag"] === "deleted") return;
    this.#makeParents(key);
    this.#items.set(key, entry);
  }

  #drop(key: string): void {
    for (const other of this.#items.keys()) {
      if (other === key || other.startsWith(`${key}/`)) this.#items.delete(other);
    }
  }

  #makeParents(key: string): void {
    const parent = key.slice(0, key.lastIndexOf("/"));
    if (!parent.startsWith(`${this.#scope}/`)) return;
    this.#makeParents(parent);
    if (this.#items.get(parent)?.[".tag"] === "folder") return;
    this.#items.set(parent, { ".tag": "folder", path_lower: parent, unknown: true });
  }
}
