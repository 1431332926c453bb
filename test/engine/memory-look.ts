import { pathKeyOf } from "../../src/core/path/path-key.ts";
import {
  baseName,
  compareBytes,
  parentPath,
  parseRelPath,
  type RelPath,
} from "../../src/core/path/rel-path.ts";
import type { FolderListing, LocalStat } from "../../src/core/tree/local-stat.ts";
import {
  rootNode,
  type LocalEntry,
  type NodeId,
  type SyncedEntry,
} from "../../src/core/tree/node.ts";
import { pathOf } from "../../src/core/tree/tree-view.ts";
import type { EngineDeps } from "../../src/engine/engine-deps.ts";
import type { LookWork } from "../../src/engine/disk/looking.ts";
import { observeLocal, type LocalObservation } from "../../src/engine/disk/observe-local.ts";
import { Exclusions } from "../../src/core/exclusions.ts";
import { rulesOf } from "../../src/core/ignore.ts";
import type { LocalSide } from "../../src/ports.ts";
import { openIndex, type OpenIndex } from "../../src/state/database.ts";
import { SnapError } from "../../src/std/error.ts";
import { TestClock } from "../support/test-clock.ts";

/**
 * A tree as text: one line a file or folder, `path #fileId size@mtime =hash`, a folder with a slash at its end. What
 * is left away: no file id, size 1 at time 1, no hash. `->` makes it a link, `!` a folder that cannot be read.
 */
export type Line = {
  readonly path: string;
  readonly kind: LocalStat["kind"];
  readonly fileId: string;
  readonly size: number;
  readonly mtime: string;
  readonly hash: string | undefined;
  readonly isShut: boolean;
};

export function parse(text: string): Line[] {
  return text
    .split(",")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line) => {
      const [path = "", ...facts] = line.split(" ");
      const state = facts.find((fact) => fact.includes("@")) ?? "1@1";
      const [size, mtime = "1"] = state.split("@");
      const kind = path.endsWith("/") ? "folder" : "file";
      return {
        path: path.replace(/\/$/, ""),
        kind: facts.includes("->") ? "symlink" : kind,
        fileId: facts.find((fact) => fact.startsWith("#")) ?? "",
        size: Number(size),
        mtime,
        hash: facts.find((fact) => fact.startsWith("=")),
        isShut: facts.includes("!"),
      };
    });
}

/** Rows of what was agreed on, numbered in their order. */
export function syncedRows(lines: readonly Line[], firstNode = 1): SyncedEntry[] {
  const nodes = new Map([["", rootNode]]);
  return lines.map((line, index) => {
    const node = firstNode + index;
    nodes.set(line.path, node);
    const path = parseRelPath(line.path);
    const name = baseName(path);
    const isFolder = line.kind === "folder";
    return {
      node,
      parent: nodes.get(parentPath(path) ?? "") ?? rootNode,
      kind: isFolder ? "folder" : "file",
      name,
      key: pathKeyOf(name),
      hash: isFolder ? "" : hashOf(line),
      size: line.size,
      localName: undefined,
      remoteId: `id:${node}`,
      rev: "",
      fileId: line.fileId,
      stamp: `${line.size} ${line.mtime} 7`,
      trusted: true,
    };
  });
}

export function localRow(entry: SyncedEntry): LocalEntry {
  const { node, parent, kind, name, key, hash, size, fileId, stamp } = entry;
  const place = { node, parent, kind, name: entry.localName ?? name, key, hash, size };
  return { ...place, fileId, stamp, trusted: true, absentAt: undefined };
}

function hashOf({ path, hash }: Line): string {
  return hash ?? `content of ${path}`;
}

function statOf(line: Line): LocalStat {
  const { path, kind, fileId, size, mtime } = line;
  return {
    name: baseName(parseRelPath(path)),
    kind,
    size,
    fileId,
    stamp: `${size} ${mtime} 7`,
    mode: 0o644,
    modifiedNs: mtime,
    newestNs: mtime,
  };
}

/** What is known, and what the disk shows. */
export type Given = {
  readonly synced: readonly SyncedEntry[];
  /** Nodes that only the local tree knows. */
  readonly localOnly?: readonly SyncedEntry[];
  readonly seen: readonly Line[];
};

/** A look at a disk in memory, with a real index. Nodes that the look makes are told from those that were known. */
export class MemoryLook implements Disposable {
  readonly clock: TestClock = new TestClock();
  readonly open: OpenIndex = openIndex(":memory:", { clock: this.clock });
  /** What the disk shows now. */
  lines: readonly Line[];
  /** Paths that were hashed. */
  readonly hashed: string[] = [];
  /** Folders that were listed. */
  readonly listed: string[] = [];
  readonly deps: EngineDeps;
  readonly #firstNew: NodeId;

  constructor({ synced, localOnly = [], seen }: Given) {
    const { index } = this.open;
    this.lines = seen;
    this.#firstNew = 1_000 + synced.length;
    index.transaction(() => {
      while (index.newNode() < this.#firstNew - 1);
      for (const entry of synced) index.synced.put(entry);
      for (const entry of [...synced, ...localOnly]) index.local.put(localRow(entry));
    });
    const config = { workspace: "w", link: "l" };
    // Nothing else is asked for by a look at the disk.
    this.deps = { local: this.#side(), index, clock: this.clock, config } as unknown as EngineDeps;
  }

  [Symbol.dispose](): void {
    this.open.close();
  }

  async look(work: LookWork = {}): Promise<LocalObservation> {
    const scope = {
      rules: rulesOf("*.ignored\n"),
      repos: "refuse" as const,
      exclusions: new Exclusions([]),
      overridden: () => false,
      changed: false,
    };
    return await observeLocal(this.deps, scope, work);
  }

  /** The node at each path of the disk, `+` for a new one; nothing where the local tree has no row. */
  nodes(): ReadonlyMap<string, NodeId | "+"> {
    const found = new Map<string, NodeId | "+">();
    const { local } = this.open.index;
    for (const { node } of local.all()) {
      found.set(pathOf(local, node) ?? `?${node}`, node < this.#firstNew ? node : "+");
    }
    return found;
  }

  #side(): LocalSide {
    const lineAt = (path: RelPath): Line | undefined =>
      this.lines.find((line) => line.path === path);
    const side: Partial<LocalSide> = {
      readMarker: async () => ({ workspace: "w", link: "l", generation: 0 }),
      list: async (path) => {
        this.listed.push(path);
        const inside = this.lines.filter((line) => parentPath(parseRelPath(line.path)) === path);
        return listing(path, lineAt(path)?.isShut === true ? undefined : inside);
      },
      stat: async (path) => {
        const line = lineAt(path);
        return line === undefined ? undefined : statOf(line);
      },
      hash: async (path) => {
        const line = lineAt(path);
        if (line === undefined) throw new SnapError("not-found", `"${path}" is missing`);
        this.hashed.push(path);
        const content = { hash: hashOf(line), blocks: [], size: line.size };
        return { ...content, stat: statOf(line), trusted: true };
      },
      hashEach: async (paths) => {
        const hashed = paths.map(async (path) => [path, await this.deps.local.hash(path)] as const);
        return new Map(await Promise.all(hashed));
      },
    };
    return side as LocalSide;
  }
}

/** Undefined for a folder that cannot be read. */
function listing(path: RelPath, lines: readonly Line[] | undefined): FolderListing {
  const entries = (lines ?? []).map(statOf).toSorted((a, b) => compareBytes(a.name, b.name));
  const trouble =
    lines === undefined ? new SnapError("permission-denied", "cannot be read") : undefined;
  return { path, entries, unsyncable: [], odd: [], trouble };
}
