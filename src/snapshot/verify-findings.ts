import type { VerifyEvent } from "../core/snapshot/store-request.ts";
import type { PieceUse } from "./verify-uses.ts";

/** Paths that one finding lists at most. */
const pathsMax = 1000;

type Damaged = Extract<VerifyEvent, { type: "damaged" }>;

/** What a damaged thing takes with it. */
export type Hit = {
  /**
   * The blocks, pages and lists that are lost by it unless no snapshot needs them. Absent where it is certain that a
   * snapshot is hit.
   */
  readonly pieces?: readonly string[];
  /** The paths that are known already. */
  readonly paths?: readonly string[];
};

type Finding = Omit<Damaged, "type" | "paths"> & {
  readonly paths: Set<string>;
  readonly pieces: Set<string>;
  isNeeded: boolean;
};

/** Collects damage until the paths that it hits are known, each thing once. */
export class VerifyFindings {
  readonly #findings = new Map<string, Finding>();
  #isCertain = false;

  get isEmpty(): boolean {
    return this.#findings.size === 0;
  }

  /** Note one damaged thing. */
  add(what: Omit<Damaged, "type" | "paths">, { pieces, paths }: Hit = {}): void {
    const fresh = { paths: new Set<string>(), pieces: new Set<string>(), isNeeded: false };
    const finding = this.#findings.get(what.name) ?? { ...what, ...fresh };
    if (pieces === undefined) {
      this.#isCertain = true;
      finding.isNeeded = true;
    }
    for (const piece of pieces ?? []) finding.pieces.add(piece);
    for (const path of paths ?? []) addPath(finding, path);
    this.#findings.set(what.name, finding);
  }

  /** Note what is needed of the things found, and the paths that are hit. */
  async trace(uses: AsyncIterable<PieceUse>): Promise<void> {
    const byPiece = this.#byPiece();
    for await (const { piece, path } of uses) {
      for (const finding of byPiece.get(piece) ?? []) {
        finding.isNeeded = true;
        if (path !== undefined) addPath(finding, path);
      }
    }
  }

  /**
   * Leave out the things that no snapshot needs any more; their names. Where something is lost for certain all stay: what
   * it needed cannot be told.
   */
  dropUnneeded(): readonly string[] {
    if (this.#isCertain) return [];
    const unneeded = [...this.#findings.values()].filter(({ isNeeded }) => !isNeeded);
    for (const { name } of unneeded) this.#findings.delete(name);
    return unneeded.map(({ name }) => name);
  }

  *events(): Generator<Damaged> {
    for (const { what, name, reason, paths } of this.#findings.values()) {
      yield { type: "damaged", what, name, reason, paths: [...paths].toSorted() };
    }
  }

  #byPiece(): ReadonlyMap<string, readonly Finding[]> {
    const byPiece = new Map<string, Finding[]>();
    for (const finding of this.#findings.values()) {
      for (const piece of finding.pieces) {
        const hit = byPiece.get(piece);
        if (hit === undefined) byPiece.set(piece, [finding]);
        else hit.push(finding);
      }
    }
    return byPiece;
  }
}

function addPath(finding: Finding, path: string): void {
  if (finding.paths.size < pathsMax) finding.paths.add(path);
}
