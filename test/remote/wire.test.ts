import { expect, test } from "vitest";
import type { RemoteChange } from "../../src/core/tree/remote-item.ts";
import { changeOf, itemOf, parseTop } from "../../src/remote/wire.ts";
import { linesOf } from "./linked.ts";

const hash = "ab".repeat(32);

/** A file as the service lists it, at a path whose case the server has lowered. */
function file(path: string, more: object = {}): object {
  return {
    ".tag": "file",
    name: path.slice(path.lastIndexOf("/") + 1),
    path_lower: path.toLowerCase(),
    path_display: path,
    id: "id:abc",
    client_modified: "2026-01-02T03:04:05Z",
    rev: "0123456789abc",
    size: 7,
    is_downloadable: true,
    content_hash: hash,
    ...more,
  };
}

const line = (change: RemoteChange | undefined): string | undefined =>
  linesOf([
    { changes: change === undefined ? [] : [change], cursor: "", complete: true, restart: false },
  ])[0];

test("a file becomes an item below the linked folder", () => {
  expect(changeOf(file("/Top/Sub/A.txt"), "/top")).toEqual({
    change: "present",
    item: {
      kind: "file",
      path: "Sub/A.txt",
      keys: ["sub", "a.txt"],
      name: "A.txt",
      remoteId: "id:abc",
      rev: "0123456789abc",
      hash,
      size: 7,
      modified: Date.UTC(2026, 0, 2, 3, 4, 5),
    },
  });
});

test("S15, S35: keys come from path_lower, the name from name, parents from path_display", () => {
  const entry = file("/x", { name: "C", path_lower: "/a/b/c", path_display: "/A/b/c" });
  expect(changeOf(entry, "")).toMatchObject({ item: { path: "A/b/C", keys: ["a", "b", "c"] } });
});

test("the linked folder itself and documents of ours are left out", () => {
  const folder = {
    ".tag": "folder",
    name: "Top",
    path_lower: "/top",
    path_display: "/Top",
    id: "id:t",
  };
  expect(changeOf(folder, "/Top")).toBeUndefined();
  expect(changeOf(file("/Top/.snap/devices/a.json"), "/Top")).toBeUndefined();
  expect(changeOf(file("/Top/.SNAP/x"), "/Top")).toBeUndefined();
  expect(line(changeOf(file("/Top/sub/.snap/x"), "/Top"))).toBe("file sub/.snap/x");
});

test("X25: names of prototypes are names", () => {
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    expect(line(changeOf(file(`/${name}/${name}`), ""))).toBe(`file ${name}/${name}`);
  }
});

test.each([
  ["a backslash", "/a\\b", "its name contains a backslash"],
  ["a dot", "/x/./y", 'its name is "."'],
  ["two dots", "/x/../../y", 'its name is ".."'],
  ["an empty component", "/x//y", "its name is empty"],
  ["a NUL", "/a\0b", "its name contains a NUL character"],
  ["a lone surrogate", "/a\ud800", "its name is not well-formed Unicode"],
  ["too many bytes", `/${"é".repeat(200)}`, "its name is longer than 255 bytes"],
  ["too great a depth", "/a".repeat(300), "it lies too deep"],
  ["too long a path", `/${"a".repeat(200)}`.repeat(30), "its path is too long"],
])("X1, X13: %s is refused, with the reason", (_what, path, reason) => {
  expect(changeOf(file(path), "")).toMatchObject({ change: "refused", reason });
  const gone = { ".tag": "deleted", name: "x", path_lower: path, path_display: path };
  expect(changeOf(gone, ""), "its removal ends the refusal, and needs no name").toEqual({
    change: "removed",
    keys: path.split("/").slice(1),
  });
});

test.each([
  ["a slash in the name", file("/a", { name: "a/b" })],
  ["a name that is not the one of the path", file("/a", { name: "b" })],
  ["another display than path", file("/a", { path_display: "/x/a" })],
  ["a place beside the linked folder", file("/beside/a")],
  ["a folder whose name only begins like the linked one", file("/topping/a")],
  ["no path", file("/a", { path_lower: undefined, path_display: undefined })],
  ["no id", file("/a", { id: undefined })],
  ["no rev", file("/a", { rev: undefined })],
  ["a rev that is none", file("/a", { rev: "../../x" })],
  ["no hash", file("/a", { content_hash: undefined })],
  ["a hash that is none", file("/a", { content_hash: "zz" })],
  ["a size that is none", file("/a", { size: -1 })],
  ["a huge size", file("/a", { size: 2 ** 60 })],
  ["a document that is only online", file("/a", { is_downloadable: false })],
  ["a symbolic link", file("/a", { symlink_info: { target: "/etc" } })],
  ["a kind that nobody knows", file("/a", { ".tag": "portal" })],
  ["a text", "file"],
  ["null", null],
])("X1: %s is refused, and nothing is repaired", (what, entry) => {
  const top = what.includes("linked") ? "/top" : "";
  expect(changeOf(entry, top)).toMatchObject({ change: "refused" });
  expect(() => itemOf(entry, top)).toThrow(
    expect.objectContaining({ code: "name-refused" }) as Error,
  );
});

test("a deletion names the keys of what is gone", () => {
  const entry = { ".tag": "deleted", name: "B", path_lower: "/top/a/b", path_display: "/Top/A/B" };
  expect(changeOf(entry, "/TOP")).toEqual({ change: "removed", keys: ["a", "b"] });
});

test("an answer without tag is a file if it has a rev, else a folder", () => {
  expect(itemOf(file("/a", { ".tag": undefined }), "").kind).toBe("file");
  const folder = { name: "a", path_lower: "/a", path_display: "/a", id: "id:f" };
  expect(itemOf(folder, "").kind).toBe("folder");
});

test("a time that cannot be read is no reason to refuse a file", () => {
  expect(itemOf(file("/a", { client_modified: "soon" }), "").modified).toBe(0);
});

test.each(["/", "a", "/a/", "/a//b", "/.."])("%j is no folder to link", (top) => {
  expect(() => parseTop(top)).toThrow(expect.objectContaining({ code: "path-invalid" }) as Error);
});
