import { expect, test } from "vitest";
import { pathKeyOf } from "../../src/core/path/path-key.ts";
import { baseName, parentPath, parseRelPath } from "../../src/core/path/rel-path.ts";
import { rootNode, type LocalEntry, type SyncedEntry } from "../../src/core/tree/node.ts";
import { pairEntries, type PairingInput, type Sighting } from "../../src/engine/pairing.ts";

/*
 * A tree as text: one line a file or folder, `path #fileId size@mtime =hash`, a folder with a slash at its end.
 * What is left away: no file id, size 1 at time 1, no hash.
 */
type Line = {
  readonly path: string;
  readonly isFolder: boolean;
  readonly fileId: string;
  readonly size: number;
  readonly mtime: string;
  readonly hash: string | undefined;
};

function parse(text: string): Line[] {
  return text
    .split(",")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line) => {
      const [path = "", ...facts] = line.split(" ");
      const state = facts.find((fact) => fact.includes("@")) ?? "1@1";
      const [size, mtime = "1"] = state.split("@");
      return {
        path: path.replace(/\/$/, ""),
        isFolder: path.endsWith("/"),
        fileId: facts.find((fact) => fact.startsWith("#")) ?? "",
        size: Number(size),
        mtime,
        hash: facts.find((fact) => fact.startsWith("=")),
      };
    });
}

function rows(text: string, firstNode = 1): SyncedEntry[] {
  const nodes = new Map([["", rootNode]]);
  return parse(text).map((line, index) => {
    const node = firstNode + index;
    nodes.set(line.path, node);
    const path = parseRelPath(line.path);
    const name = baseName(path);
    return {
      node,
      parent: nodes.get(parentPath(path) ?? "") ?? rootNode,
      kind: line.isFolder ? "folder" : "file",
      name,
      key: pathKeyOf(name),
      hash: line.hash ?? "",
      size: line.size,
      localName: undefined,
      remoteId: `id:${node}`,
      rev: "",
      fileId: line.fileId,
      stamp: `${line.size} ${line.mtime} 7`,
      trusted: true,
    };
  });
}

function localRow({
  node,
  parent,
  kind,
  name,
  key,
  hash,
  size,
  fileId,
  stamp,
}: SyncedEntry): LocalEntry {
  const entry = { node, parent, kind, name, key, hash, size };
  return { ...entry, fileId, stamp, trusted: true, absentAt: undefined };
}

function sightings(lines: readonly Line[]): Sighting[] {
  const positions = new Map(lines.map((line, index) => [line.path, index]));
  return lines.map(({ path, isFolder, fileId, size, mtime }) => ({
    path: parseRelPath(path),
    parent: positions.get(parentPath(parseRelPath(path)) ?? "") ?? -1,
    kind: isFolder ? "folder" : "file",
    stat: { name: baseName(parseRelPath(path)), fileId, size, modifiedNs: mtime },
  }));
}

type Case = {
  readonly synced: string;
  readonly seen: string;
  /** Nodes that only the local tree knows; they are numbered from 100. */
  readonly localOnly?: string;
  readonly more?: Partial<PairingInput>;
};

/** `path>node` for each sighting, `+` for a new one. */
function paired({ synced, seen, localOnly = "", more = {} }: Case): string {
  const lines = parse(seen);
  const agreed = rows(synced);
  const nodes = pairEntries({
    seen: sightings(lines),
    foreign: [],
    opaque: new Set(),
    synced: agreed,
    local: [...agreed, ...rows(localOnly, 100)].map(localRow),
    hashOf: (position) => lines[position]?.hash,
    ...more,
  });
  return lines.map(({ path }, position) => `${path}>${nodes[position] ?? "+"}`).join(" ");
}

