/** Lines that are kept until somebody takes them, in the order in which they came; what it holds beyond some memory is elsewhere. */
export interface LineSpool extends Disposable {
  /** @param line without a line end */
  add(line: string): void;
  lines(): Iterable<string>;
}

/** Makes an empty spool. */
export type MakeSpool = () => LineSpool;

/** Characters of the lines that are sorted in memory at a time; about twice as many bytes. */
const runCharsMax = 16 * 1024 * 1024;

/**
 * Sorts any number of lines by their code units in bounded memory (N6): runs that fit into memory are sorted and spooled, and
 * merged when they are taken.
 */
export class LineSorter implements Disposable {
  readonly #makeSpool: MakeSpool;
  readonly #charsMax: number;
  readonly #runs: LineSpool[] = [];
  #lines: string[] = [];
  #chars = 0;

  constructor(makeSpool: MakeSpool, charsMax: number = runCharsMax) {
    this.#makeSpool = makeSpool;
    this.#charsMax = charsMax;
  }

  add(line: string): void {
    this.#lines.push(line);
    this.#chars += line.length;
    if (this.#chars < this.#charsMax) return;
    const run = this.#makeSpool();
    this.#runs.push(run);
    for (const each of this.#lines.toSorted(compareLines)) run.add(each);
    this.#lines = [];
    this.#chars = 0;
  }

  /** All lines in order; none may be added meanwhile. */
  sorted(): Iterable<string> {
    return mergeAll([...this.#runs.map((run) => run.lines()), this.#lines.toSorted(compareLines)]);
  }

  [Symbol.dispose](): void {
    for (const run of this.#runs) run[Symbol.dispose]();
    this.#runs.length = 0;
    this.#lines = [];
  }
}

function compareLines(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Halves are merged before they are merged with each other: so a line is compared with few others. */
function mergeAll(runs: readonly Iterable<string>[]): Iterable<string> {
  const [first, second] = runs;
  if (first === undefined) return [];
  if (second === undefined) return first;
  const middle = Math.ceil(runs.length / 2);
  return mergeTwo(mergeAll(runs.slice(0, middle)), mergeAll(runs.slice(middle)));
}

/** Two sorted streams as one; of equal lines that of the left comes first. */
export function* mergeTwo(left: Iterable<string>, right: Iterable<string>): Generator<string> {
  const [lefts, rights] = [left[Symbol.iterator](), right[Symbol.iterator]()];
  let [one, other] = [lefts.next(), rights.next()];
  while (!one.done || !other.done) {
    if (!one.done && (other.done || one.value <= other.value)) {
      yield one.value;
      one = lefts.next();
    } else if (!other.done) {
      yield other.value;
      other = rights.next();
    }
  }
}
