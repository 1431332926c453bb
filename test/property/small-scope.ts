import { pathKeyOf } from "../../src/core/path/path-key.ts";
import { rootNode, type Entry, type Kind, type NodeId } from "../../src/core/tree/node.ts";
import { descendants, isBelow, MemoryTree } from "../../src/core/tree/tree-view.ts";
import { textOf } from "../support/text-tree.ts";

/** A tree as one value. */
export type Entries = readonly Entry[];

/** One user action on a tree; what does not apply is skipped. */
export type Step =
  | { readonly do: "create"; readonly kind: Kind; readonly at: Spot; readonly same: boolean }
  | { readonly do: "edit"; readonly node: NodeId; readonly same: boolean }
  | { readonly do: "delete" | "retype"; readonly node: NodeId }
  | { readonly do: "move"; readonly node: NodeId; readonly to: Spot };

type Spot = { readonly parent: NodeId; readonly name: string };

const names = ["a", "b"];

/** Who acts: tokens of content and new node ids tell the sides and the steps apart. */
export type Actor = {
  readonly letter: "l" | "r";
  readonly firstNode: NodeId;
  /** The disk of this one holds `a` and `A` side by side. */
  readonly tellsCasesApart?: boolean;
};
export const localActor: Actor = { letter: "l", firstNode: 100 };
export const remoteActor: Actor = { letter: "r", firstNode: 200 };

/** Every tree with at most so many nodes and the names `a` and `b`; files hold `s1`, `s2` and so on. */
export function basesUpTo(nodesMax: number): readonly Entries[] {
  const found = new Map<string, Entries>([["", []]]);
  let last: readonly Entries[] = [[]];
  for (let size = 1; size <= nodesMax; size += 1) {
    last = last.flatMap((base) =>
      freeSpots(base).flatMap((spot) =>
        (["file", "folder"] as const).map((kind) => [
          ...base,
          entryAt(spot, kind, { node: size, token: `s${size}` }),
        ]),
      ),
    );
    last = [...new Map(last.map((base) => [shapeOf(base), base])).values()];
    for (const base of last) found.set(shapeOf(base), base);
  }
  return [...found.values()];
}

/** The tree with `a` for `b` and the reverse, nodes and contents as they are. */
export function mirrored(entries: Entries): Entries {
  return entries.map((entry) => {
    const name = entry.name === "a" ? "b" : "a";
    return { ...entry, name, key: pathKeyOf(name) };
  });
}

/** A tree as text, whatever its files hold. */
export function shapeOf(entries: Entries): string {
  return textOf(new MemoryTree(entries)).replaceAll(/: \S+/gu, ":");
}

/** Every single step that a user could do, as seen in the tree. */
export function stepsIn(entries: Entries): readonly Step[] {
  const steps: Step[] = [];
  const spots = freeSpots(entries);
  for (const at of spots) {
    steps.push({ do: "create", kind: "file", at, same: false });
    steps.push({ do: "create", kind: "file", at, same: true });
    steps.push({ do: "create", kind: "folder", at, same: false });
  }
  for (const { node, kind } of entries) {
    if (kind === "file") {
      steps.push({ do: "edit", node, same: false }, { do: "edit", node, same: true });
    }
    steps.push({ do: "delete", node }, { do: "retype", node });
    for (const to of spots) steps.push({ do: "move", node, to });
  }
  return steps;
}

/** The tree after a step, or the same tree where it does not apply. `count` is the number of the step, from 1. */
export function apply(entries: Entries, step: Step, by: Actor & { count: number }): Entries {
  const tree = new MemoryTree(entries);
  const made: Made = {
    node: by.firstNode + by.count,
    token: "same" in step && step.same ? "same" : `${by.letter}${by.count}`,
  };
  if (step.do === "create") {
    if (isFree(tree, step.at, by)) tree.put(entryAt(step.at, step.kind, made));
  } else {
    const entry = tree.get(step.node);
    if (entry !== undefined) change(tree, entry, { step, made, by });
  }
  return [...tree.all()];
}

type Made = { readonly node: NodeId; readonly token: string };
type Change = {
  readonly step: Exclude<Step, { do: "create" }>;
  readonly made: Made;
  readonly by: Actor;
};

function change(tree: MemoryTree, entry: Entry, { step, made, by }: Change): void {
  switch (step.do) {
    case "edit":
      if (entry.kind === "file") tree.put({ ...entry, hash: made.token });
      return;
    case "move":
      if (!isFree(tree, step.to, by) || isBelow(tree, step.to.parent, step.node)) return;
      tree.put({ ...entry, ...step.to, key: pathKeyOf(step.to.name) });
      return;
    case "delete":
      removeAll(tree, entry);
      return;
    case "retype":
      removeAll(tree, entry);
      tree.put(entryAt(entry, entry.kind === "file" ? "folder" : "file", made));
      return;
  }
}

/** Every different tree after at most so many steps; the base itself is the first. */
export function treesAfter(base: Entries, by: Actor, stepsMax: number): readonly Entries[] {
  const found = new Map<string, Entries>([[identityOf(base), base]]);
  let last: readonly Entries[] = [base];
  for (let count = 1; count <= stepsMax; count += 1) {
    const next = last.flatMap((tree) =>
      stepsIn(tree).map((step) => apply(tree, step, { ...by, count })),
    );
    last = [...new Map(next.map((tree) => [identityOf(tree), tree])).values()];
    for (const tree of last) if (!found.has(identityOf(tree))) found.set(identityOf(tree), tree);
  }
  return [...found.values()];
}

/** What makes two trees different: known nodes count by id, new ones and new contents by being new. */
function identityOf(entries: Entries): string {
  const tree = new MemoryTree(entries);
  const idOf = (node: NodeId): string => (node < 100 ? String(node) : "new");
  return entries
    .map(({ node, parent, kind, name, hash = "" }) => {
      const content = hash.startsWith("s") ? hash : "new";
      const folder = parent < 100 ? String(parent) : `new ${tree.get(parent)?.name ?? ""}`;
      return [idOf(node), folder, kind, name, kind === "file" ? content : ""].join(" ");
    })
    .toSorted()
    .join("\n");
}

function freeSpots(entries: Entries): readonly Spot[] {
  const tree = new MemoryTree(entries);
  const folders = [rootNode, ...entries.filter(isFolder).map(({ node }) => node)];
  return folders
    .flatMap((parent) => names.map((name) => ({ parent, name })))
    .filter((spot) => isFree(tree, spot, localActor));
}

function isFolder({ kind }: Entry): boolean {
  return kind === "folder";
}

function isFree(tree: MemoryTree, { parent, name }: Spot, by: Actor): boolean {
  if (parent !== rootNode && tree.get(parent)?.kind !== "folder") return false;
  const twins = tree.childrenByKey(parent, pathKeyOf(name));
  return by.tellsCasesApart === true
    ? twins.every((twin) => twin.name !== name)
    : twins.length === 0;
}

function entryAt({ parent, name }: Spot, kind: Kind, { node, token }: Made): Entry {
  const hash = kind === "folder" ? "" : token;
  return { node, parent, name, key: pathKeyOf(name), kind, hash, size: 0 };
}

function removeAll(tree: MemoryTree, entry: Entry): void {
  for (const { node } of [...descendants(tree, entry.node), entry]) tree.remove(node);
}
