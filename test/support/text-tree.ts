import { merge } from "../../src/core/merge/merge.ts";
import type { MergeResult, SyncedLike } from "../../src/core/merge/merge-result.ts";
import { differingNodes, type WholeTrees } from "../../src/core/merge/sighting.ts";
import { pathKeyOf } from "../../src/core/path/path-key.ts";
import { plan } from "../../src/core/plan/plan.ts";
import type { Op } from "../../src/core/plan/op.ts";
import { simulate } from "../../src/core/plan/simulate.ts";
import { rootNode, type Entry, type NodeId } from "../../src/core/tree/node.ts";
import {
  descendants,
  MemoryTree,
  pathOf,
  type TreeView,
  type WholeTree,
} from "../../src/core/tree/tree-view.ts";

/** One side as a user sees it: a tree with paths, where the text of a file stands for its hash. */
export class TextTree {
  readonly entries: MemoryTree;
  readonly #newNode: () => NodeId;

  constructor(entries: Iterable<Entry>, newNode: () => NodeId) {
    this.entries = new MemoryTree(entries);
    this.#newNode = newNode;
  }

  /** Lines of `path: content` or `path/`; parents are made where needed. */
  add(text: string): void {
    for (const line of linesOf(text)) {
      const [path = "", content] = line.split(": ");
      if (content === undefined) this.folder(path.replace(/\/$/u, ""));
      else this.write(path, content);
    }
  }

  /** Write a file; one that is there is edited. */
  write(path: string, content: string): void {
    const known = this.find(path);
    if (known === undefined) this.#put(path, { kind: "file", hash: content });
    else this.entries.put({ ...known, hash: content, size: content.length });
  }

  /** Write a file whose content is not known yet. */
  writeUnread(path: string): void {
    const known = this.find(path);
    if (known === undefined) this.#put(path, { kind: "file", hash: undefined });
    else this.entries.put({ ...known, hash: undefined });
  }

  folder(path: string): void {
    if (path !== "" && this.find(path) === undefined) {
      this.#put(path, { kind: "folder", hash: "" });
    }
  }

  move(from: string, to: string): void {
    const entry = this.at(from);
    this.folder(folderOf(to));
    const name = nameOf(to);
    this.entries.put({ ...entry, parent: this.#parentOf(to), name, key: pathKeyOf(name) });
  }

  /** Remove a file, or a folder with all that is in it. */
  remove(path: string): void {
    const entry = this.at(path);
    for (const below of [...descendants(this.entries, entry.node), entry]) {
      this.entries.remove(below.node);
    }
  }

  at(path: string): Entry {
    const found = this.find(path);
    if (found === undefined) throw new Error(`nothing at ${path} of ${textOf(this.entries)}`);
    return found;
  }

  find(path: string): Entry | undefined {
    const names = path.split("/");
    let found: Entry | undefined;
    for (const name of names) {
      const siblings = [...this.entries.children(found?.node ?? rootNode)];
      found = siblings.find((entry) => entry.name === name);
      if (found === undefined) return undefined;
    }
    return found;
  }

  #put(path: string, content: Pick<Entry, "kind" | "hash">): void {
    this.folder(folderOf(path));
    const name = nameOf(path);
    const size = content.hash?.length ?? 0;
    const parent = this.#parentOf(path);
    this.entries.put({
      node: this.#newNode(),
      parent,
      name,
      key: pathKeyOf(name),
      size,
      ...content,
    });
  }

  #parentOf(path: string): NodeId {
    return folderOf(path) === "" ? rootNode : this.at(folderOf(path)).node;
  }
}

/** A tree as sorted text, the form that `add` reads. */
export function textOf(tree: WholeTree): string {
  const lines = [...tree.all()].map((entry) => {
    const path = pathOf(tree, entry.node) ?? `(lost) ${entry.name}`;
    return entry.kind === "folder" ? `${path}/` : `${path}: ${entry.hash ?? "?"}`;
  });
  return lines.toSorted().join("\n");
}

/** All that can be reached from the top of a tree that can only be walked down. */
export function wholeOf<E extends Entry>(tree: TreeView<E>): MemoryTree<E> {
  return new MemoryTree(descendants(tree, rootNode));
}

function linesOf(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** Three trees and two users: the pure part of the engine, without disk, server or index. */
export class TextWorld {
  synced: MemoryTree<SyncedLike>;
  local: TextTree;
  remote: TextTree;
  /** Nodes that are unknown. */
  readonly frozen: Set<NodeId> = new Set();
  /** Every op so far. */
  readonly ran: Op[] = [];
  #lastNode = 0;

  /** Both sides hold exactly this, and both know it. */
  constructor(base = "") {
    const tree = new TextTree([], this.newNode);
    tree.add(base);
    this.synced = new MemoryTree<SyncedLike>(tree.entries.all());
    this.local = new TextTree(tree.entries.all(), this.newNode);
    this.remote = new TextTree(tree.entries.all(), this.newNode);
  }

  readonly newNode = (): NodeId => {
    this.#lastNode += 1;
    return this.#lastNode;
  };

  get trees(): WholeTrees {
    return { synced: this.synced, local: this.local.entries, remote: this.remote.entries };
  }

  merge(): MergeResult {
    const { trees, frozen, newNode } = this;
    const slice = differingNodes(trees);
    return merge({ ...trees, slice, frozen, device: "pc", date: "2026-01-02", newNode });
  }

  plan(): readonly Op[] {
    return plan(this.merge(), this.trees);
  }

  /** Carry out ops, committed. */
  run(ops: readonly Op[]): void {
    const after = simulate(this.trees, ops);
    this.synced = new MemoryTree(after.synced.all());
    this.local = new TextTree(after.local.all(), this.newNode);
    this.remote = new TextTree(after.remote.all(), this.newNode);
    this.ran.push(...ops);
  }

  /** Merge, plan and run until nothing is left to do. Returns the number of rounds that did something. */
  settle(): number {
    for (let round = 0; round < 20; round += 1) {
      const ops = this.plan().filter(({ kind }) => kind !== "ASK.hash");
      if (ops.length === 0) return round;
      this.run(ops);
    }
    throw new Error(`no end: ${opsText(this.plan())}`);
  }

  /** The text of both sides where they are equal, otherwise of each. */
  both(): string {
    const [here, there] = [textOf(this.local.entries), textOf(this.remote.entries)];
    return here === there ? here : `local:\n${here}\nremote:\n${there}`;
  }

  /** Settle, and what both sides are then. */
  settled(): string {
    this.settle();
    return this.both();
  }

  /** The first plan as text. */
  planned(): string {
    return opsText(this.plan());
  }
}

/** One line an op: kind, place, and what it carries. */
export function opsText(ops: readonly Op[]): string {
  return ops.map(opText).join("\n");
}

function opText(op: Op): string {
  if (op.kind === "L.put" || op.kind === "R.put") return `${op.kind} ${op.path}: ${op.after.hash}`;
  if (op.kind === "L.aside") return `${op.kind} ${op.from} -> ${op.path}`;
  if (op.kind !== "L.move" && op.kind !== "R.move") return `${op.kind} ${op.path}`;
  const step = op.step === "direct" ? "" : ` (${op.step})`;
  return `${op.kind} ${op.from ?? "staging"} -> ${op.path}${step}`;
}

/** Lines as `textOf` writes them. */
export function text(lines: string): string {
  return linesOf(lines).toSorted().join("\n");
}
