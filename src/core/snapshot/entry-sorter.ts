import { LineSorter } from "../../std/line-sorter.ts";
import type { MakeSpool } from "../../std/line-sorter.ts";
import { decodeEntry, encodeEntry } from "./entry.ts";
import type { SnapshotEntry } from "./entry.ts";

/** Digits of the number that orders lines of one path. */
const numberDigits = 10;

const slash = 0x2f;

/**
 * Brings any number of entries into path order (N21) in bounded memory; several with one path stay in the order of their numbers,
 * which is that in which they came.
 */
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
  add(entry: SnapshotEntry, number: number = this.#count): void {
    this.#count += 1;
    this.#lines.add(placedLine(entry.path, { number, text: encodeEntry(entry) }));
  }

  /** All of them; none may be added meanwhile. */
  *sorted(): Generator<SnapshotEntry> {
    for (const line of this.#lines.sorted()) yield decodeEntry(textOfLine(line));
  }

  /** The same as placed lines. */
  lines(): Iterable<string> {
    return this.#lines.sorted();
  }

  [Symbol.dispose](): void {
    this.#lines[Symbol.dispose]();
  }
}

/** A line whose order is that of paths, and of numbers where the paths are equal. */
export function placedLine(
  path: string,
  { number, text }: { readonly number: number; readonly text: string },
): string {
  return `${sortKeyOf(path)} ${number.toString().padStart(numberDigits, "0")}${text}`;
}

/** The text of a placed line. */
export function textOfLine(line: string): string {
  return line.slice(line.indexOf(" ") + 1 + numberDigits);
}

/** A text whose order is path order: the bytes of the path in hex, with the slash as the smallest. */
export function sortKeyOf(path: string): string {
  const bytes = Buffer.from(path);
  for (let at = bytes.indexOf(slash); at >= 0; at = bytes.indexOf(slash, at + 1)) bytes[at] = 0;
  return bytes.toString("hex");
}
