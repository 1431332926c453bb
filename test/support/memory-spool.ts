import type { LineSpool } from "../../src/std/line-sorter.ts";

/** A spool in memory. */
export class MemorySpool implements LineSpool {
  isClosed = false;
  readonly #lines: string[] = [];

  add(line: string): void {
    if (line.includes("\n")) throw new Error("a line end in a line");
    this.#lines.push(line);
  }

  lines(): Iterable<string> {
    return this.#lines;
  }

  [Symbol.dispose](): void {
    this.isClosed = true;
  }
}
