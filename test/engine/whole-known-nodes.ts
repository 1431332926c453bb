import { pathKeyOf } from "../../src/core/path/path-key.ts";
import {
  rootNode,
  type Kind,
  type LocalEntry,
  type NodeId,
  type SyncedEntry,
} from "../../src/core/tree/node.ts";

/** A place as pairing looks it up: a name in a folder, for one kind. */
export type WantedPlace = { readonly folder: NodeId; readonly kind: Kind; readonly name: string };

/**
 * The nodes that a scan can be paired with: those of the synced tree, and those that only the local tree knows.
 * Each is taken once; what is taken is not offered again (S19).
 */
export class KnownNodes {
  readonly #taken = new Set<NodeId>();
  readonly #local = new Map<NodeId, LocalEntry>();
  readonly #synced: readonly SyncedEntry[];
  readonly #byFileId = new Map<string, SyncedEntry[]>();
  readonly #byName = new Map<string, SyncedEntry[]>();
  readonly #byKey = new Map<string, SyncedEntry[]>();
  readonly #localOnly = new Map<string, LocalEntry[]>();

  constructor(synced: Iterable<SyncedEntry>, local: Iterable<LocalEntry>) {
    this.#synced = [...synced];
    const known = new Set<NodeId>();
    for (const entry of this.#synced) {
      known.add(entry.node);
      // An empty file id proves nothing (S17).
      if (entry.fileId !== "") append(this.#byFileId, entry.fileId, entry);
      append(this.#byName, placeOf(entry.parent, localNameOf(entry).normalize("NFC")), entry);
      append(this.#byKey, placeOf(entry.parent, localKeyOf(entry)), entry);
    }
    for (const entry of local) {
      this.#local.set(entry.node, entry);
      if (known.has(entry.node)) continue;
      append(this.#localOnly, placeOf(entry.parent, entry.name.normalize("NFC")), entry);
    }
  }

  take(node: NodeId): void {
    this.#taken.add(node);
  }

  /** Synced nodes with a file id, several for hard links (S20); in node order. */
  withFileId(fileId: string, kind: Kind): readonly SyncedEntry[] {
    return this.#free(this.#byFileId.get(fileId), kind);
  }

  /** The synced node of this name; a change of the Unicode form is no rename (S16). */
  named({ folder, kind, name }: WantedPlace): NodeId | undefined {
    return this.#free(this.#byName.get(placeOf(folder, name.normalize("NFC"))), kind)[0]?.node;
  }

  /** The same, under this very form of the name. */
  exact({ folder, kind, name }: WantedPlace): NodeId | undefined {
    const free = this.#free(this.#byName.get(placeOf(folder, name.normalize("NFC"))), kind);
    return free.find((entry) => localNameOf(entry) === name)?.node;
  }

  /** The synced node whose name differs in case only, and is on the disk no longer. */
  keyed(place: WantedPlace, isOnDisk: (name: string) => boolean): NodeId | undefined {
    const { folder, kind, name } = place;
    const free = this.#free(this.#byKey.get(placeOf(folder, pathKeyOf(name))), kind);
    return free.find((entry) => !isOnDisk(localNameOf(entry)))?.node;
  }

  /** The node at this place that only the local tree knows. */
  localOnly({ folder, kind, name }: WantedPlace): NodeId | undefined {
    return this.#free(this.#localOnly.get(placeOf(folder, name.normalize("NFC"))), kind)[0]?.node;
  }

  /** Synced files that were on the disk and are paired with nothing, where a missing name proves something. */
  disappeared(opaque: ReadonlySet<NodeId>): readonly SyncedEntry[] {
    return this.#synced.filter(
      (entry) =>
        entry.kind === "file" &&
        !this.#taken.has(entry.node) &&
        this.#local.has(entry.node) &&
        !this.#isBelow(entry.node, opaque),
    );
  }

  #isBelow(node: NodeId, folders: ReadonlySet<NodeId>): boolean {
    for (let parent = this.#local.get(node)?.parent; parent !== undefined;) {
      if (folders.has(parent)) return true;
      parent = parent === rootNode ? undefined : this.#local.get(parent)?.parent;
    }
    return false;
  }

  #free<E extends SyncedEntry | LocalEntry>(entries: readonly E[] | undefined, kind: Kind): E[] {
    return (entries ?? []).filter((entry) => entry.kind === kind && !this.#taken.has(entry.node));
  }
}

/** The name on the disk: the synced name is the server's (S42). */
export function localNameOf(entry: SyncedEntry): string {
  return entry.localName ?? entry.name;
}

function localKeyOf(entry: SyncedEntry): string {
  return entry.localName === undefined ? entry.key : pathKeyOf(entry.localName);
}

function placeOf(folder: NodeId, name: string): string {
  return `${folder}/${name}`;
}

function append<V>(map: Map<string, V[]>, key: string, value: V): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}
