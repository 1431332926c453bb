import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeEntry, encodeEntry, entryTrouble } from "../../../src/core/snapshot/entry.ts";
import type { SnapshotEntry } from "../../../src/core/snapshot/entry.ts";
import { blockBytes, contentHashOfBlocks } from "../../../src/core/tree/content-hash.ts";

const hash = fc.stringMatching(/^[0-9a-f]{64}$/);
const name = fc
  .string({ unit: "binary", minLength: 1, maxLength: 12 })
  .filter((text) => !/[/\0]/.test(text) && ![".", "..", ".snap"].includes(text));
const path = fc.array(name, { minLength: 1, maxLength: 5 }).map((names) => names.join("/"));
const metadata = fc.record(
  {
    modifiedNs: fc.bigInt({ min: -1n, max: 10n ** 19n }).map(String),
    mode: fc.constantFrom("644", "4755", "0"),
    owner: fc.constantFrom("0:0", "1000:33"),
  },
  { requiredKeys: [] },
);
const remote = fc.record(
  {
    remote: fc.record({ id: fc.string(), rev: fc.string(), modified: fc.nat() }),
    linkGroup: fc.string(),
    pathBytes: fc.base64String(),
  },
  { requiredKeys: [] },
);
const flags = fc.subarray(["changing", "unreadable", "thin", "ignored"] as const);
const withBlocks = fc.array(hash, { maxLength: 4 }).map((blocks) => ({
  size: blocks.length * blockBytes,
  blocks,
  hash: contentHashOfBlocks(blocks),
}));
const content = fc.oneof(
  withBlocks,
  fc.record({ size: fc.nat(), hash }),
  fc.record({ size: fc.nat() }),
  fc.constant({}),
);

const file = fc
  .tuple(path, content, metadata, remote, flags)
  .map(([where, what, facts, cloud, odd]): SnapshotEntry => ({
    path: where,
    type: "file",
    ...what,
    ...facts,
    ...cloud,
    flags: odd,
  }));
const folder = fc.tuple(path, metadata, flags).map(([where, facts, odd]): SnapshotEntry => ({
  path: where,
  type: "folder",
  ...facts,
  flags: odd,
}));
const link = fc
  .tuple(
    path,
    fc.string({ minLength: 1 }).filter((text) => !text.includes("\0")),
  )
  .map(([where, linkTarget]): SnapshotEntry => ({
    path: where,
    type: "symlink",
    linkTarget,
    flags: [],
  }));

test("N23: every entry comes back from its line as it was, and gives the same line again", () => {
  fc.assert(
    fc.property(fc.oneof(file, folder, link), (entry) => {
      const line = encodeEntry(entry);
      expect(line).not.toContain("\n");
      expect(decodeEntry(line)).toEqual(entry);
      expect(encodeEntry(decodeEntry(line))).toBe(line);
    }),
  );
});

test("N23: the keys are short and absent when empty; an empty file keeps its empty block list", () => {
  expect(encodeEntry({ path: "a", type: "folder", flags: [] })).toBe('{"p":"a","t":"d"}');
  expect(encodeEntry({ path: "e", type: "file", size: 0, blocks: [], hash: "x", flags: [] })).toBe(
    '{"p":"e","t":"f","s":0,"b":[]}',
  );
});

test("N20: unknown fields and flags of later versions are passed over", () => {
  const line = '{"p":"a","t":"d","chunks":[1],"e":["ignored","shiny"],"__proto__":{"t":"f"}}';
  expect(decodeEntry(line)).toEqual({ path: "a", type: "folder", flags: ["ignored"] });
});

const digest = "ab".repeat(32);

describe("X12, X13: a line that no capture writes is damaged", () => {
  const refused: Readonly<Record<string, string>> = {
    "no JSON": '{"p":"a"',
    "no object": '["a"]',
    null: "null",
    "no path": '{"t":"d"}',
    "no type": '{"p":"a"}',
    "unknown type": '{"p":"a","t":"x"}',
    "inherited type": '{"p":"a","__proto__":{"t":"d"}}',
    "empty path": '{"p":"","t":"d"}',
    absolute: '{"p":"/etc","t":"d"}',
    upwards: '{"p":"a/../../b","t":"d"}',
    dot: '{"p":"./a","t":"d"}',
    "empty name": '{"p":"a//b","t":"d"}',
    NUL: '{"p":"a\\u0000b","t":"d"}',
    "lone surrogate": '{"p":"a\\ud800","t":"d"}',
    "our own folder": '{"p":".snap/root.json","t":"f"}',
    "long path": `{"p":"${"a".repeat(5000)}","t":"d"}`,
    "deep path": `{"p":"${"a/".repeat(300)}a","t":"d"}`,
    "negative size": '{"p":"a","t":"f","s":-1}',
    "fractional size": '{"p":"a","t":"f","s":1.5}',
    "giant size": '{"p":"a","t":"f","s":1e300}',
    "size as text": '{"p":"a","t":"f","s":"1"}',
    "blocks without size": '{"p":"a","t":"f","b":[]}',
    "too few blocks": `{"p":"a","t":"f","s":9000000,"b":["${digest}"]}`,
    "too many blocks": `{"p":"a","t":"f","s":1,"b":["${digest}","${digest}"]}`,
    "block that is a path": '{"p":"a","t":"f","s":1,"b":["../../../etc/passwd"]}',
    "upper-case block": `{"p":"a","t":"f","s":1,"b":["${digest.toUpperCase()}"]}`,
    "blocks of a folder": `{"p":"a","t":"d","s":1,"b":["${digest}"]}`,
    "wrong content hash": '{"p":"a","t":"f","h":"1234"}',
    "owner with a name": '{"p":"a","t":"d","u":"root:root"}',
    "owner that no system has": '{"p":"a","t":"d","u":"4294967295:0"}',
    "mode with words": '{"p":"a","t":"d","x":"u+x; reboot"}',
    "time with words": '{"p":"a","t":"d","n":"now"}',
    "link without target": '{"p":"a","t":"l"}',
    "link to NUL": '{"p":"a","t":"l","l":"a\\u0000"}',
    "target without link": '{"p":"a","t":"f","l":"b"}',
    "half a remote": '{"p":"a","t":"f","id":"id:1"}',
  };
  test.each(Object.entries(refused))("%s", (_name, line) => {
    expect(() => decodeEntry(line)).toThrow(expect.objectContaining({ code: "damaged" }));
  });
});

test("a file of more than 2 TiB is refused before its list of blocks is written", () => {
  const blocks = Array.from({ length: 2 ** 19 + 1 }, () => digest);
  const entry: SnapshotEntry = { path: "a", type: "file", size: 2 ** 41 + 1, blocks, flags: [] };
  expect(entryTrouble(entry)).toBe("it is too large");
  expect(entryTrouble({ ...entry, size: 2 ** 41, blocks: blocks.slice(1) })).toBeUndefined();
});
