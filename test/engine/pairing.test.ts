import { expect, test } from "vitest";
import { MemoryLook, parse, syncedRows } from "./memory-look.ts";

type Case = {
  readonly synced: string;
  readonly seen: string;
  /** Nodes that only the local tree knows; they are numbered from 100. */
  readonly localOnly?: string;
  /** Names on the disk that are others on the server, by path. */
  readonly localNames?: Readonly<Record<string, string>>;
};

/** `path>node` for each sighting, `+` for a new one. */
async function paired({ synced, seen, localOnly = "", localNames = {} }: Case): Promise<string> {
  const agreed = syncedRows(parse(synced)).map((row) => ({
    ...row,
    localName: localNames[row.name],
  }));
  using memory = new MemoryLook({
    synced: agreed,
    localOnly: syncedRows(parse(localOnly), 100),
    seen: parse(seen),
  });
  await memory.look();
  const nodes = memory.nodes();
  return parse(seen)
    .filter(({ kind }) => kind !== "symlink")
    .map(({ path }) => `${path}>${nodes.get(path)}`)
    .join(" ");
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
    "step 2 before step 4: the inode of a removed file was used again for another of its size (S17)",
    { synced: "a #1 5@1, b #2 5@1", seen: "b #1 5@9" },
    "b>2",
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
])("S19: %s", async (_, given, expected) => {
  expect(await paired(given)).toBe(expected);
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
])("S19: %s", async (_, given, expected) => {
  expect(await paired(given)).toBe(expected);
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
])("S20: of hard links, %s", async (_, given, expected) => {
  expect(await paired(given)).toBe(expected);
});

test("S17: an inode that was reused has another birth time, and so another file id", async () => {
  expect(await paired({ synced: "a #77:1000", seen: "b #77:2000" })).toBe("b>+");
});

test("S42: a name on the disk that is another on the server is found by the name on the disk", async () => {
  const synced = "File_(case_conflict) #1";
  const localNames = { "File_(case_conflict)": "File" };
  expect(await paired({ synced, localNames, seen: "File #9 2@2" })).toBe("File>1");
});

test("S19: a name that stands as a link still counts as being on the disk", async () => {
  expect(await paired({ synced: "f #1", seen: "F #9 2@2, f ->" })).toBe("F>+");
});

test("S19: what is below a folder that was not looked into has not disappeared", async () => {
  const synced = "d/ #1, d/a 3@1 =x";
  expect(await paired({ synced, seen: "d/ #1, b 3@9 =x" })).toBe("d>1 b>2");
  expect(await paired({ synced, seen: "d/ #1 !, b 3@9 =x" })).toBe("d>1 b>+");
});

test.each<[string, Case, string]>([
  [
    "the old folder moved elsewhere, and a new one stands at its name",
    { synced: "d/ #1, d/a #2, e/ #3", seen: "d/ #9, d/a #8, e/ #3, e/d/ #1, e/d/a #2" },
    "d>+ d/a>+ e>3 e/d>1 e/d/a>2",
  ],
  [
    "the old folder moved into the new one at its name, and further down",
    { synced: "d/ #1, d/a #2", seen: "d/ #9, d/x/ #8, d/x/old/ #1, d/x/old/a #2, d/a #7" },
    "d>+ d/x>+ d/x/old>1 d/x/old/a>2 d/a>+",
  ],
  [
    "a folder moved into a new folder",
    { synced: "d/ #1, d/a #2", seen: "new/ #9, new/d/ #1, new/d/a #2" },
    "new>+ new/d>1 new/d/a>2",
  ],
  [
    "every inode is another one, as on a disk that was put back",
    { synced: "d/ #1, d/s/ #2, d/s/a #3, b #4", seen: "d/ #11, d/s/ #12, d/s/a #13, b #14" },
    "d>1 d/s>2 d/s/a>3 b>4",
  ],
  [
    "a chain of renames, each with a new file at the old name",
    { synced: "a #1, s/ #9, s/b #2", seen: "a #7, s/ #9, s/b #1, s/c #2" },
    "a>+ s>2 s/b>1 s/c>3",
  ],
  [
    "a file saved by renaming, whose old inode turns up behind it in the walk",
    { synced: "a #1, z/ #2", seen: "a #9 5@5, z/ #2, z/a.bak #1" },
    "a>+ z>2 z/a.bak>1",
  ],
  [
    "a folder renamed in case only, made anew",
    { synced: "Docs/ #1, Docs/a #2", seen: "docs/ #9, docs/a #8" },
    "docs>1 docs/a>2",
  ],
])("S19: %s", async (_, given, expected) => {
  expect(await paired(given)).toBe(expected);
});
