import { pathKeyOf } from "../../core/path/path-key.ts";
import type { LocalEntry, NodeId, SyncedEntry } from "../../core/tree/node.ts";
import type { IndexStore } from "../../ports.ts";
import type { SeenStat } from "./folder.ts";
import type { PlaceCandidates } from "./pairing.ts";

/** What has no place to be known by. */
export const noCandidates: PlaceCandidates = { exact: [], named: [], keyed: [], own: [] };

/** Where candidates are looked for, and for what. */
export type PlaceQuery = {
  readonly folder: NodeId;
  /** What stands in the folder and is not surely the one it was. */
  readonly unmatched: readonly SeenStat[];
  /** Rows of the local tree in this folder that nothing was matched with. */
  readonly rows: Iterable<LocalEntry>;
  /** Whether a name, in NFC, stands in the folder, in whatever form. */
  readonly isOnDisk: (name: string) => boolean;
};

/** The nodes that stood in one folder, for those things only that are asked about. */
export class PlacesIn {
  readonly #byKey = new Map<string, SyncedEntry[]>();
  readonly #own = new Map<string, LocalEntry[]>();
  readonly #isOnDisk: (name: string) => boolean;

  constructor({ synced }: IndexStore, { folder, unmatched, rows, isOnDisk }: PlaceQuery) {
    this.#isOnDisk = isOnDisk;
    for (const { name } of unmatched) this.#byKey.set(pathKeyOf(name), []);
    for (const entry of synced.children(folder)) this.#byKey.get(localKeyOf(entry))?.push(entry);
    for (const row of rows) {
      const name = row.name.normalize("NFC");
      if (synced.get(row.node) !== undefined) continue;
      this.#own.set(name, [...(this.#own.get(name) ?? []), row]);
    }
  }

  of({ name, kind }: SeenStat): PlaceCandidates {
    const composed = name.normalize("NFC");
    const synced = (this.#byKey.get(pathKeyOf(name)) ?? []).filter((entry) => entry.kind === kind);
    const own = (this.#own.get(composed) ?? []).filter((row) => row.kind === kind);
    if (synced.length === 0 && own.length === 0) return noCandidates;
    const sameName = (entry: SyncedEntry): boolean =>
      localNameOf(entry).normalize("NFC") === composed;
    const exact = (entry: SyncedEntry): boolean => localNameOf(entry) === name;
    return {
      exact: nodesOf(synced.filter(exact)),
      named: nodesOf(synced.filter((entry) => sameName(entry) && !exact(entry))),
      keyed: nodesOf(
        synced.filter(
          (entry) => !sameName(entry) && !this.#isOnDisk(localNameOf(entry).normalize("NFC")),
        ),
      ),
      own: nodesOf(own.toSorted((a, b) => a.node - b.node)),
    };
  }
}

/** All of them, the likeliest first. */
export function allOf({ exact, named, keyed, own }: PlaceCandidates): readonly NodeId[] {
  return [...exact, ...named, ...keyed, ...own];
}

/** Whether a node is the only one that could stand there, by any name. */
export function isOnly({ exact, named, keyed, own }: PlaceCandidates, node: NodeId): boolean {
  const synced = [...exact, ...named, ...keyed];
  const [first, ...others] = synced.length === 0 ? own : synced;
  return first === node && others.length === 0;
}

/** The name on the disk: the synced name is the server's (S42). */
export function localNameOf(entry: SyncedEntry): string {
  return entry.localName ?? entry.name;
}

function localKeyOf(entry: SyncedEntry): string {
  return entry.localName === undefined ? entry.key : pathKeyOf(entry.localName);
}

function nodesOf(entries: readonly { readonly node: NodeId }[]): readonly NodeId[] {
  return entries.map(({ node }) => node);
}
