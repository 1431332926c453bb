import { present } from "../../std/assert.ts";
import { joinPath, pathOfNames, type RelPath } from "../path/rel-path.ts";
import { rootNode, type Entry, type NodeId } from "../tree/node.ts";
import type { SideChanges } from "./diff.ts";
import type { MoveOp, Op } from "./op.ts";
import { placeOn, type Places, type SidePlace } from "./places.ts";

/** Writes changes down as ops, one after the other, and keeps the places up to date so that paths hold. */
export class OpWriter {
  readonly #changes: SideChanges;
  readonly #places: Places;
  #ops: Op[] = [];

  constructor(changes: SideChanges, places: Places) {
    this.#changes = changes;
    this.#places = places;
  }

  /** The ops since the last call. */
  takeOps(): readonly Op[] {
    const ops = this.#ops;
    this.#ops = [];
    return ops;
  }

  create(node: NodeId): void {
    const after = present(this.#changes.creates.get(node), "an entry to create");
    const { parent, name } = this.#settle(node);
    const placed = {
      node,
      path: this.#pathIn(parent, name),
      parent,
      name,
      before: undefined,
      after,
    };
    const isLocal = this.#changes.side === "local";
    this.#ops.push(
      after.kind === "folder"
        ? { kind: isLocal ? "L.mkdir" : "R.mkdir", ...placed }
        : { kind: isLocal ? "L.put" : "R.put", ...placed },
    );
  }

  rewrite(node: NodeId): void {
    const after = present(this.#changes.rewrites.get(node), "an entry to rewrite");
    const { parent, name } = present(this.#places.placeOf(node), "a place");
    const path = this.#pathIn(parent, name);
    const kind = this.#changes.side === "local" ? "L.put" : "R.put";
    this.#ops.push({ kind, node, path, parent, name, before: this.#before(node), after });
  }

  move(node: NodeId, step: MoveOp["step"]): void {
    const after = present(this.#changes.moves.get(node), "an entry to move");
    const from = this.#places.pathOf(node);
    const before = this.#before(node);
    if (step === "to-staging") this.#places.set(node, undefined);
    else this.#settle(node);
    const { parent, name } = placeOn(this.#changes.side, after);
    const path = this.#pathIn(parent, name);
    const kind = this.#changes.side === "local" ? "L.move" : "R.move";
    this.#ops.push({ kind, node, from, path, parent, name, before, after, step });
  }

  remove(node: NodeId): void {
    const before = this.#before(node);
    const path = present(this.#places.pathOf(node), "a path");
    this.#places.set(node, undefined);
    const remoteKind = before.kind === "folder" ? "R.deleteDir" : "R.delete";
    const kind = this.#changes.side === "local" ? "L.trash" : remoteKind;
    this.#ops.push({ kind, node, path, before, after: undefined });
  }

  #before(node: NodeId): Entry {
    return present(this.#changes.tree.get(node), "an entry on this side");
  }

  #settle(node: NodeId): SidePlace {
    const { creates, moves, side } = this.#changes;
    const place = placeOn(side, present(creates.get(node) ?? moves.get(node), "a target"));
    this.#places.set(node, place);
    return place;
  }

  /** The path of a name in a folder as it is now; for a step to staging the folder may yet have to come. */
  #pathIn(parent: NodeId, name: string): RelPath {
    return joinPath(this.#places.pathOf(parent) ?? this.#finalPathOf(parent), name);
  }

  #finalPathOf(folder: NodeId): RelPath {
    const names: string[] = [];
    for (let current = folder; current !== rootNode;) {
      const target = present(this.#changes.target.get(current), "a folder of the target");
      const place = placeOn(this.#changes.side, target);
      names.push(place.name);
      current = place.parent;
    }
    return pathOfNames(names);
  }
}
