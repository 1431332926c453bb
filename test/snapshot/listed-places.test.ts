import { expect, test } from "vitest";
import { pathKeyOf } from "../../src/core/path/path-key.ts";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import type { RemoteChange } from "../../src/core/tree/remote-item.ts";
import { ListedPlaces } from "../../src/snapshot/listed-places.ts";
import { seededRng } from "../../src/std/random.ts";
import { MemorySpool } from "../support/memory-spool.ts";

const keysOf = (path: string) => path.split("/").map(pathKeyOf);

function file(path: string, size = 1): RemoteChange {
  return present("file", path, size);
}

function folder(path: string): RemoteChange {
  return present("folder", path, 0);
}

function present(kind: "file" | "folder", path: string, size: number): RemoteChange {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const facts = { rev: "123456789", hash: "", size, modified: 0, remoteId: `id:${path}` };
  const item = { kind, path: parseRelPath(path), keys: keysOf(path), name, ...facts };
  return { change: "present", item };
}

function removed(path: string): RemoteChange {
  return { change: "removed", keys: keysOf(path) };
}

function left(changes: readonly (RemoteChange | "restart")[]): readonly string[] {
  using places = new ListedPlaces(() => new MemorySpool(), 500);
  for (const change of changes) {
    if (change === "restart") places.restart();
    else places.add(change);
  }
  return [...places.alive()].map((place) =>
    place.reason === undefined
      ? `${place.path}${place.kind === "folder" ? "/" : ` ${place.size}`}`
      : `${place.path}: ${place.reason}`,
  );
}

test("N40: of each place the last line counts, and a removal takes what was told before of all below it", () => {
  expect(left([file("a", 1), file("A", 2)])).toEqual(["A 2"]);
  expect(left([folder("d"), file("d/a"), removed("d"), file("e")])).toEqual(["e 1"]);
  expect(left([folder("d"), file("d/a"), removed("d"), folder("d"), file("d/b")])).toEqual([
    "d/",
    "d/b 1",
  ]);
  expect(left([removed("d"), folder("d"), file("d/a"), removed("d/a")])).toEqual(["d/"]);
});

test("N40: a file takes the place of a folder with all that was in it, and a folder keeps what is in it", () => {
  expect(left([folder("d"), file("d/x/a"), file("d")])).toEqual(["d 1"]);
  expect(left([file("d/a"), folder("d")])).toEqual(["d/", "d/a 1"]);
  expect(left([file("d"), folder("d"), file("d/a")])).toEqual(["d/", "d/a 1"]);
  expect(left([file("d/a"), file("d"), file("d/b")])).toEqual([
    "d 1",
    "d/b: Left in Dropbox: it is listed below a file",
  ]);
});

test("N40: only the last name of a line is sure to be in the right case", () => {
  expect(left([file("docs/sub/a.txt"), folder("docs/SUB"), folder("Docs")])).toEqual([
    "Docs/",
    "Docs/SUB/",
    "Docs/SUB/a.txt 1",
  ]);
  expect(left([file("x/y/Z")])).toEqual(["x/", "x/y/", "x/y/Z 1"]);
});

test("N40: a listing that begins anew forgets what was told before", () => {
  expect(left([file("a"), folder("d"), file("d/b"), "restart", file("c")])).toEqual(["c 1"]);
});

test("N40: what no disk may be given is told with its reason, until something else is there", () => {
  const refused = { change: "refused", path: "d\\e", place: "d\\e", reason: "its name" } as const;
  expect(left([refused, file("a")])).toEqual(["a 1", "d\\e: Left in Dropbox: its name"]);
  expect(left([refused, { change: "removed", keys: keysOf("d\\e") }])).toEqual([]);
});

/** What a tree in memory makes of the same lines. */
class ModelTree {
  readonly #files = new Map<string, number>();

  apply(act: "file" | "folder" | "removed", path: string, size: number): void {
    this.#files.delete(path);
    if (act !== "folder") this.#dropBelow(path);
    if (act === "file") this.#files.set(path, size);
  }

  /** A server lists nothing below a file. */
  isBelowFile(path: string): boolean {
    return [...this.#files.keys()].some((file) => path.startsWith(`${file}/`));
  }

  lines(): readonly string[] {
    return [...this.#files].map(([path, size]) => `${path} ${size}`).toSorted();
  }

  #dropBelow(path: string): void {
    for (const file of this.#files.keys()) {
      if (file.startsWith(`${path}/`)) this.#files.delete(file);
    }
  }
}

test("N40: any order of lines gives what a tree in memory would", () => {
  const bytes = seededRng(5).bytes(300 * 40 * 5);
  let at = 0;
  const pick = <T>(items: readonly [T, ...T[]]): T => {
    at += 1;
    return items[(bytes[at] ?? 0) % items.length] ?? items[0];
  };
  for (let round = 0; round < 300; round += 1) {
    const changes: RemoteChange[] = [];
    const model = new ModelTree();
    for (let line = 0; line < 40; line += 1) {
      const depth = pick([1, 2, 3]);
      const path = Array.from({ length: depth }, () => pick(["a", "b", "c"])).join("/");
      if (model.isBelowFile(path)) continue;
      const act = pick(["file", "folder", "removed"] as const);
      model.apply(act, path, line);
      changes.push(
        act === "removed" ? removed(path) : act === "file" ? file(path, line) : folder(path),
      );
    }
    const files = left(changes).filter((line) => !line.endsWith("/"));
    expect(files.toSorted()).toEqual(model.lines());
  }
});
