import { describe, expect, test } from "vitest";
import { end, good, imported, member, raw, resultOf } from "./made-archives.ts";
import { ScratchStore, contentOf } from "./scratch-store.ts";

describe("X12: an archive with one bad thing", () => {
  const thousand = Array.from({ length: 1000 }, (_, at) =>
    member({ name: `g/${at}`, content: "x" }),
  );
  test.each<[string, Buffer, RegExp]>([
    [
      "an absolute name",
      member({ name: "/etc/passwd", content: "x" }),
      /^\/etc\/passwd: Refused: its name is absolute/,
    ],
    [
      "a name that climbs",
      member({ name: "a/../../b", content: "x" }),
      /a part of its name is "\.\."/,
    ],
    ["a name of dots", member({ name: "..", type: "Directory" }), /is "\.\."/],
    ["a dot inside", member({ name: "a/./b", content: "x" }), /is "\."/],
    ["an empty part", member({ name: "a//b", content: "x" }), /is empty/],
    ["a drive letter", member({ name: "C:/x", content: "x" }), /drive letter/],
    ["a backslash", member({ name: "a\\..\\b", content: "x" }), /backslash/],
    ["a name beyond 255 bytes", member({ name: "n".repeat(256), content: "x" }), /longer than 255/],
    [
      "a path beyond 4096 bytes",
      member({ name: `${"d".repeat(200)}/`.repeat(21) + "f", content: "x" }),
      /too long/,
    ],
    ["a depth beyond 256", member({ name: `${"d/".repeat(257)}f`, content: "x" }), /too deep/],
    [
      "a name that is no UTF-8",
      member({ name: Buffer.from([0x61, 0xff]), content: "x" }),
      /not valid UTF-8/,
    ],
    ["a name of ours", member({ name: ".snap/root.json", content: "{}" }), /program's own name/],
    ["a name of ours, deeper", member({ name: "d/.SNAP/x", content: "{}" }), /program's own name/],
    [
      "a staging name of ours",
      member({ name: ".snap-tmp-1", content: "{}" }),
      /program's own name/,
    ],
    [
      "a link to an absolute place",
      member({ name: "l", type: "SymbolicLink", target: "/etc" }),
      /^l: Refused: the link leads out/,
    ],
    [
      "a link that climbs out",
      member({ name: "d/l", type: "SymbolicLink", target: "../../x" }),
      /the link leads out/,
    ],
    [
      "a link without a target",
      member({ name: "l", type: "SymbolicLink", target: "" }),
      /no target/,
    ],
    [
      "a hard link to an absolute place",
      member({ name: "l", type: "Link", target: "/etc/passwd" }),
      /not in the archive/,
    ],
    [
      "a hard link to what is not there",
      member({ name: "l", type: "Link", target: "nowhere" }),
      /no file before it/,
    ],
    [
      "a hard link to itself",
      member({ name: "l", type: "Link", target: "l" }),
      /no file before it/,
    ],
    ["an old sparse file", raw("S", "sparse", "x".repeat(600)), /stored sparse/],
    ["a member of an unknown kind", raw("Z", "odd", "x"), /another program/],
    ["a part of another volume", raw("M", "odd", "x"), /another program/],
  ])("%s: it is refused and told, its siblings are taken", async (_what, bad, reason) => {
    for (const before of [[good], [good, ...thousand]]) {
      const { paths, left, root } = await resultOf(
        Buffer.concat([...before, bad, member({ name: "z" }), end]),
      );
      expect(left).toHaveLength(1);
      expect(left[0]).toMatch(reason);
      expect(paths.filter((path) => !path.startsWith("g/") && path !== "g")).toEqual(["good", "z"]);
      expect(paths).toHaveLength(before.length === 1 ? 2 : 1003);
      expect(root.completeness).toBe("partial");
    }
  });

  test("an entry below a link or file is refused, whichever comes first", async () => {
    const link = member({ name: "d", type: "SymbolicLink", target: "good" });
    const below = member({ name: "d/x", content: "x" });
    for (const parts of [
      [good, link, below],
      [below, good, link],
    ]) {
      const { paths, left } = await resultOf(Buffer.concat([...parts, end]));
      expect(paths).toEqual(["d", "good"]);
      expect(left).toEqual([expect.stringContaining('d/x: Refused: it lies below "d"')]);
    }
    const file = await resultOf(
      Buffer.concat([good, member({ name: "good/x", content: "x" }), end]),
    );
    expect(file.paths).toEqual(["good"]);
    expect(file.left).toHaveLength(1);
  });

  test("of two files of one name the last counts; another kind is refused", async () => {
    const again = member({ name: "good", content: "newer" });
    const twice = await resultOf(Buffer.concat([good, again, end]));
    expect(twice.paths).toEqual(["good"]);
    expect(twice.entries[0]?.size).toBe(5);
    expect(twice.left).toEqual([]);
    const folder = member({ name: "good/", type: "Directory" });
    const changed = await resultOf(Buffer.concat([good, folder, end]));
    expect(changed.entries.map(({ type }) => type)).toEqual(["file"]);
    expect(changed.left).toEqual([expect.stringContaining("as different things")]);
  });

  test("a hard link has the content that its target had then", async () => {
    using scratch = new ScratchStore();
    const store = await scratch.open();
    const parts = [
      member({ name: "b", content: "first" }),
      member({ name: "a", type: "Link", target: "./b", mode: 0o600 }),
      member({ name: "b", content: "second" }),
      member({ name: "c", type: "Link", target: "b" }),
      end,
    ];
    const root = await imported(store, Buffer.concat(parts));
    const texts: string[] = [];
    for await (const entry of store.entries(root.id)) {
      texts.push(
        `${entry.path} ${(await contentOf(store, entry)).toString()} ${entry.linkGroup ?? ""}`,
      );
    }
    expect(texts).toEqual(["a first b", "b second b", "c second b"]);
  });

  test("X9: special bits never come from an archive", async () => {
    const { entries } = await resultOf(Buffer.concat([member({ name: "s", mode: 0o6755 }), end]));
    expect(entries[0]?.mode).toBe("755");
  });

  test("devices and pipes are listed as what they are not", async () => {
    const parts = [raw("3", "tty"), raw("4", "disk"), raw("6", "pipe"), good, end];
    const { entries, left } = await resultOf(Buffer.concat(parts));
    expect(entries.map(({ path, type }) => `${path} ${type}`)).toEqual([
      "disk other",
      "good file",
      "pipe other",
      "tty other",
    ]);
    expect(left).toEqual([]);
  });

  test("names that differ by case or form alone stay as they are", async () => {
    const names = ["A", "a", "é", "e\u0301"];
    const { paths } = await resultOf(
      Buffer.concat([...names.map((name) => member({ name })), end]),
    );
    expect(paths.toSorted()).toEqual(names.toSorted());
  });
});
