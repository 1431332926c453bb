import { present } from "../../std/assert.ts";
import { BadCall } from "./failure.ts";
import type { Json } from "./failure.ts";
import type { TypeUse } from "./definition.ts";

/** The kind of a JSON value in the words of the 400 texts. */
export function kindOf(value: Json | undefined): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "list";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "float";
  return typeof value;
}

/**
 * A string, number, boolean or time that fits its type and its limits.
 *
 * @throws {BadCall} with the texts of fact sheet 1.9.
 */
export function checkPrimitive(use: TypeUse, value: Json | undefined, place: string): Json {
  switch (present(use.type, "the name of a primitive type")) {
    case "String":
      return checkText(use, value, place);
    case "Timestamp":
      return checkTime(value, place);
    case "UInt32":
    case "UInt64":
      return checkInteger(use, value, place);
    case "Float64":
      if (typeof value !== "number") throw wrongKind(place, "float", value);
      checkRange(use, value, place);
      return value;
    case "Boolean":
      if (typeof value !== "boolean") throw wrongKind(place, "boolean", value);
      return value;
  }
}

function checkText(use: TypeUse, value: Json | undefined, place: string): string {
  if (typeof value !== "string") throw wrongKind(place, "string", value);
  const { min_length: least = 0, max_length: most = Infinity } = use;
  if (value.length < least) {
    throw new BadCall(
      `${place}: '${value}' must be at least ${least} characters, got ${value.length}`,
    );
  }
  if (value.length > most) {
    throw new BadCall(
      `${place}: '${value}' must be at most ${most} characters, got ${value.length}`,
    );
  }
  if (use.pattern !== undefined && !fullPattern(use.pattern).test(value)) {
    throw new BadCall(`${place}: '${value}' did not match pattern '${use.pattern}'`);
  }
  return value;
}

/** The definition spells "any character" as a group, whose repetition would need a stack as deep as the text is long. */
function fullPattern(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern.replaceAll("(.|[\\r\\n])", "[^]")})$`);
}

function checkInteger(use: TypeUse, value: Json | undefined, place: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value)) {
    throw wrongKind(place, "integer", value);
  }
  const wide = use.type === "UInt32" ? 2 ** 32 - 1 : Number.MAX_SAFE_INTEGER;
  checkRange({ min_value: 0, max_value: wide, ...use }, value, place);
  return value;
}

function checkRange(
  { type, min_value: least = -Infinity, max_value: most = Infinity }: TypeUse,
  value: number,
  place: string,
): void {
  const kind = type === "Float64" ? "float" : "integer";
  if (value < least) throw new BadCall(`${place}: expected ${kind} >= ${least}, got ${value}`);
  if (value > most) throw new BadCall(`${place}: expected ${kind} <= ${most}, got ${value}`);
}

const timeForm = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

/** Whole seconds, UTC, and a day that the calendar has: `Date` alone would turn 30 February into 2 March. */
function checkTime(value: Json | undefined, place: string): string {
  if (typeof value !== "string") throw wrongKind(place, "string", value);
  const time = timeForm.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time) || !new Date(time).toISOString().startsWith(value.slice(0, 19))) {
    const form = "%Y-%m-%dT%H:%M:%SZ";
    throw new BadCall(`${place}: time data '${value}' does not match format '${form}'`);
  }
  return value;
}

function wrongKind(place: string, expected: string, value: Json | undefined): BadCall {
  const text = `expected ${expected}, got ${kindOf(value)}`;
  return new BadCall(place === "" ? text : `${place}: ${text}`);
}
