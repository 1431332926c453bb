import type { PathKey } from "../../core/path/path-key.ts";
import { sameName } from "../../core/path/path-key.ts";
import { pathDepthMax } from "../../core/path/rel-path.ts";
import { rootNode, type NodeId, type RemoteEntry } from "../../core/tree/node.ts";
import type { RemoteItem } from "../../core/tree/remote-item.ts";
import { pathOf } from "../../core/tree/tree-view.ts";
import type { IndexStore } from "../../ports.ts";
import { throwIfAborted } from "../../std/error.ts";
import type { Work } from "../../std/events.ts";
import type { EngineDeps } from "../engine-deps.ts";
import { isOldView } from "../listing/old-views.ts";
import type { CheckFinding, Tell } from "./finding.ts";
import { NodeSet } from "../../core/tree/node-set.ts";
import { isAtOrBelow, type ServerChanges } from "./server-changes.ts";

/** Differences that are kept until it is sure that no change explains them. */
const doubtsMax = 10_000;

/** Old views that the server is asked about one by one. */
const askedMax = 1_000;

/** Folders whose places are remembered while a listing goes on. */
const placesMax = 10_000;

/** A difference, and where to look for a change that explains it. */
type Doubt = {
  readonly finding: CheckFinding;
  readonly places: readonly (readonly PathKey[])[];
  readonly remoteId: string;
};

/** Holds what the server has against the remote rows, and tells what no change explains (S103, S104). */
export class ServerCheck {
  count = 0;
  readonly #index: IndexStore;
  readonly #changes: ServerChanges;
  readonly #tell: Tell;
  readonly #doubts: Doubt[] = [];
  #moreDoubts = 0;
  readonly #oldViews: RemoteItem[] = [];
  /** Places of folders that differ: what is in them differs with them. */
  readonly #told = new Set<string>();
  /** Places of folders whose name has another case. */
  readonly #renamed = new Set<string>();
  readonly #places = new Map<NodeId, readonly PathKey[] | undefined>();

  constructor(index: IndexStore, changes: ServerChanges, tell: Tell) {
    this.#index = index;
    this.#changes = changes;
    this.#tell = tell;
  }

  get hasDoubts(): boolean {
    return this.#doubts.length > 0;
  }

