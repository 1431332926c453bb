import { expect, test } from "vitest";
import { rootNode } from "../../src/core/tree/node.ts";
import type { RemoteChange } from "../../src/core/tree/remote-item.ts";
import type { IndexStore } from "../../src/ports.ts";
import { LinkedWorkspace } from "./linked-workspace.ts";
import { folder, item, listing, listingAnew, refused, removed } from "./remote-pages.ts";

/** Counts the rows that are read of the remote tree. */
function countReads({ remote }: IndexStore): { reads: number } {
  const count = { reads: 0 };
  const get = remote.get.bind(remote);
  const children = remote.children.bind(remote);
  const childByKey = remote.childByKey.bind(remote);
  const all = remote.all.bind(remote);
  Object.assign(remote, {
    get: (...args: Parameters<typeof get>) => ((count.reads += 1), get(...args)),
    childByKey: (...args: Parameters<typeof childByKey>) => (
      (count.reads += 1),
      childByKey(...args)
    ),
    *children(...args: Parameters<typeof children>) {
      for (const row of children(...args)) {
        count.reads += 1;
        yield row;
      }
    },
    *all() {
      for (const row of all()) {
        count.reads += 1;
        yield row;
      }
    },
  });
  return count;
}

const many = (names: number): RemoteChange[] => [
  folder("d", "D"),
  ...Array.from({ length: names }, (_, file) => item(`d/f${file}`, `F${file}`)),
];

test("S5: an edit, a new file and a removal among thousands are observed by a few rows", async () => {
  await using workspace = await LinkedWorkspace.open();
  await listing(workspace, many(3_000));
  const count = countReads(workspace.index);
  await listing(workspace, [item("d/f7", "F7", { rev: "other" })]);
  await listing(workspace, [item("d/new", "N"), removed("d/f9")]);
  await listing(workspace, []);
  expect(count.reads).toBeLessThan(60);
  expect(workspace.index.remote.count()).toBe(3_001);
});

test("S5, S91: of a folder that moved only what is below is judged again", async () => {
  await using workspace = await LinkedWorkspace.open({ ".mignore": "tmp/x\n" });
  await listingAnew(workspace, [...many(2_000), folder("e", "E"), item("e/x", "X")]);
  const count = countReads(workspace.index);
  await listing(workspace, [removed("e"), folder("tmp", "E")]);
  await listing(workspace, [folder("tmp", "E")]);
  expect(count.reads).toBeLessThan(100);
});

test("S91: only the new place of a folder is named, and what is in it stands otherwise", async () => {
  await using workspace = await LinkedWorkspace.open();
  await workspace.write(".mignore", "tmp/x\n");
  await listing(workspace, [folder("e", "E"), item("e/x", "X"), item("e/y", "Y")]);
  await listing(workspace, [folder("tmp", "E")]);
  expect(workspace.scopes()).toBe("tmp/ in, tmp/x ignored, tmp/y in");
  await listing(workspace, [folder("e", "E")]);
  expect(workspace.scopes()).toBe("e/ in, e/x in, e/y in");
});

test("S34: a cut listing of everything is not believed in any part", async () => {
  await using workspace = await LinkedWorkspace.open();
  await listing(workspace, [item("a", "A"), item("b", "B"), folder("d", "D"), item("d/c", "C")]);
  const before = workspace.tree(workspace.index.remote);
  workspace.index.transaction(() => workspace.index.setMeta("cursor", undefined));
  workspace.deps.remote.pages = async function* () {
    const shared = { cursor: "c", complete: false } as const;
    yield { changes: [item("a", "A"), refused("x/..")], restart: true, ...shared };
    throw new Error("the line is down");
  };
  await expect(workspace.look()).rejects.toThrow("the line is down");
  expect(workspace.tree(workspace.index.remote)).toBe(before);
  workspace.reopen();
  // "a" was named by the listing that was cut, and is gone now.
  const { left } = await listing(workspace, [item("b", "B")], [folder("d", "D"), item("d/c", "C")]);
  expect(workspace.paths(workspace.index.remote)).toBe("b, d/, d/c");
  expect(left, "and what it refused was not seen again").toEqual([]);
});

test("S34: a kill while the unnamed go lists everything again, and ends the same", async () => {
  const old = [...many(2_500), item("keep", "K")];
  for (const kill of [1, 2, 3, 4, 5]) {
    await using workspace = await LinkedWorkspace.open();
    await listing(workspace, old);
    const { index } = workspace;
    const transaction = index.transaction.bind(index);
    let writes = 0;
    index.transaction = (work) => {
      // The first two clear the cursor for the test and put the page.
      writes += 1;
      if (writes === kill + 2) throw new Error("killed");
      return transaction(work);
    };
    const cut = listingAnew(workspace, [item("keep", "K"), folder("d", "D")]);
    const ended = await cut.then(
      () => "done",
      () => "killed",
    );
    index.transaction = transaction;
    workspace.reopen();
    if (ended === "killed") expect(workspace.index.meta("complete")).toBeUndefined();
    await listing(workspace, [item("keep", "K"), folder("d", "D")]);
    expect(workspace.paths(workspace.index.remote)).toBe("d/, keep");
  }
});

test("S31, S34: a folder that was not named, while what is in it was, is asked for", async () => {
  await using workspace = await LinkedWorkspace.open();
  await workspace.upload("d/s/a", "1");
  await listing(workspace, [folder("d", "D"), folder("d/s", "S"), item("d/s/a", "A")]);
  const node = workspace.nodeAt(workspace.index.remote, "d/s");
  await listingAnew(workspace, [item("d/s/a", "A")]);
  expect(workspace.paths(workspace.index.remote)).toBe("d/, d/s/, d/s/a");
  expect(workspace.nodeAt(workspace.index.remote, "d/s")).toBe(node);
});

