import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";
import { fromSystem } from "./errors.ts";
import { removeName } from "./private-file.ts";

/** Lines that wait in memory; so many are written together. */
const linesInMemory = 1_000;

const chunkBytes = 65_536;
const lineEnd = 0x0a;

/**
 * Lines that are kept until somebody takes them, however many there are (S107): beyond the first thousand in a file that has
 * no name any more while it is used. Whatever becomes of the process, it leaves nothing behind.
 */
export class Spool implements Disposable {
  readonly #path: string;
  #lines: string[] = [];
  #file: number | undefined;

  /** @param path where its file is made; nobody else may make one there until the first thousand lines are in */
  constructor(path: string) {
    this.#path = path;
  }

  /** @param line without a line end; @throws {SnapError} `disk-full`, `disk-read-only`, `disk-error` */
  add(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length < linesInMemory) return;
    try {
      this.#file ??= openPassing(this.#path);
      writeWholly(this.#file, Buffer.from(`${this.#lines.join("\n")}\n`));
    } catch (error) {
      throw fromSystem(error, this.#path);
    }
    this.#lines = [];
  }

  /** All of them, in the order in which they came; none may be added meanwhile. */
  *lines(): Generator<string> {
    if (this.#file !== undefined) yield* linesOf(this.#file);
    yield* this.#lines;
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    this.#lines = [];
  }
}

function openPassing(path: string): number {
  // One that is there was left behind in the moment between its making and its unlinking.
  removeName(path);
  const { O_CREAT, O_EXCL, O_RDWR, O_NOFOLLOW } = constants;
  const file = openSync(path, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW, 0o600);
  removeName(path);
  return file;
}

function writeWholly(file: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
}

function* linesOf(file: number): Generator<string> {
  const chunk = Buffer.alloc(chunkBytes);
  let rest = Buffer.alloc(0);
  for (let at = 0; ;) {
    const count = readSync(file, chunk, 0, chunkBytes, at);
    if (count === 0) return;
    at += count;
    const bytes = Buffer.concat([rest, chunk.subarray(0, count)]);
    const end = bytes.lastIndexOf(lineEnd) + 1;
    rest = Buffer.from(bytes.subarray(end));
    if (end > 0) yield* bytes.toString("utf8", 0, end - 1).split("\n");
  }
}