  /** Compare what a listing has at a place with what is remembered of it. What may be an old view is asked about later (S33). */
  compare(item: RemoteItem, seen: NodeSet): void {
    this.count += 1;
    const row = this.#rowOf(item);
    if (row !== undefined && row.rev !== item.rev && isOldView(this.#index, item)) {
      seen.add(row.node);
      if (this.#oldViews.length < askedMax) this.#oldViews.push(item);
      else this.#moreDoubts += 1;
    } else this.compareAnswer(item, seen);
  }

  /** As `compare`, of what the server said when it was asked about the place: that is no old view. */
  compareAnswer(item: RemoteItem, seen: NodeSet): void {
    const row = this.#rowOf(item);
    if (row === undefined) return this.#compareUnknown(item);
    const { node } = row;
    seen.add(node);
    const place = this.#placeOf(row.parent);
    const here = place === undefined ? undefined : [...place, row.key];
    const what = difference(row, { item, isHere: here?.join("/") === item.keys.join("/") });
    if (what === undefined) return this.#compareName(item, row);
    const shared = { kind: "missed", side: "server", path: item.path, node } as const;
    this.#doubt(item, { finding: { ...shared, what }, places: here === undefined ? [] : [here] });
  }

  /** What looks like an old view is what the server has, where it says so when it is asked. */
  async askAboutOldViews({ remote }: Pick<EngineDeps, "remote">, { signal }: Work): Promise<void> {
    for (const item of this.#oldViews.splice(0)) {
      throwIfAborted(signal);
      const now = await remote.get(item.path);
      if (now?.remoteId === item.remoteId) this.compareAnswer(now, new NodeSet());
    }
  }

  #rowOf({ remoteId }: RemoteItem): RemoteEntry | undefined {
    const node = this.#index.nodeOfRemoteId(remoteId);
    return node === undefined ? undefined : this.#index.remote.get(node);
  }

  /** Of a folder that is not looked into, nothing below is remembered (S93). */
  #compareUnknown(item: RemoteItem): void {
    if (this.#isOutside(item.keys)) return;
    const what = "is on the server, and the index does not know it";
    const finding = { kind: "missed", side: "server", path: item.path, what } as const;
    this.#doubt(item, { finding, places: [] });
  }

  /** Renaming may give new revs to a file, or to all that is in a folder; their contents are what they were. */
  #compareName(item: RemoteItem, row: RemoteEntry): void {
    if (!sameName(item.name, row.name)) {
      const what = `was "${row.name}": a change of case, which the server does not tell of`;
      const shared = { kind: "case-rename", side: "server", path: item.path } as const;
      if (item.kind === "folder") this.#renamed.add(item.keys.join("/"));
      return this.#doubt(item, { finding: { ...shared, what, node: row.node }, places: [] });
    }
    if (row.rev === item.rev || isAtOrBelow(this.#renamed, item.keys)) return;
    const what = `has the rev ${item.rev}, and ${row.rev} in the index`;
    const shared = { kind: "missed", side: "server", path: item.path } as const;
    this.#doubt(item, { finding: { ...shared, what, node: row.node }, places: [] });
  }

  /** After the last item: rows that nothing on the server stands for. What is in such a folder goes without saying. */
  findGone(seen: NodeSet): void {
    for (const row of this.#index.remote.all()) {
      const isTop = row.parent === rootNode || seen.has(row.parent);
      if (isTop && !seen.has(row.node) && row.remoteId !== "") this.doubtGone(row);
    }
  }

  doubtGone(row: RemoteEntry): void {
    const place = this.#placeOf(row.parent);
    const path = pathOf(this.#index.remote, row.node) ?? row.name;
    const what = "is not on the server, where the index has it";
    const finding = { kind: "missed", side: "server", path, what, node: row.node } as const;
    const places = place === undefined ? [] : [[...place, row.key]];
    this.#keep({ finding, places, remoteId: row.remoteId });
  }

  /** The changes were read to their end: what they do not explain, nothing does. */
  settle(): void {
    for (const { finding, places, remoteId } of this.#doubts) {
      const isExplained =
        this.#changes.explains([], remoteId) ||
        places.some((keys) => this.#changes.explains(keys, remoteId));
      if (isExplained) this.#tell(waiting(finding));
      else this.#tell(finding);
    }
    if (this.#moreDoubts === 0) return;
    const what = `${this.#moreDoubts} more differences: sync, and check again`;
    this.#tell({ kind: "pending", side: "server", path: "", what });
  }

  #doubt(
    item: RemoteItem,
    { finding, places }: { finding: CheckFinding; places: readonly (readonly PathKey[])[] },
  ): void {
    if (isAtOrBelow(this.#told, item.keys.slice(0, -1))) return;
    if (item.kind === "folder" && finding.kind === "missed") this.#told.add(item.keys.join("/"));
    this.#keep({ finding, places: [item.keys, ...places], remoteId: item.remoteId });
  }

  #keep(doubt: Doubt): void {
    const isExplained = doubt.places.some((keys) => this.#changes.explains(keys, doubt.remoteId));
    if (isExplained) this.#tell(waiting(doubt.finding));
    else if (this.#doubts.length < doubtsMax) this.#doubts.push(doubt);
    else this.#moreDoubts += 1;
  }

  #isOutside(keys: readonly PathKey[]): boolean {
    let node: NodeId = rootNode;
    for (const key of keys) {
      const row = this.#index.remote.childByKey(node, key);
      if (row === undefined) return false;
      if (row.scope !== "in") return true;
      node = row.node;
    }
    return false;
  }

  /** The keys from the top down; undefined where the folders above do not reach it. */
  #placeOf(folder: NodeId): readonly PathKey[] | undefined {
    if (folder === rootNode) return [];
    if (this.#places.has(folder)) return this.#places.get(folder);
    const keys: PathKey[] = [];
    for (let node = folder; node !== rootNode;) {
      const row = this.#index.remote.get(node);
      if (row === undefined || keys.length > pathDepthMax) return undefined;
      keys.unshift(row.key);
      node = row.parent;
    }
    if (this.#places.size >= placesMax) this.#places.clear();
    this.#places.set(folder, keys);
    return keys;
  }
}

function waiting(finding: CheckFinding): CheckFinding {
  return { ...finding, kind: "pending", what: "changed on the server since the last sync" };
}

type Compared = { readonly item: RemoteItem; readonly isHere: boolean };

function difference(row: RemoteEntry, { item, isHere }: Compared): string | undefined {
  if (row.kind !== item.kind) return `is a ${item.kind}, and a ${row.kind} in the index`;
  if (!isHere) return "stands elsewhere on the server than in the index";
  if (row.remoteId !== item.remoteId) return "has another id on the server than in the index";
  if (row.hash === item.hash && row.size === item.size) return undefined;
  return row.rev === item.rev
    ? "has other content under the same rev than in the index"
    : "has other content on the server than in the index";
}
