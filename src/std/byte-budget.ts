import { throwIfAborted } from "./error.ts";

type Waiting = { readonly bytes: number; readonly go: () => void };

/** Memory that pieces of work share: who wants more than is left waits, first come first served. */
export class ByteBudget {
  #free: number;
  readonly #bytesMax: number;
  readonly #waiting: Waiting[] = [];

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#free = bytesMax;
  }

  /**
   * Take bytes until they are disposed of. More than there are in all counts as all of them.
   *
   * @throws {SnapError} `interrupted` as soon as its turn comes
   */
  async take(bytes: number, signal?: AbortSignal): Promise<Disposable> {
    const taken = Math.min(bytes, this.#bytesMax);
    const turn = new Promise<void>((go) => this.#waiting.push({ bytes: taken, go }));
    this.#serve();
    await turn;
    const back: Disposable = { [Symbol.dispose]: () => this.#giveBack(taken) };
    if (signal?.aborted) back[Symbol.dispose]();
    throwIfAborted(signal);
    return back;
  }

  #giveBack(bytes: number): void {
    this.#free += bytes;
    this.#serve();
  }

  #serve(): void {
    for (let [first] = this.#waiting; first !== undefined && first.bytes <= this.#free;) {
      this.#free -= first.bytes;
      this.#waiting.shift();
      first.go();
      [first] = this.#waiting;
    }
  }
}
