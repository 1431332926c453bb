import fc from "fast-check";
import { expect, test } from "vitest";
import {
  attributeDump,
  attributeTroubles,
  decodeText,
  parseAttributeDump,
} from "../../../src/core/snapshot/attribute-text.ts";
import {
  attributeLimits,
  attributesTrouble,
  isKeptAttribute,
  isPrivilegedAttribute,
} from "../../../src/core/snapshot/attributes.ts";
import { decodeEntry, encodeEntry } from "../../../src/core/snapshot/entry.ts";

const file = { path: "a", type: "file", size: 0, blocks: [], flags: [] } as const;

/** Bytes of a path or name, one a character; no zero byte, which no disk takes. */
const bytes = fc
  .uint8Array({ min: 1, minLength: 1, maxLength: 40 })
  .map((array) => Buffer.from(array).toString("latin1"));

const value = fc
  .uint8Array({ maxLength: 80 })
  .map((array) => Buffer.from(array).toString("base64"));

test("N38: what is written for setfattr is read from getfattr alike, whatever bytes are in names", () => {
  const files = fc.uniqueArray(
    fc.record({
      path: bytes.map((name) => `/${name}`),
      attributes: fc.uniqueArray(
        fc.tuple(
          bytes.map((name) => `user.${name}`),
          value,
        ),
        { selector: ([name]) => name, maxLength: 5 },
      ),
    }),
    { selector: ({ path }) => path, maxLength: 6 },
  );
  fc.assert(
    fc.property(files, (given) => {
      expect(parseAttributeDump(attributeDump(given))).toEqual(given);
    }),
  );
});

test("N38: the dump of getfattr 2.5.1, as it was printed", () => {
  const dump = [
    '# file: /t/b\\012c \\134\\134\xff="',
    "user.x\\075y\\012z\\134w=0sZm9v",
    "user.empty=0s",
    "user.bare",
    "",
    "# file: /t/l",
    "trusted.l=0sMQ==",
    "",
    "",
  ].join("\n");
  expect(parseAttributeDump(Buffer.from(dump, "latin1"))).toEqual([
    {
      path: '/t/b\nc \\\\\xff="',
      attributes: [
        ["user.x=y\nz\\w", "Zm9v"],
        ["user.empty", ""],
        ["user.bare", ""],
      ],
    },
    { path: "/t/l", attributes: [["trusted.l", "MQ=="]] },
  ]);
});

test.each(["user.a=0sMQ==", "# file: /a\nuser.a=0x00", '# file: /a\nuser.a="text"'])(
  "a dump of another form is refused: %j",
  (dump) => {
    expect(() => parseAttributeDump(Buffer.from(dump))).toThrow(/getfattr wrote/u);
  },
);

test("N38: access lists are set last, for they may take away the right to set the rest", () => {
  const attributes = [
    ["system.posix_acl_access", "AAAA"],
    ["user.a", "MQ=="],
  ] as const;
  const text = Buffer.from(attributeDump([{ path: "/a", attributes }])).toString();
  expect(text).toBe("# file: /a\nuser.a=0sMQ==\nsystem.posix_acl_access=0sAAAA\n\n");
});

test("complaints name a file that was asked for, or none", () => {
  const said = [
    "getfattr: /t/no\\012pe: No such file or directory",
    "/t/a: b: user.c: Permission denied",
    "xargs: getfattr: not found",
    "",
  ].join("\n");
  expect(attributeTroubles(said, ["/t/no\npe", "/t/a: b", "/t/a"])).toEqual([
    { path: "/t/no\npe", reason: "No such file or directory" },
    { path: "/t/a: b", reason: "user.c: Permission denied" },
    { path: undefined, reason: "xargs: getfattr: not found" },
  ]);
});

test("bytes that are no text have none", () => {
  expect(decodeText("\xc3\xbc")).toBe("ü");
  expect(decodeText("\xff")).toBeUndefined();
});

test.each([
  ["user.a", true, false],
  ["system.posix_acl_access", true, false],
  ["system.posix_acl_default", true, false],
  ["security.capability", true, true],
  ["trusted.a", true, true],
  ["security.selinux", false, false],
  ["security.ima", false, false],
  ["system.nfs4_acl", false, false],
  ["user.", false, false],
  ["__proto__", false, false],
])("N38: %s is kept: %s, and gives rights: %s", (name, isKept, isPrivileged) => {
  expect(isKeptAttribute(name)).toBe(isKept);
  expect(isPrivilegedAttribute(name)).toBe(isPrivileged);
});

test("N23: an entry carries its attributes, and passes over names that it does not know", () => {
  const attributes = { "user.a": "MQ==", "user.b": "" };
  const line = encodeEntry({ ...file, attributes });
  expect(line).toContain('"xa":{"user.a":"MQ==","user.b":""}');
  expect(decodeEntry(line).attributes).toEqual(attributes);
  expect(decodeEntry(encodeEntry(file))).not.toHaveProperty("attributes");
  const later = line.replace('"user.b"', '"later.b"');
  expect(decodeEntry(later).attributes).toEqual({ "user.a": "MQ==" });
});

test.each([
  ["no base64", { "user.a": "*" }],
  ["a value that is too long", { "user.a": "A".repeat((attributeLimits.valueBytes * 4) / 3 + 4) }],
  ["a name that is too long", { [`user.${"n".repeat(255)}`]: "" }],
  ["a zero in a name", { "user.\0": "" }],
  [
    "too many",
    Object.fromEntries(
      Array.from({ length: attributeLimits.names + 1 }, (_, n) => [`user.${n}`, ""]),
    ),
  ],
  [
    "too much",
    Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`user.${n}`, "A".repeat(64 * 1024)])),
  ],
])("X13: %s is damage, not an entry", (_what, attributes) => {
  expect(attributesTrouble(attributes)).toBeDefined();
  expect(() => decodeEntry(encodeEntry({ ...file, attributes }))).toThrow(/refused/u);
});