test.each<[string, Case, string]>([
  ["step 1: unchanged", { synced: "a #1", seen: "a #1" }, "a>1"],
  ["step 1: a rename is a move", { synced: "a #1", seen: "b #1" }, "b>1"],
  [
    "step 1: a move into another folder",
    { synced: "d/ #1, a #2", seen: "d/ #1, d/a #2" },
    "d>1 d/a>2",
  ],
  [
    "step 1 before step 2: moved away, and a new file at the old name",
    { synced: "a #1", seen: "a #9, b #1" },
    "a>+ b>1",
  ],
  ["step 1: a swap", { synced: "a #1, b #2", seen: "a #2, b #1" }, "a>2 b>1"],
  ["step 1: a rotation", { synced: "a #1, b #2, c #3", seen: "a #3, b #1, c #2" }, "a>3 b>1 c>2"],
  ["step 2: an edit in place", { synced: "a #1 1@1", seen: "a #1 2@5" }, "a>1"],
  ["step 2: a save by renaming", { synced: "a #1 1@1", seen: "a #9 2@5" }, "a>1"],
  [
    "step 2 before step 4: two files edited and swapped keep their names",
    { synced: "a #1, b #2", seen: "a #2 5@5, b #1 6@6" },
    "a>1 b>2",
  ],
  [
    "step 2: another Unicode form is the same name (S16)",
    { synced: "\u00e9 #1", seen: "e\u0301 #9 2@2" },
    "e\u0301>1",
  ],
  ["step 3: only the case changed", { synced: "f.txt #1", seen: "F.TXT #9 2@2" }, "F.TXT>1"],
  [
    "step 3: not while the synced name is on the disk",
    { synced: "f.txt #1", seen: "F.TXT #9 2@2, f.txt #8 3@3" },
    "F.TXT>+ f.txt>1",
  ],
  ["step 4: moved and edited", { synced: "a #1 1@1", seen: "b #1 2@5" }, "b>1"],
  ["step 5: moved where there are no file ids", { synced: "a 3@1 =x", seen: "b 3@9 =x" }, "b>1"],
  [
    "step 5: not when the content is not unique",
    { synced: "a 3@1 =x", seen: "b 3@9 =x, c 3@9 =x" },
    "b>+ c>+",
  ],
  ["step 5: not where there are file ids", { synced: "a #1 =x", seen: "b #9 =x" }, "b>+"],
  [
    "step 6: what only the local tree knows keeps its node",
    { synced: "", localOnly: "new/, new/a #5", seen: "new/ #3, new/a #9 4@4" },
    "new>100 new/a>101",
  ],
  ["step 6: otherwise a new node", { synced: "a #1", seen: "a #1, z #2" }, "a>1 z>+"],
])("S19: %s", (_, given, expected) => {
  expect(paired(given)).toBe(expected);
});

test.each<[string, Case, string]>([
  [
    "a moved folder keeps its children",
    { synced: "d/ #1, d/a #2, d/s/ #3, d/s/b #4", seen: "e/ #1, e/a #2, e/s/ #3, e/s/b #4" },
    "e>1 e/a>2 e/s>3 e/s/b>4",
  ],
  [
    "the children of a moved folder are found by place when they were saved by renaming",
    { synced: "d/ #1, d/a #2", seen: "e/ #1, e/a #9 5@5" },
    "e>1 e/a>2",
  ],
  [
    "a folder made anew under its name is the same folder",
    { synced: "d/ #1, d/a #2", seen: "d/ #8, d/a #9" },
    "d>1 d/a>2",
  ],
  [
    "folders that changed places take their children along",
    { synced: "d/ #1, d/a #2, e/ #3, e/a #4", seen: "d/ #3, d/a #4, e/ #1, e/a #2" },
    "d>3 d/a>4 e>1 e/a>2",
  ],
  [
    "a parent that moved into its child",
    { synced: "a/ #1, a/b/ #2", seen: "b/ #2, b/a/ #1" },
    "b>2 b/a>1",
  ],
  [
    "a file replaced by a folder is another node (S21)",
    { synced: "x #1", seen: "x/ #9, x/y #8" },
    "x>+ x/y>+",
  ],
  [
    "a file that moved into the folder that replaced another",
    { synced: "x #1, y #2", seen: "x/ #9, x/sub/ #8, x/sub/y #2" },
    "x>+ x/sub>+ x/sub/y>2",
  ],
  ["a folder's file id on a file proves nothing", { synced: "d/ #1", seen: "f #1" }, "f>+"],
])("S19: %s", (_, given, expected) => {
  expect(paired(given)).toBe(expected);
});

test.each<[string, Case, string]>([
  ["the synced name keeps the node", { synced: "b #1", seen: "a #1, b #1" }, "a>+ b>1"],
  ["otherwise the smaller name has it", { synced: "x #1", seen: "b #1, c #1" }, "b>1 c>+"],
  [
    "each of two synced names keeps its own",
    { synced: "a #1, b #1", seen: "a #1, b #1" },
    "a>1 b>2",
  ],
  [
    "one of two names that went does not take the other's node",
    { synced: "a #1, b #1", seen: "b #1" },
    "b>2",
  ],
])("S20: of hard links, %s", (_, given, expected) => {
  expect(paired(given)).toBe(expected);
});

test("S17: an inode that was reused has another birth time, and so another file id", () => {
  expect(paired({ synced: "a #77:1000", seen: "b #77:2000" })).toBe("b>+");
});

test("S42: a name on the disk that is another on the server is found by the name on the disk", () => {
  const agreed = rows("File_(case_conflict) #1").map((row) => ({ ...row, localName: "File" }));
  const input = { synced: agreed, local: agreed.map(localRow) };
  expect(paired({ synced: "", seen: "File #9 2@2", more: input })).toBe("File>1");
});

test("S19: a name that stands as a link still counts as being on the disk", () => {
  const given = { synced: "f #1", seen: "F #9 2@2" };
  expect(paired({ ...given, more: { foreign: [{ parent: -1, name: "f" }] } })).toBe("F>+");
});

test("S19: what is below a folder that was not looked into has not disappeared", () => {
  const given = { synced: "d/ #1, d/a 3@1 =x", seen: "d/ #1, b 3@9 =x" };
  expect(paired(given)).toBe("d>1 b>2");
  expect(paired({ ...given, more: { opaque: new Set([0]) } })).toBe("d>1 b>+");
});
