import { assert } from "../../std/assert.ts";
import { isObject } from "./schema.ts";
import type { Json, JsonObject } from "./failure.ts";

/** A union of a checked argument: its tag, and the text that it carries, if any. */
export type Choice = { readonly name: string; readonly value: string | undefined };

/** Typed reading of an argument that the schema has checked; a wrong reading is our own mistake. */
export class Argument {
  readonly #members: JsonObject;

  constructor(value: Json) {
    assert(isObject(value), "a checked argument is an object");
    this.#members = value;
  }

  text(name: string): string {
    const value = this.#members[name];
    assert(typeof value === "string", `${name} is a string`);
    return value;
  }

  optionalText(name: string): string | undefined {
    return this.#members[name] === undefined ? undefined : this.text(name);
  }

  count(name: string): number {
    const value = this.#members[name];
    assert(typeof value === "number", `${name} is a number`);
    return value;
  }

  optionalCount(name: string): number | undefined {
    return this.#members[name] === undefined ? undefined : this.count(name);
  }

  flag(name: string): boolean {
    const value = this.#members[name];
    assert(typeof value === "boolean", `${name} is a boolean`);
    return value;
  }

  has(name: string): boolean {
    return this.#members[name] !== undefined;
  }

  inner(name: string): Argument {
    const value = this.#members[name];
    assert(value !== undefined, `${name} is there`);
    return new Argument(value);
  }

  /** The path that it names first, in whichever member; for watching, not for work. */
  firstPath(): string | undefined {
    for (const name of ["path", "from_path"]) {
      const value = this.#members[name];
      if (typeof value === "string") return value;
    }
    return this.#members["commit"] === undefined ? undefined : this.inner("commit").firstPath();
  }

  /** The struct items of a list; none where the member is absent. */
  list(name: string): readonly Argument[] {
    const value = this.#members[name] ?? [];
    assert(Array.isArray(value), `${name} is a list`);
    const items: readonly Json[] = value;
    return items.map((item) => new Argument(item));
  }

  /** The texts of a list; none where the member is absent. */
  texts(name: string): readonly string[] {
    const value = this.#members[name] ?? [];
    assert(Array.isArray(value), `${name} is a list`);
    const items: readonly Json[] = value;
    return items.map((item) => {
      assert(typeof item === "string", `${name} is a list of strings`);
      return item;
    });
  }

  choice(name: string): Choice {
    const union = this.inner(name);
    const chosen = union.text(".tag");
    return { name: chosen, value: union.optionalText(chosen) };
  }
}
