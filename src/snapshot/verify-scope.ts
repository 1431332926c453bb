import type { BlockPlace } from "../core/snapshot/block-index.ts";

/**
 * Which packs and frames a verification has to look at: those that blocks were asked for in, or all of them. A
 * frame is named by its offset.
 */
export class VerifyScope {
  readonly #frames: Map<string, Set<number>> | undefined;

  private constructor(frames: Map<string, Set<number>> | undefined) {
    this.#frames = frames;
  }

  static everything(): VerifyScope {
    return new VerifyScope(undefined);
  }

  static nothingYet(): VerifyScope {
    return new VerifyScope(new Map());
  }

  include({ pack, frame }: BlockPlace): void {
    if (this.#frames === undefined) return;
    const frames = this.#frames.get(pack) ?? new Set();
    this.#frames.set(pack, frames.add(frame.offset));
  }

  hasPack(pack: string): boolean {
    return this.#frames === undefined || this.#frames.has(pack);
  }

  hasFrame(pack: string, offset: number): boolean {
    return this.#frames === undefined || this.#frames.get(pack)?.has(offset) === true;
  }
}
