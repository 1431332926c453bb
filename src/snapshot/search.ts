import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { PageRef } from "../core/snapshot/manifest.ts";
import type { SnapshotRoot } from "../core/snapshot/root.ts";
import { isSnapError, throwIfAborted } from "../std/error.ts";
import type { Work } from "../std/events.ts";
import { readPageRefs, readPages } from "./manifest-store.ts";
import type { PackReader } from "./pack-reader.ts";

/** What of one snapshot is sought, as far as it can be read. */
export type SearchHit = {
  readonly root: SnapshotRoot;
  /** In path order. */
  readonly entries: readonly SnapshotEntry[];
  /** Why some of it could not be read; absent where all could. */
  readonly trouble?: string;
};

/** What is sought, where, and how to stop. */
export type SearchRequest = Work & {
  readonly roots: readonly SnapshotRoot[];
  readonly matches: (entry: SnapshotEntry) => boolean;
};

type Part = { readonly entries: readonly SnapshotEntry[]; readonly trouble?: string };

/**
 * The entries of some snapshots that match, snapshot by snapshot. Lists and pages that they share are read once. Damage of one
 * snapshot does not hide what the others hold (N8).
 */
export async function* searchSnapshots(
  meta: PackReader,
  request: SearchRequest,
): AsyncGenerator<SearchHit> {
  const search = new Search(meta, request);
  for (const [done, root] of request.roots.entries()) {
    const step = { step: "Searching", done, total: request.roots.length, bytes: 0 };
    request.onProgress?.({ ...step, bytesTotal: undefined, current: root.time });
    yield { root, ...(await search.inSnapshot(root)) };
  }
}

class Search {
  readonly #meta: PackReader;
  readonly #request: SearchRequest;
  readonly #lists = new Map<string, Part>();
  readonly #pages = new Map<string, Part>();

  constructor(meta: PackReader, request: SearchRequest) {
    this.#meta = meta;
    this.#request = request;
  }

  async inSnapshot(root: SnapshotRoot): Promise<Part> {
    const parts: Part[] = [];
    for (const list of root.lists)
      parts.push(await once(this.#lists, list, () => this.#inList(list)));
    return joined(parts);
  }

  async #inList(list: string): Promise<Part> {
    return await readable(async () => {
      const parts: Part[] = [];
      for (const page of await readPageRefs(this.#meta, [list])) {
        throwIfAborted(this.#request.signal);
        parts.push(await once(this.#pages, page.hash, () => this.#inPage(page)));
      }
      return joined(parts);
    });
  }

  async #inPage(page: PageRef): Promise<Part> {
    return await readable(async () => {
      const entries: SnapshotEntry[] = [];
      for await (const entry of readPages(this.#meta, [page])) {
        if (this.#request.matches(entry)) entries.push(entry);
      }
      return entries.length === 0 ? nothing : { entries };
    });
  }
}

const nothing: Part = { entries: [] };

async function once(
  known: Map<string, Part>,
  name: string,
  look: () => Promise<Part>,
): Promise<Part> {
  const part = known.get(name) ?? (await look());
  known.set(name, part);
  return part;
}

function joined(parts: readonly Part[]): Part {
  const told = parts.filter((part) => part !== nothing);
  if (told.length === 0) return nothing;
  const trouble = told.find((part) => part.trouble !== undefined)?.trouble;
  const entries = told.flatMap((part) => part.entries);
  return trouble === undefined ? { entries } : { entries, trouble };
}

async function readable(look: () => Promise<Part>): Promise<Part> {
  try {
    return await look();
  } catch (error) {
    if (!isSnapError(error, "damaged")) throw error;
    return { entries: [], trouble: error.message };
  }
}
