import type { Op } from "../../core/plan/op.ts";
import type { RelPath } from "../../core/path/rel-path.ts";
import { gitdirPlace, wayInOwn } from "../../core/repo/gitdir-path.ts";
import { formatVanished, parseVanished } from "../../core/repo/vanished-objects.ts";
import type { NodeId } from "../../core/tree/node.ts";
import { descendants, pathOf } from "../../core/tree/tree-view.ts";
import { hasOverrides, type EngineDeps } from "../engine-deps.ts";

/** How long objects stay on the server after they vanished here, ms (G45): what another device needs may be among them. */
export const objectsRestMs: number = 14 * 24 * 60 * 60 * 1000;

/**
 * Removals of a repository's objects from the server, which come 14 days after the objects vanished here (G45). Since when they
 * are gone is kept in the index; one that came back meanwhile begins anew.
 */
export class VanishedObjects {
  readonly #deps: Pick<EngineDeps, "index" | "config" | "clock">;
  readonly #isRecorded: boolean;
  #goneAt: Map<NodeId, number> | undefined;

  /** @param isRecorded false: nothing is written, for a look at what would be done */
  constructor(deps: Pick<EngineDeps, "index" | "config" | "clock">, isRecorded: boolean) {
    this.#deps = deps;
    this.#isRecorded = isRecorded;
  }

  /** The ops without those whose time has not come. */
  withoutEarly(ops: readonly Op[]): readonly Op[] {
    const { config, clock } = this.#deps;
    if (!hasOverrides(config)) return ops;
    const now = clock.now();
    const goneAt = this.#sinceWhen();
    let isChanged = false;
    const due = ops.filter((op) => {
      if (!this.#removesObjects(op)) return true;
      const at = goneAt.get(op.node) ?? Infinity;
      if (at <= now) return now - at >= objectsRestMs;
      // New, or noted by a clock that went ahead: no wait may last for years.
      goneAt.set(op.node, now);
      isChanged = true;
      return false;
    });
    if (isChanged) this.#write(goneAt);
    return due;
  }

  /** What came back since the last round is forgotten, whether anything is planned or not. */
  forgetReturned(): void {
    if (hasOverrides(this.#deps.config)) this.#sinceWhen();
  }

  #sinceWhen(): Map<NodeId, number> {
    if (this.#goneAt !== undefined) return this.#goneAt;
    const text = this.#deps.index.meta("vanished_objects");
    const known = text === undefined ? [] : [...parseVanished(text)];
    const lasting = known.filter(([node]) => this.#isGone(node));
    this.#goneAt = new Map(lasting);
    if (lasting.length < known.length) this.#write(this.#goneAt);
    return this.#goneAt;
  }

  /** Objects, or a folder with some in it. */
  #removesObjects({ kind, node, path }: Op): boolean {
    if (kind !== "R.delete" && kind !== "R.deleteDir") return false;
    if (this.#isObjects(path)) return true;
    if (kind === "R.delete") return false;
    const { remote } = this.#deps.index;
    for (const entry of descendants(remote, node)) {
      if (entry.name === "objects" && this.#isObjects(pathOf(remote, entry.node))) return true;
    }
    return false;
  }

  #isObjects(path: RelPath | undefined): boolean {
    const place = path === undefined ? undefined : gitdirPlace(this.#deps.config, path);
    return place !== undefined && wayInOwn(place.inner)[0] === "objects";
  }

  #isGone(node: NodeId): boolean {
    const { local, synced } = this.#deps.index;
    return synced.get(node) !== undefined && local.get(node) === undefined;
  }

  #write(goneAt: ReadonlyMap<NodeId, number>): void {
    const { index } = this.#deps;
    if (!this.#isRecorded) return;
    const text = formatVanished(goneAt);
    index.transaction(() => index.setMeta("vanished_objects", text));
  }
}