test("S31: a server that answers for another place ends in a removal, not in a circle of questions", async () => {
  await using workspace = await LinkedWorkspace.open();
  let asked = 0;
  workspace.deps.remote.get = async () => {
    asked += 1;
    const change = folder(`x${asked}/y/z`, `Z${asked}`);
    return change.change === "present" ? change.item : undefined;
  };
  await listing(workspace, [item("d/a", "A")]);
  expect(workspace.paths(workspace.index.remote)).toBe("");
  expect(asked).toBe(1);
});

test("X1, S85: what is refused is told by every look, until the server shows it no more", async () => {
  await using workspace = await LinkedWorkspace.open();
  const told = async (...changes: RemoteChange[]): Promise<string[]> =>
    (await listing(workspace, changes)).left.map(({ path, kind }) => `${kind} ${path}`);
  expect(await told(refused("d/con"), refused("d/e/.."), refused("a"))).toHaveLength(3);
  expect(await told()).toEqual(["refused a", "refused d/con", "refused d/e/.."]);
  workspace.reopen();
  expect(await told(item("a", "A")), "a name that is good now").toEqual([
    "refused d/con",
    "refused d/e/..",
  ]);
  expect(await told(removed("d/con"))).toEqual(["refused d/e/.."]);
  expect(await told(removed("d/e")), "gone with its folder").toEqual([]);
});

test("S14: where something that no tree may hold took the place of a node, the node is unknown", async () => {
  await using workspace = await LinkedWorkspace.open({ "d/a": "1", b: "2" });
  const node = workspace.nodeAt(workspace.index.remote, "d/a");
  const { frozen, left } = await listing(workspace, [refused("d/a", "it is a symbolic link")]);
  expect([...frozen]).toEqual([node]);
  expect(left).toMatchObject([{ path: "d/a", kind: "refused" }]);
  expect(workspace.paths(workspace.index.remote)).toBe("b, d/, d/a");
});

test("X13: any number of refusals is told in a bounded number of lines", async () => {
  await using workspace = await LinkedWorkspace.open();
  const bad = Array.from({ length: 1_500 }, (_, count) => refused(`bad${count}`));
  const { left } = await listing(workspace, bad);
  expect(left).toHaveLength(1_001);
  expect(left.at(-1)?.reason).toContain("500 more");
});

test("S14: a name that no disk can hold is told by every look, and follows its folder", async () => {
  await using workspace = await LinkedWorkspace.open();
  const bad = "f".repeat(300);
  const told = async (...changes: RemoteChange[]): Promise<string[]> =>
    (await listing(workspace, changes)).left.map(({ path }) => path);
  expect(await told(folder("d", "D"), item(`d/${bad}`, "B"))).toEqual([`d/${bad}`]);
  expect(await told()).toEqual([`d/${bad}`]);
  expect(await told(removed("d"), folder("e", "D"), item(`e/${bad}`, "B"))).toEqual([`e/${bad}`]);
  expect(await told(item("e/good", "B"))).toEqual([]);
});

test("G20, S29: a repository on the server is held by every look, until its marker is gone", async () => {
  await using workspace = await LinkedWorkspace.open();
  await listing(workspace, [folder("p", "P"), item("p/a", "A"), folder("p/.git", "G")]);
  workspace.reopen();
  const again = await listing(workspace, []);
  expect(again.left).toMatchObject([{ path: "p", kind: "hold" }]);
  expect([...again.frozen]).toEqual([workspace.nodeAt(workspace.index.remote, "p")]);
  const moved = await listing(workspace, [folder("q", "P")]);
  expect(moved.left).toMatchObject([{ path: "q", kind: "hold" }]);
  const free = await listing(workspace, [removed("q/.git")]);
  expect(free).toEqual({ left: [], frozen: new Set() });
});

test("G20: a marker at the top of the linked folder holds everything", async () => {
  await using workspace = await LinkedWorkspace.open();
  const { frozen } = await listing(workspace, [folder(".git", "G"), item("a", "A")]);
  expect([...frozen]).toEqual([rootNode]);
  expect((await listing(workspace, [removed(".git")])).frozen.size).toBe(0);
});

test("G11, G46: under exclude a bare repository is held, with what comes into it later", async () => {
  await using workspace = await LinkedWorkspace.open({}, { repos: "exclude" });
  const shape = [item("b/HEAD", "H"), folder("b/objects", "O"), folder("b/refs", "R")];
  await listing(workspace, [folder("b", "B"), item("b/early", "E"), ...shape]);
  const { frozen } = await listing(workspace, [item("b/late", "L")]);
  expect([...frozen]).toEqual([workspace.nodeAt(workspace.index.remote, "b")]);
  expect((await listing(workspace, [removed("b/head")])).frozen.size).toBe(0);
  expect(workspace.scopes()).toBe("b/ in, b/early in, b/late in, b/objects/ in, b/refs/ in");
});

test("X13: a page of 100,000 entries is one page", { timeout: 120_000 }, async () => {
  await using workspace = await LinkedWorkspace.open();
  await listing(workspace, many(100_000));
  expect(workspace.index.remote.count()).toBe(100_001);
  await listing(workspace, [removed("d")]);
  expect(workspace.index.remote.count()).toBe(0);
  expect(workspace.paths(workspace.index.remote)).toBe("");
});
