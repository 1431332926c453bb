import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { VerifyEvent } from "../core/snapshot/store-request.ts";

/** Paths that one finding lists at most. */
const pathsMax = 1000;

type Damaged = Extract<VerifyEvent, { type: "damaged" }>;

type Finding = Omit<Damaged, "type" | "paths"> & {
  readonly paths: Set<string>;
  /** The data blocks that are lost by it: they tell which paths are hit. */
  readonly blocks: Set<string>;
};

/** Collects damage until the paths that it hits are known, each thing once. */
export class VerifyFindings {
  readonly #findings = new Map<string, Finding>();

  get isEmpty(): boolean {
    return this.#findings.size === 0;
  }

  has(name: string): boolean {
    return this.#findings.has(name);
  }

  /** Note one damaged thing; `blocks` are the data blocks that it takes with it, `paths` those known already. */
  add(
    what: Omit<Damaged, "type" | "paths">,
    hit: { readonly blocks?: readonly string[]; readonly paths?: readonly string[] } = {},
  ): void {
    const known = this.#findings.get(what.name);
    const finding = known ?? { ...what, paths: new Set<string>(), blocks: new Set<string>() };
    for (const block of hit.blocks ?? []) finding.blocks.add(block);
    for (const path of hit.paths ?? []) addPath(finding, path);
    this.#findings.set(what.name, finding);
  }

  /** Note the paths among these entries that are hit. */
  async trace(entries: AsyncIterable<SnapshotEntry>): Promise<void> {
    const byBlock = this.#byBlock();
    for await (const { path, blocks } of entries) {
      for (const block of blocks ?? []) {
        for (const finding of byBlock.get(block) ?? []) addPath(finding, path);
      }
    }
  }

  *events(): Generator<Damaged> {
    for (const { what, name, reason, paths } of this.#findings.values()) {
      yield { type: "damaged", what, name, reason, paths: [...paths].toSorted() };
    }
  }

  #byBlock(): ReadonlyMap<string, readonly Finding[]> {
    const byBlock = new Map<string, Finding[]>();
    for (const finding of this.#findings.values()) {
      for (const block of finding.blocks) {
        const hit = byBlock.get(block);
        if (hit === undefined) byBlock.set(block, [finding]);
        else hit.push(finding);
      }
    }
    return byBlock;
  }
}

function addPath(finding: Finding, path: string): void {
  if (finding.paths.size < pathsMax) finding.paths.add(path);
}
