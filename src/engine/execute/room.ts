import type { RemoteEntry } from "../../core/tree/node.ts";
import type { LocalSide } from "../../ports.ts";
import { SnapError } from "../../std/error.ts";
import { reserveBytes } from "../limits.ts";

/**
 * The room on the disk that downloads which run side by side are going to take (S79, "space"). What one of them has written is
 * missing from the free bytes already; the rest of it is counted here.
 */
export class Room {
  #claimed = 0;
  #turn: Promise<unknown> = Promise.resolve();

  /**
   * Take room for a file, one after the other, so that two do not take the same.
   *
   * @throws {SnapError} `too-large` where less than `reserveBytes` would be left: a full disk stops everything else that runs on it
   */
  claim(local: LocalSide, file: Pick<RemoteEntry, "size" | "name">): Promise<Claim> {
    const claim = this.#turn.then(() => this.#claim(local, file));
    this.#turn = claim.catch(() => {});
    return claim;
  }

  async #claim(
    local: LocalSide,
    { size, name }: Pick<RemoteEntry, "size" | "name">,
  ): Promise<Claim> {
    const free = await local.freeBytes();
    if (BigInt(this.#claimed + size) + reserveBytes > free) throw noRoom(name);
    return new Claim(size, (bytes) => void (this.#claimed += bytes));
  }
}

function noRoom(name: string): SnapError {
  return new SnapError("too-large", `There is no room on the disk for "${name}"`, {
    path: name,
    hint: "Make room, then run snap sync again.",
  });
}

/** The room of one file, until it is disposed of. */
export class Claim implements Disposable {
  readonly #size: number;
  readonly #change: (bytes: number) => void;
  #open = 0;

  /** @param change is told by how many bytes the claimed room grows. */
  constructor(size: number, change: (bytes: number) => void) {
    this.#size = size;
    this.#change = change;
    this.#setOpen(size);
  }

  /** The bytes on their way to the disk, from the beginning of the file: what has arrived there is not counted twice. */
  async *through(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    this.#setOpen(this.#size);
    for await (const chunk of bytes) {
      yield chunk;
      this.#setOpen(Math.max(0, this.#open - chunk.length));
    }
  }

  #setOpen(bytes: number): void {
    this.#change(bytes - this.#open);
    this.#open = bytes;
  }

  [Symbol.dispose](): void {
    this.#setOpen(0);
  }
}
