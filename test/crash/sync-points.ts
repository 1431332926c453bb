import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { DatabaseSync } from "node:sqlite";

/*
 * Fault points of a sync: every call that changes something on the disk, every commit of the index, and every request that
 * changes something on the server, before it and after. Loaded before the program, which takes its calls from here on.
 */

/** `about` are the names that change, or what a request asks: which points count is chosen by it. */
type Point = { readonly call: string; readonly about: string };

/** Counts fault points, and ends the process at one of them as `kill -9` does. */
export class FaultPoints {
  readonly #killAt: number;
  readonly #counts: (point: Point) => boolean;
  #isOn = false;
  /** Whether anything but the index changed since the last commit: several in a row are one point. */
  #hasActed = false;
  #hasOpened = false;
  passed = 0;

  /** @param killAt number of the point, from 0; beyond the last one the process lives */
  constructor(killAt: number, only: string | undefined) {
    const chosen = only === undefined ? undefined : new RegExp(only);
    this.#killAt = killAt;
    this.#counts = ({ about }) => chosen?.test(about) ?? !isBookkeeping.test(about);
  }

  /** From here on points count. */
  begin(): void {
    this.#isOn = true;
  }

  pass(point: Point): void {
    if (!this.#isOn || !this.#isMeant(point)) return;
    if (this.passed === this.#killAt) process.kill(process.pid, "SIGKILL");
    this.passed += 1;
  }

  #isMeant(point: Point): boolean {
    const counts = this.#counts(point);
    if (point.call === "write") return this.#hasOpened;
    if (point.call === "openSync") this.#hasOpened = counts;
    if (point.call !== "commit") {
      this.#hasActed ||= counts;
      return counts;
    }
    const isFirst = this.#hasActed;
    this.#hasActed = false;
    return isFirst;
  }

  /** Replace the calls of the system by counting ones. */
  install(): void {
    for (const name of changing) this.#count(name);
    this.#countOpen();
    this.#countCommits();
    skipFlushes();
  }

  /** A line to the server whose changing requests are points, before they are sent and when they are answered. */
  onWire(inner: typeof fetch): typeof fetch {
    return async (input, init) => {
      const route = new URL(input instanceof Request ? input.url : input).pathname;
      const header = new Headers(init?.headers).get("dropbox-api-arg");
      const about = `${route} ${header ?? (typeof init?.body === "string" ? init.body : "")}`;
      if (!writing.test(route)) return await inner(input, init);
      this.pass({ call: "request", about });
      const response = await inner(input, init);
      this.pass({ call: "answer", about });
      return response;
    };
  }

  #count(name: Name): void {
    const real: unknown = fs[name];
    replace(name, (...input) => {
      this.pass({ call: name, about: input.filter((part) => typeof part === "string").join(" ") });
      return call(real, input);
    });
  }

  #countOpen(): void {
    const real: unknown = fs.openSync;
    replace("openSync", (...input) => {
      const [path, flags] = input;
      const makes = typeof flags === "number" && (flags & fs.constants.O_CREAT) !== 0;
      if (makes) this.pass({ call: "openSync", about: String(path) });
      return call(real, input);
    });
  }

  #countCommits(): void {
    const real: unknown = Reflect.get(DatabaseSync.prototype, "prepare");
    const pass = (): void => this.pass({ call: "commit", about: "index" });
    DatabaseSync.prototype.prepare = function prepare(this: DatabaseSync, sql: string) {
      const statement = Reflect.apply(real as DatabaseSync["prepare"], this, [sql]);
      if (sql !== "COMMIT") return statement;
      const run = statement.run.bind(statement);
      statement.run = () => {
        pass();
        return run();
      };
      return statement;
    };
  }
}

/** What only a loss of power shows takes no time from here on: to be called before the program is loaded. */
export function skipFlushes(): void {
  replace("fsyncSync", () => undefined);
  replace("fsync", (...input) => {
    const done = input.at(-1);
    if (typeof done === "function") setImmediate(() => Reflect.apply(done, undefined, [null]));
  });
  syncBuiltinESMExports();
}

type Name = keyof typeof fs;

const changing: readonly Name[] = [
  ...(["mkdirSync", "rmdirSync", "renameSync", "linkSync", "unlinkSync", "symlinkSync"] as const),
  ...(["rmSync", "copyFileSync", "write"] as const),
];

/** Root marker and beacon are written by every sync that changes something; one protocol asks for them by name. */
const isBookkeeping = /root[.-]|\.snap\/devices|\/probe-|index\.db/;

const writing = /upload|create_folder|delete|move/;

function call(real: unknown, input: readonly unknown[]): unknown {
  return Reflect.apply(real as (...all: unknown[]) => unknown, fs, input);
}

/** With what else the call carries, as how it is made a promise. */
function replace(name: Name, by: (...input: unknown[]) => unknown): void {
  const properties = Object.getOwnPropertyDescriptors(fs[name]);
  Object.defineProperties(by, properties);
  Object.assign(fs, { [name]: by });
}
