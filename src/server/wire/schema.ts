import { assert, present } from "../../std/assert.ts";
import { BadCall } from "./failure.ts";
import type { Json, JsonObject } from "./failure.ts";
import type { Definition, StructType, TypeUse, UnionType } from "./definition.ts";
import { checkPrimitive, kindOf } from "./primitive.ts";

/** Which way a value travels: responses follow the strict form, requests may use every form that the API takes (V3, V4). */
export type Direction = "request" | "response";

/** Checks values against the definition; a value that fits comes back in one normal form. */
export class Schema {
  readonly #definition: Definition;
  readonly #direction: Direction;
  readonly #acceptsUnknown: boolean;

  constructor(
    definition: Definition,
    direction: Direction,
    { acceptUnknownMembers = false }: { readonly acceptUnknownMembers?: boolean } = {},
  ) {
    this.#definition = definition;
    this.#direction = direction;
    this.#acceptsUnknown = acceptUnknownMembers;
  }

  /**
   * The value with defaults filled in, null members left out and union tags as objects.
   *
   * @throws {BadCall} with the texts of fact sheet 1.9, when the value does not fit the type.
   */
  check(use: TypeUse, value: Json | undefined, place = ""): Json {
    if (use.list !== undefined) return this.#list(use, value, place);
    if (use.ref === undefined) return checkPrimitive(use, value, place);
    const type = present(this.#definition.types[use.ref], use.ref);
    return type.kind === "struct"
      ? this.#struct(type, value, place)
      : this.#union(type, value, place);
  }

  #list(use: TypeUse, value: Json | undefined, place: string): Json {
    if (!Array.isArray(value)) throw wrongKind(place, "list", value);
    const items: readonly Json[] = value;
    const { min_items: least = 0, max_items: most = Infinity } = use;
    if (items.length < least) throw refusal(place, `list must have at least ${least} items`);
    if (items.length > most) throw refusal(place, `list must have at most ${most} items`);
    const itemUse = present(use.list, "list item type");
    return items.map((item, index) => this.check(itemUse, item, `${place}[${index}]`));
  }

  #struct(type: StructType, value: Json | undefined, place: string): Json {
    const object = objectOf(value, place);
    if (type.subtypes === undefined) return this.#members(type, object, place);
    const name = object[".tag"];
    if (typeof name !== "string") throw refusal(place, "missing '.tag' key");
    const subtype = this.#definition.types[type.subtypes[name] ?? ""];
    if (subtype?.kind !== "struct") throw refusal(place, `unknown tag '${name}'`);
    const { ".tag": _, ...members } = object;
    return { ".tag": name, ...this.#members(subtype, members, place) };
  }

  #members(type: StructType, object: JsonObject, place: string): JsonObject {
    const unknown = Object.keys(object).find((name) => !Object.hasOwn(type.fields, name));
    if (unknown !== undefined && !this.#acceptsUnknown) {
      throw refusal(place, `unknown field '${unknown}'`);
    }
    const members: Record<string, Json> = {};
    for (const [name, use] of Object.entries(type.fields)) {
      const value = this.#member(use, object[name], place === "" ? name : `${place}.${name}`);
      if (value !== undefined) members[name] = value;
      else if (!use.optional) throw refusal(place, `missing required field '${name}'`);
    }
    return members;
  }

  /** A member's value or default; undefined where neither is there. */
  #member(use: TypeUse, value: Json | undefined, place: string): Json | undefined {
    const absent = value === undefined || (value === null && this.#direction === "request");
    if (!absent) return this.check(use, value, place);
    // A union's default is the name of a tag without value; `check` brings it into object form.
    if (use.default === undefined) return undefined;
    return this.#direction === "request" ? this.check(use, use.default, place) : use.default;
  }

  #union(type: UnionType, value: Json | undefined, place: string): Json {
    const object = this.#unionObject(value, place);
    const name = object[".tag"];
    if (typeof name !== "string") throw refusal(place, "missing '.tag' key");
    const known = Object.hasOwn(type.tags, name) && this.#isSendable(type, name);
    if (!known) throw refusal(place, `unknown tag '${name}'`);
    const use = type.tags[name] ?? null;
    const { ".tag": _, ...rest } = object;
    const members = this.#withoutNullCompanion(rest, name);
    return { ".tag": name, ...this.#tagValue(use, name, { members, place }) };
  }

  /** In a request a bare string stands for a tag without value. */
  #unionObject(value: Json | undefined, place: string): JsonObject {
    if (typeof value === "string" && this.#direction === "request") return { ".tag": value };
    return objectOf(value, place);
  }

  /** Some SDK writes a null beside the tag where there is no value (fact sheet 1.4). */
  #withoutNullCompanion(members: JsonObject, name: string): JsonObject {
    if (this.#direction === "response" || members[name] !== null) return members;
    const { [name]: _, ...others } = members;
    return others;
  }

  /** The catch-all of an open union is for readers of newer answers, never for a request. */
  #isSendable(type: UnionType, name: string): boolean {
    return this.#direction === "response" || type.closed || name !== "other";
  }

  #tagValue(
    use: TypeUse | null,
    name: string,
    { members, place }: { readonly members: JsonObject; readonly place: string },
  ): JsonObject {
    const flattened = use?.ref === undefined ? undefined : this.#flattened(use.ref);
    if (flattened !== undefined) return this.#members(flattened, members, place);
    const unknown = Object.keys(members).find((member) => member !== name || use === null);
    if (unknown !== undefined && !this.#acceptsUnknown) {
      throw refusal(place, `unknown field '${unknown}'`);
    }
    if (use === null) return {};
    const value = this.#member(use, members[name], place === "" ? name : `${place}.${name}`);
    if (value === undefined && !use.optional) {
      throw refusal(place, `missing required field '${name}'`);
    }
    return value === undefined ? {} : { [name]: value };
  }

  /** The struct whose members stand beside the tag; unions and bases are nested instead (fact sheet 1.4). */
  #flattened(ref: string): StructType | undefined {
    const type = this.#definition.types[ref];
    assert(type !== undefined, `type ${ref} is defined`);
    return type.kind === "struct" && type.subtypes === undefined ? type : undefined;
  }
}

function objectOf(value: Json | undefined, place: string): JsonObject {
  if (isObject(value)) return value;
  throw wrongKind(place, "object", value);
}

/** Whether a JSON value is an object. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrongKind(place: string, expected: string, value: Json | undefined): BadCall {
  return refusal(place, `expected ${expected}, got ${kindOf(value)}`);
}

function refusal(place: string, text: string): BadCall {
  return new BadCall(place === "" ? text : `${place}: ${text}`);
}
