import { placedLine, textOfLine } from "../core/snapshot/entry-sorter.ts";
import { CheckedRecord } from "../core/snapshot/checked-json.ts";
import type { SnapshotEntry } from "../core/snapshot/entry.ts";
import type { BlockHash } from "../core/tree/content-hash.ts";
import { LineSorter, type LineSpool, type MakeSpool } from "../std/line-sorter.ts";
import { turn } from "../std/turn.ts";
import { ShownNames } from "./shown-names.ts";

/** Everything of an entry of a unit but its names. */
export type UnitPart = Pick<SnapshotEntry, "mode" | "modifiedNs" | "owner"> & {
  readonly type: "file" | "folder" | "symlink";
  readonly size?: number;
  readonly blocks?: readonly BlockHash[];
  readonly target?: Buffer;
};

/** What came under one name, by its bytes with one character each. */
export type LoggedPart = {
  readonly key: string;
  /** Grows with every entry that came. */
  readonly number: number;
  /** Undefined where what came under the name, and below it, is no part of the unit any more. */
  readonly part: UnitPart | undefined;
};

/** Characters that are sorted at a time: some 10 ms (N61). */
const runCharsMax = 4 * 1024 * 1024;

/** Lines that are worked on between two turns of everything else. */
const linesInARow = 512;

/** What came of a unit in the order in which it came, however much it is (N6). */
export class UnitLog implements Disposable {
  readonly names: ShownNames = new ShownNames();
  readonly #makeSpool: MakeSpool;
  readonly #lines: LineSpool;

  constructor(makeSpool: MakeSpool) {
    this.#makeSpool = makeSpool;
    this.#lines = makeSpool();
  }

  add(key: string, part: UnitPart): void {
    this.#lines.add(lineOf(key, part));
    this.names.note(key);
  }

  remove(key: string): void {
    this.#lines.add(lineOf(key, undefined));
  }

  /** All in path order by their names as text, and those of one name as they came; none may be added meanwhile. */
  async sorted(more: Iterable<readonly [string, UnitPart]> = []): Promise<SortedUnit> {
    const sorted = new LineSorter(this.#makeSpool, runCharsMax);
    let number = 0;
    const put = (line: string): void => {
      number += 1;
      const { text } = this.names.textOf(keyOf(line));
      sorted.add(placedLine(text, { number, text: line }));
    };
    for (const line of this.#lines.lines()) {
      put(line);
      if (number % linesInARow === 0) await turn();
    }
    for (const [key, part] of more) {
      this.names.note(key);
      put(lineOf(key, part));
    }
    return new SortedUnit(sorted);
  }

  [Symbol.dispose](): void {
    this.#lines[Symbol.dispose]();
  }
}

/** What came of a unit in path order; may be gone through any number of times. */
export class SortedUnit implements Disposable {
  readonly #lines: LineSorter;

  constructor(lines: LineSorter) {
    this.#lines = lines;
  }

  *parts(): Generator<LoggedPart> {
    for (const line of this.#lines.sorted()) {
      const text = textOfLine(line);
      const number = Number(line.slice(line.indexOf(" ") + 1, line.length - text.length));
      yield { key: keyOf(text), number, part: partOf(text) };
    }
  }

  [Symbol.dispose](): void {
    this.#lines[Symbol.dispose]();
  }
}

/** The key as JSON, which has no tab, and the rest behind one. */
function lineOf(key: string, part: UnitPart | undefined): string {
  const { target, ...rest } = part ?? { target: undefined };
  const told = part && { ...rest, ...(target === undefined ? {} : { target: latin1(target) }) };
  return `${JSON.stringify(key)}\t${told === undefined ? "" : JSON.stringify(told)}`;
}

function latin1(bytes: Buffer): string {
  return bytes.toString("latin1");
}

function keyOf(line: string): string {
  return String(JSON.parse(line.slice(0, line.indexOf("\t"))));
}

function partOf(line: string): UnitPart | undefined {
  const text = line.slice(line.indexOf("\t") + 1);
  if (text === "") return undefined;
  const record = CheckedRecord.parse(text, "What was read of a repository");
  const mode = record.optionalText("mode");
  const modifiedNs = record.optionalText("modifiedNs");
  const owner = record.optionalText("owner");
  const size = record.optionalCount("size");
  const target = record.optionalText("target");
  return {
    type: record.choice("type", ["file", "folder", "symlink"] as const),
    ...(mode === undefined ? {} : { mode }),
    ...(modifiedNs === undefined ? {} : { modifiedNs }),
    ...(owner === undefined ? {} : { owner }),
    ...(size === undefined ? {} : { size }),
    ...(record.has("blocks") ? { blocks: record.texts("blocks") } : {}),
    ...(target === undefined ? {} : { target: Buffer.from(target, "latin1") }),
  };
}
