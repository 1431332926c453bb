import { expect, test } from "vitest";
import type { Definition, TypeUse } from "../../src/server/wire/definition.ts";
import { loadDefinition } from "../../src/server/wire/definition.ts";
import type { Json } from "../../src/server/wire/failure.ts";
import { routes } from "../../src/server/wire/routes.ts";
import { Schema } from "../../src/server/wire/schema.ts";

const definition: Definition = {
  routes: [],
  types: {
    Point: {
      kind: "struct",
      fields: {
        at: { type: "UInt64" },
        label: { type: "String", optional: true },
        kind: { ref: "Kind", default: "plain" },
      },
    },
    Kind: {
      kind: "union",
      closed: false,
      tags: {
        plain: null,
        named: { type: "String" },
        maybe: { type: "String", optional: true },
        point: { ref: "Inner" },
        deep: { ref: "Kind" },
        other: null,
      },
    },
    Inner: { kind: "struct", fields: { x: { type: "Float64" } } },
    Base: {
      kind: "struct",
      fields: { name: { type: "String" } },
      subtypes: { leaf: "Leaf" },
    },
    Leaf: { kind: "struct", fields: { name: { type: "String" }, size: { type: "UInt32" } } },
  },
};

const check = (ref: string, value: Json, direction: "request" | "response" = "request") =>
  new Schema(definition, direction).check({ ref }, value);

test("V3: a request gets its defaults, without its nulls, with tags as objects", () => {
  expect(check("Point", { at: 1, label: null })).toEqual({ at: 1, kind: { ".tag": "plain" } });
  expect(check("Point", { at: 1, kind: "plain" })).toEqual({ at: 1, kind: { ".tag": "plain" } });
  expect(check("Kind", { ".tag": "point", x: 0.5 })).toEqual({ ".tag": "point", x: 0.5 });
  expect(check("Kind", { ".tag": "maybe", maybe: null })).toEqual({ ".tag": "maybe" });
  expect(check("Kind", { ".tag": "deep", deep: "plain" })).toEqual({
    ".tag": "deep",
    deep: { ".tag": "plain" },
  });
});

test("V3: a null beside the tag, under the tag's name, is no value", () => {
  expect(check("Kind", { ".tag": "plain", plain: null })).toEqual({ ".tag": "plain" });
  expect(check("Kind", { ".tag": "point", point: null, x: 1 })).toEqual({ ".tag": "point", x: 1 });
  expect(() => check("Kind", { ".tag": "plain", plain: 1 })).toThrow("unknown field 'plain'");
  expect(() => check("Kind", { ".tag": "plain", named: null })).toThrow("unknown field 'named'");
  expect(() => check("Kind", { ".tag": "named", named: null })).toThrow("missing required field");
  const strict = (): Json => check("Kind", { ".tag": "plain", plain: null }, "response");
  expect(strict).toThrow("unknown field 'plain'");
});

test.each<[string, Json, string]>([
  ["Point", { at: 1.5 }, "at: expected integer, got float"],
  ["Point", { at: "1" }, "at: expected integer, got string"],
  ["Point", { at: 2 ** 53 }, "at: expected integer, got integer"],
  ["Point", { at: -1 }, "at: expected integer >= 0, got -1"],
  ["Point", { at: 1, toString: 1 }, "unknown field 'toString'"],
  ["Point", { at: 1, kind: { ".tag": "point", y: 1 } }, "kind: unknown field 'y'"],
  ["Point", { at: 1, kind: "other" }, "kind: unknown tag 'other'"],
  ["Point", { at: 1, kind: "constructor" }, "kind: unknown tag 'constructor'"],
  ["Point", { at: 1, kind: { ".tag": "named" } }, "kind: missing required field 'named'"],
  ["Point", [], "expected object, got list"],
  ["Leaf", { name: "a", size: 2 ** 32 }, "size: expected integer <= 4294967295, got 4294967296"],
])("V3: %s refuses %j: %s", (ref, value, text) => {
  expect(() => check(ref, value)).toThrow(text);
});

test("V4: a response must be in the strict form", () => {
  const fits = (ref: string, value: Json) => check(ref, value, "response");
  expect(fits("Base", { ".tag": "leaf", name: "a", size: 1 })).toMatchObject({ size: 1 });
  expect(() => fits("Base", { name: "a", size: 1 })).toThrow("missing '.tag' key");
  expect(() => fits("Leaf", { ".tag": "leaf", name: "a", size: 1 })).toThrow(
    "unknown field '.tag'",
  );
  expect(() => fits("Leaf", { name: "a" })).toThrow("missing required field 'size'");
  expect(() => fits("Kind", "plain")).toThrow("expected object");
  expect(() => fits("Point", { at: 1, label: null })).toThrow("label: expected string, got null");
});

test("V79: a pattern for any text takes long ones without a deep stack", () => {
  const use: TypeUse = { type: "String", pattern: "(/(.|[\\r\\n])*)?" };
  const long = `/${"x\n\u2028".repeat(2_000_000)}`;
  expect(new Schema(definition, "request").check(use, long)).toBe(long);
});

test("Choice 1: what the definition does not know is refused, or left out where that is wanted", () => {
  const lenient = new Schema(definition, "request", { acceptUnknownMembers: true });
  const use: TypeUse = { ref: "Leaf" };
  const value = { name: "a", size: 1, newer: true };
  expect(() => new Schema(definition, "request").check(use, value)).toThrow(
    "unknown field 'newer'",
  );
  expect(lenient.check(use, value)).toEqual({ name: "a", size: 1 });
  expect(() => lenient.check(use, { name: "a" })).toThrow("missing required field 'size'");
});

test("every served route is in the definition, and every type that it reaches", () => {
  const { routes: types, types: named } = loadDefinition();
  expect(types.map((type) => type.path).toSorted()).toEqual(
    Object.keys(routes)
      .map((name) => `/2/${name}`)
      .toSorted(),
  );
  const referenced = JSON.stringify({ types, named }).match(/"ref":"([^"]+)"/g) ?? [];
  for (const found of referenced) expect(named).toHaveProperty([found.slice(7, -1)]);
});
