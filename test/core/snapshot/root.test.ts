import { hash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../../../src/core/snapshot/checked-json.ts";
import { decodeRoot, encodeRoot, sealRoot } from "../../../src/core/snapshot/root.ts";
import type { SnapshotRoot } from "../../../src/core/snapshot/root.ts";

const digest = "cd".repeat(32);

const full: Omit<SnapshotRoot, "id"> = {
  format: 1,
  time: "2026-11-21T17:50:42Z",
  tool: "0.1.0",
  workspace: { id: "w", path: "/home/ü", device: "d", host: "h" },
  link: { account: "dbid:1", path: "/Work" },
  side: "local",
  rules: "r",
  sync: { pending: 3, conflicting: 0 },
  paths: ["a", "b/c"],
  completeness: "partial",
  label: 'the "good" one',
  tags: ["x"],
  reason: "manual",
  parent: digest,
  lists: [digest],
  counts: { files: 1, folders: 2, others: 3, bytes: 4 },
  stored: 5,
  left: { count: 1, items: [{ path: "s", reason: "a socket" }] },
};

const { link: _link, label: _label, parent: _parent, paths: _paths, ...required } = full;
const least: Omit<SnapshotRoot, "id"> = { ...required, sync: "clean", tags: [], lists: [] };

test.each([full, least])("N24: a root comes back as it was", (facts) => {
  const root = sealRoot(facts);
  expect(decodeRoot(encodeRoot(root), "root")).toEqual(root);
});

test("N24: the text is canonical and the id is the hash of the text without it", () => {
  const root = sealRoot(full);
  const text = encodeRoot(root);
  expect(text.endsWith("}\n")).toBe(true);
  expect(text.startsWith('{"completeness":"partial","counts":{"bytes":4,"files":1,')).toBe(true);
  expect(root.id).toBe(hash("sha256", text.replace(`"id":"${root.id}",`, ""), "hex"));
});

test("one flipped bit anywhere in a root is damage", () => {
  const text = encodeRoot(sealRoot(full));
  for (let at = 0; at < text.length; at += 1) {
    const flipped =
      text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1);
    expect(() => decodeRoot(flipped, "root"), `byte ${at}`).toThrow(
      expect.objectContaining({ code: "damaged" }),
    );
  }
});

test("an unknown field belongs to what the id covers", () => {
  const root = sealRoot({ ...full, later: { deep: [1] } } as Omit<SnapshotRoot, "id">);
  const text = encodeRoot(root);
  expect(decodeRoot(text, "root").id).toBe(root.id);
  expect(() => decodeRoot(text.replace('"deep":[1]', '"deep":[2]'), "root")).toThrow(/hash/);
});

test("N13: a root of a later format asks for a later version", () => {
  const text = encodeRoot(sealRoot({ ...full, format: 2 } as unknown as Omit<SnapshotRoot, "id">));
  expect(() => decodeRoot(text, "root")).toThrow(
    expect.objectContaining({ code: "version-too-new" }),
  );
});

describe("a root with a right hash and wrong fields is damage", () => {
  const wrong: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ["time", { time: "yesterday" }],
    ["impossible time", { time: "2026-13-41T25:00:00Z" }],
    ["list", { lists: ["../../etc/passwd"] }],
    ["lists", { lists: { 0: digest } }],
    ["side", { side: "both" }],
    ["completeness", { completeness: "all" }],
    ["reason", { reason: "" }],
    ["counts", { counts: { files: -1, folders: 0, others: 0, bytes: 0 } }],
    ["giant count", { stored: 1e300 }],
    ["sync", { sync: "dirty" }],
    ["sync counts", { sync: { pending: "1", conflicting: 0 } }],
    ["workspace", { workspace: null }],
    ["left", { left: { count: 1, items: [null] } }],
    ["tags", { tags: [1] }],
    ["parent", { parent: "latest" }],
  ];
  test.each(wrong)("%s", (_name, fields) => {
    const facts = { ...full, ...fields };
    const text = canonicalJson({ ...facts, id: hash("sha256", canonicalJson(facts), "hex") });
    expect(() => decodeRoot(text, "root")).toThrow(expect.objectContaining({ code: "damaged" }));
  });
});

test.each([
  {
    what: { b: [{ d: 1, c: undefined, a: "x" }], a: null },
    text: '{"a":null,"b":[{"a":"x","d":1}]}',
  },
  {
    what: { a: null, b: [{ a: "x", c: undefined, d: 1 }] },
    text: '{"a":null,"b":[{"a":"x","d":1}]}',
  },
  { what: { a: [{ c: 1 }, { e: { g: 1, f: 2 } }] }, text: '{"a":[{"c":1},{"e":{"f":2,"g":1}}]}' },
  { what: { a: 1, A: 2, "10": 3, "9": 4 }, text: '{"9":4,"10":3,"A":2,"a":1}' },
])(
  "canonical JSON sorts keys at every depth and drops what is undefined: $text",
  ({ what, text }) => {
    expect(canonicalJson(what)).toBe(`${text}\n`);
  },
);
