import { SnapError } from "../../std/error.ts";
import type { Json, JsonObject } from "../wire/failure.ts";
import { kindOf } from "../wire/primitive.ts";
import { isObject } from "../wire/schema.ts";

/** Bounds of a number, both inclusive. */
export type Bounds = { readonly least: number; readonly most: number };

/** Counts, of whatever: no program sends more. */
export const anyCount: Bounds = { least: 0, most: Number.MAX_SAFE_INTEGER };

/** Milliseconds: the longest that a timer of the system takes. */
export const anyDelay: Bounds = { least: 0, most: 2 ** 31 - 1 };

/** Checks data that somebody wrote by hand, and says where it is wrong. */
export class JsonReader {
  readonly #members: JsonObject;
  readonly #place: string;

  /** @throws {SnapError} `usage` when the value is no object, or has members of other names. */
  constructor(value: Json | undefined, place: string, names: readonly string[]) {
    this.#place = place;
    if (!isObject(value)) throw wrong(place, `expected object, got ${kindOf(value)}`);
    const unknown = Object.keys(value).find((name) => !names.includes(name));
    if (unknown !== undefined) {
      throw wrong(place, `unknown member "${unknown}"; there are ${names.join(", ")}`);
    }
    this.#members = value;
  }

  /** Any value; undefined where it is left out. */
  value(name: string): Json | undefined {
    return this.#members[name] ?? undefined;
  }

  has(name: string): boolean {
    return this.value(name) !== undefined;
  }

  text(name: string): string | undefined {
    const value = this.value(name);
    if (value === undefined || typeof value === "string") return value;
    throw this.wrong(name, `expected string, got ${kindOf(value)}`);
  }

  integer(name: string, { least, most }: Bounds = anyCount): number | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most)
      return value;
    throw this.wrong(name, `expected integer from ${least} to ${most}, got ${shown(value)}`);
  }

  /** A number from 0 to 1. */
  fraction(name: string): number | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (typeof value === "number" && value >= 0 && value <= 1) return value;
    throw this.wrong(name, `expected number from 0 to 1, got ${shown(value)}`);
  }

  /** One of the given texts or numbers. */
  word<W extends string | number>(name: string, words: readonly W[]): W | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    throw this.wrong(name, `expected one of ${words.join(", ")}, got ${shown(value)}`);
  }

  /** @throws {SnapError} `usage` when it was left out. */
  required<T>(name: string, value: T | undefined): T {
    if (value !== undefined) return value;
    throw this.wrong(name, "is missing");
  }

  /** What to throw about a member. */
  wrong(name: string, text: string): SnapError {
    return wrong(this.placeOf(name), text);
  }

  /** Where a member stands, for a reader of its own. */
  placeOf(name: string): string {
    return this.#place === "" ? name : `${this.#place}.${name}`;
  }
}

function wrong(place: string, text: string): SnapError {
  return new SnapError("usage", place === "" ? text : `${place}: ${text}`);
}

/** A value in a message: short, because somebody may have put a book there. */
function shown(value: Json): string {
  return typeof value === "object" ? kindOf(value) : JSON.stringify(value).slice(0, 60);
}

/** The object without members that are undefined, as plain data has none. */
export function compact<T extends object>(value: T): Compact<T> {
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only members that are undefined are gone
  return Object.fromEntries(members) as Compact<T>;
}

/** Members that may be undefined become ones that may be missing. */
export type Compact<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};
