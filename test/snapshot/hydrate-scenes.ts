import type { SnapshotRoot } from "../../src/core/snapshot/root.ts";
import type { CaptureResult } from "../../src/core/snapshot/store-request.ts";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import type { SnapshotStore } from "../../src/ports.ts";
import { hydrateSource } from "../../src/snapshot/hydrate-source.ts";
import { SnapError } from "../../src/std/error.ts";
import { MemorySource, memoryFacts } from "../support/memory-source.ts";

const pieceBytesMax = 1024 * 1024;

/** Dropbox as far as a hydration sees it: files that are listed without content, and their revisions. */
export class ThinCloud {
  readonly source: MemorySource = new MemorySource({
    ...memoryFacts,
    side: "remote",
    link: { account: "a", path: "/w" },
  });
  readonly #revisions = new Map<string, Uint8Array>();
  /** Revisions in the order they were asked for. */
  readonly asked: string[] = [];
  /** What asking for a revision throws. */
  readonly troubles: Map<string, SnapError> = new Map();
  bytesSent = 0;
  /** Called before each piece of a content. */
  onPiece: (() => void) | undefined;
  /** Called before a revision is handed out. */
  onAsk: ((path: string) => void) | undefined;

  constructor() {
    this.source.isThin = true;
  }

  write(path: string, content: string | Uint8Array): this {
    this.source.write(path, content);
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    this.#revisions.set(revOf(bytes), bytes);
    return this;
  }

  /** What asking for a content gives from now on; nothing: it is gone. */
  serve(content: string | Uint8Array, instead: string | Uint8Array | undefined): void {
    const rev = revOf(content);
    if (instead === undefined) this.#revisions.delete(rev);
    else this.#revisions.set(rev, typeof instead === "string" ? Buffer.from(instead) : instead);
  }

  async *download(rev: string, offset = 0): AsyncGenerator<Uint8Array> {
    await Promise.resolve();
    this.asked.push(rev);
    this.onAsk?.(rev);
    const trouble = this.troubles.get(rev);
    if (trouble !== undefined) throw trouble;
    const bytes = this.#revisions.get(rev);
    if (bytes === undefined) throw new SnapError("not-found", "not_found");
    const step = Math.min(Math.ceil(bytes.length / 2), pieceBytesMax);
    for (let start = offset; start < bytes.length; start += step) {
      const piece = bytes.subarray(start, start + step);
      this.bytesSent += piece.length;
      this.onPiece?.();
      yield piece;
    }
  }

  async capture(store: SnapshotStore): Promise<SnapshotRoot> {
    return (await store.capture(this.source, { reason: "manual" })).root;
  }

  hydrate(store: SnapshotStore, root: SnapshotRoot, signal?: AbortSignal): Promise<CaptureResult> {
    const source = hydrateSource({
      root,
      entries: () => store.entries(root.id),
      download: (rev, offset) => this.download(rev, offset),
    });
    const stop = signal === undefined ? {} : { signal };
    return store.capture(source, { ...stop, reason: "manual", hydrates: root });
  }
}

/** The revision that a content has in such a cloud. */
export function revOf(content: string | Uint8Array): string {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  return contentHashOf(bytes).slice(0, 12);
}
