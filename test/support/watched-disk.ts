import fs from "node:fs";
import path from "node:path";
import type { Disk } from "../../src/local/disk.ts";

/** One call to the system, about to happen or done. */
export type DiskCall = { readonly name: keyof Disk; readonly parameters: readonly unknown[] };

/** What a test does around the calls; what `before` throws is what the call gives. */
export type DiskWatch = {
  readonly before?: (call: DiskCall) => void;
  readonly after?: (call: DiskCall) => void;
};

type Call = (...parameters: unknown[]) => unknown;

/** Calls that cannot fail and change nothing: nobody is told of them. */
const unwatched: ReadonlySet<keyof Disk> = new Set(["close", "fstat", "canAnchor", "umask"]);

/** Calls that change what is on the disk. An `open` only where it makes the file. */
const changing: ReadonlySet<keyof Disk> = new Set([
  "mkdir",
  "rmdir",
  "rename",
  "link",
  "unlink",
  "symlink",
  "chmodOpen",
  "chown",
  "setTimesOpen",
  "setTimesOfLink",
  "write",
]);

/** Whether a call leaves the disk otherwise than it was. */
export function isChange({ name, parameters }: DiskCall): boolean {
  if (changing.has(name)) return true;
  return name === "open" && (Number(parameters[1]) & fs.constants.O_CREAT) !== 0;
}

/** The same disk, with somebody who looks on. */
export function watchedDisk(inner: Disk, watch: DiskWatch): Disk {
  const wrap = (name: keyof Disk): Call => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each method takes its own arguments, passed on as they are
    const call = inner[name] as Call;
    if (unwatched.has(name)) return call;
    return (...parameters) => {
      watch.before?.({ name, parameters });
      const result = call(...parameters);
      if (!(result instanceof Promise)) {
        watch.after?.({ name, parameters });
        return result;
      }
      return result.then((value: unknown) => {
        watch.after?.({ name, parameters });
        return value;
      });
    };
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the names of an interface
  const names = Object.keys(inner) as (keyof Disk)[];
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every member was wrapped by its own name
  return Object.fromEntries(names.map((name) => [name, wrap(name)])) as unknown as Disk;
}

/** Where a path of a call leads on the real disk, with an open folder in place of its number. */
export function whereIs(called: string): string {
  const [, fd, rest = ""] = /^\/proc\/self\/fd\/(\d+)(.*)$/s.exec(called) ?? [];
  return fd === undefined ? called : path.normalize(fs.readlinkSync(`/proc/self/fd/${fd}`) + rest);
}

/** The first path of a call as text. */
export function pathOfCall(call: DiskCall): string {
  const [called] = pathsOf(call);
  return Buffer.isBuffer(called) ? called.toString("latin1") : String(called);
}

/** Writes down what our side does where it may not (P8, X5). */
export class Containment {
  /** What was done outside, and what was unlinked among the user's files. */
  readonly broken: string[] = [];
  readonly #top: string;
  readonly #whereIs: (called: string) => string;

  constructor(top: string, where: (called: string) => string = whereIs) {
    this.#top = top;
    this.#whereIs = where;
  }

  readonly watch: DiskWatch = {
    before: (call) => {
      if (!isChange(call) && call.name !== "open") return;
      for (const called of pathsOf(call)) {
        const text = Buffer.isBuffer(called) ? called.toString("latin1") : String(called);
        this.#check(call.name, this.#whereIs(text));
      }
    },
  };

  #check(name: keyof Disk, place: string): void {
    const isInside = place === this.#top || place.startsWith(`${this.#top}/`);
    const isOwn = place.startsWith(`${this.#top}/.snap/`);
    if (!isInside || (name === "unlink" && !isOwn)) this.broken.push(`${name} ${place}`);
  }
}

/** What of the parameters are paths: not the target of a link, and no time. */
function pathsOf({ name, parameters }: DiskCall): readonly unknown[] {
  if (name === "rename" || name === "link") return parameters.slice(0, 2);
  if (name === "symlink") return parameters.slice(1, 2);
  return typeof parameters[0] === "number" ? [] : parameters.slice(0, 1);
}
