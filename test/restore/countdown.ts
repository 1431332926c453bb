/** Ends a run as `SIGKILL` does: whatever it would still do fails. */
export class Killed extends Error {}

/** Counts the calls of ports, and ends the run before or after the n-th. */
export class Countdown {
  /** Every call so far, as `port.method`. */
  readonly calls: string[] = [];
  readonly #at: number;
  readonly #when: "before" | "after";
  #isDead = false;

  /** Without a number nothing ends. The first call has number 1. */
  constructor(at = 0, when: "before" | "after" = "before") {
    this.#at = at;
    this.#when = when;
  }

  /** The port with its calls counted; only the named methods, if any are named. */
  on<P extends object>(port: P, name: string, only?: readonly string[]): P {
    return new Proxy(port, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key);
        if (typeof member !== "function" || typeof key !== "string") return member;
        const call = (input: unknown[]): unknown => Reflect.apply(member, target, input);
        if (only !== undefined && !only.includes(key)) {
          return (...input: unknown[]) => call(input);
        }
        return (...input: unknown[]) => this.run(`${name}.${key}`, () => call(input));
      },
    });
  }

  run<T>(name: string, call: () => T): T {
    if (this.#isDead) throw new Killed(`dead before ${name}`);
    this.calls.push(name);
    const isTheOne = this.calls.length === this.#at;
    if (isTheOne && this.#when === "before") this.#die(name);
    const result = call();
    if (!isTheOne) return result;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a promise stays one, and ends in the kill
    if (result instanceof Promise) return result.then(() => this.#die(name)) as T;
    return this.#die(name);
  }

  #die(name: string): never {
    this.#isDead = true;
    throw new Killed(`killed at ${name}`);
  }
}
