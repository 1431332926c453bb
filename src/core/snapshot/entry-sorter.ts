import { LineSorter } from "../../std/line-sorter.ts";
import type { MakeSpool } from "../../std/line-sorter.ts";
import { decodeEntry, encodeEntry } from "./entry.ts";
import type { SnapshotEntry } from "./entry.ts";

/** Digits of the number that keeps equal paths in the order in which they came. */
const numberDigits = 10;

const slash = 0x2f;

/** Brings any number of entries into path order (N21) in bounded memory; several with one path stay in the order in which they came. */
export class EntrySorter implements Disposable {
  readonly #lines: LineSorter;
  #count = 0;

  constructor(makeSpool: MakeSpool, charsMax?: number) {
    this.#lines = new LineSorter(makeSpool, charsMax);
  }

  get count(): number {
    return this.#count;
  }

  /** @param entry of which `entryTrouble` says nothing */
  add(entry: SnapshotEntry): void {
    const number = this.#count.toString().padStart(numberDigits, "0");
    this.#count += 1;
    this.#lines.add(`${sortKeyOf(entry.path)} ${number}${encodeEntry(entry)}`);
  }

  /** All of them; none may be added meanwhile. */
  *sorted(): Generator<SnapshotEntry> {
    for (const line of this.#lines.sorted()) {
      yield decodeEntry(line.slice(line.indexOf(" ") + 1 + numberDigits));
    }
  }

  [Symbol.dispose](): void {
    this.#lines[Symbol.dispose]();
  }
}

/** A text whose order is path order: the bytes of the path in hex, with the slash as the smallest. */
export function sortKeyOf(path: string): string {
  const bytes = Buffer.from(path);
  for (let at = bytes.indexOf(slash); at >= 0; at = bytes.indexOf(slash, at + 1)) bytes[at] = 0;
  return bytes.toString("hex");
}
