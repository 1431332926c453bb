import { expect, test } from "vitest";
import type { RemotePage } from "../../src/core/tree/remote-item.ts";
import { observeRemote } from "../../src/engine/listing/observe-remote.ts";
import { loadScope } from "../../src/engine/scope/scope.ts";
import { at, LinkedWorkspace } from "./linked-workspace.ts";

async function observe(workspace: LinkedWorkspace) {
  return observeRemote(workspace.deps, await loadScope(workspace.deps), {});
}

test("S30: a first look lists everything, and the next one only what changed", async () => {
  await using workspace = await LinkedWorkspace.open();
  await workspace.upload("d/a", "1");
  await workspace.upload("b", "2");
  await observe(workspace);
  expect(workspace.paths(workspace.index.remote)).toBe("b, d/, d/a");
  const cursor = workspace.index.meta("cursor");
  expect(workspace.index.meta("complete")).toBe("1");
  await workspace.upload("c", "3");
  await observe(workspace);
  expect(workspace.paths(workspace.index.remote)).toBe("b, c, d/, d/a");
  expect(workspace.index.meta("cursor")).not.toBe(cursor);
});

test("S21, B2: a moved folder keeps its nodes", async () => {
  await using workspace = await LinkedWorkspace.open({ "d/a": "1", "d/s/b": "2" });
  const before = workspace.tree(workspace.index.remote);
  await workspace.other.move(at("d"), at("e"));
  await observe(workspace);
  expect(workspace.tree(workspace.index.remote)).toBe(before.replaceAll("d/", "e/"));
});

test("S21: deleted and made again is another node, at the same place", async () => {
  await using workspace = await LinkedWorkspace.open({ "d/a": "1" });
  const before = workspace.nodeAt(workspace.index.remote, "d/a");
  await workspace.removeRemote("d/a");
  await workspace.upload("d/a", "1");
  await observe(workspace);
  expect(workspace.paths(workspace.index.remote)).toBe("d/, d/a");
  expect(workspace.nodeAt(workspace.index.remote, "d/a")).not.toBe(before);
});

test("S31: a file that replaces a folder takes the place of all below it", async () => {
  await using workspace = await LinkedWorkspace.open({ "d/a": "1", "d/s/b": "2" });
  await workspace.removeRemote("d");
  await workspace.upload("d", "now a file");
  await observe(workspace);
  expect(workspace.paths(workspace.index.remote)).toBe("d");
});

test("S15: the server's key is the authority, its name is what is shown", async () => {
  await using workspace = await LinkedWorkspace.open();
  await workspace.upload("Ordner/DATEI.TXT", "1");
  await observe(workspace);
  const row = workspace.index.remote.get(
    workspace.nodeAt(workspace.index.remote, "Ordner/DATEI.TXT"),
  );
  expect(row).toMatchObject({ name: "DATEI.TXT", key: "datei.txt" });
});

test("S34: a forgotten cursor costs a listing, keeps the nodes, and finds what went meanwhile", async () => {
  await using workspace = await LinkedWorkspace.open({ "d/a": "1", b: "2", c: "3" });
  const before = workspace.tree(workspace.index.remote);
  const node = workspace.nodeAt(workspace.index.remote, "c");
  await workspace.removeRemote("b");
  await workspace.upload("d/new", "4");
  await workspace.other.move(at("c"), at("e"));
  workspace.index.transaction(() => workspace.index.setMeta("cursor", undefined));
  await observe(workspace);
  expect(workspace.paths(workspace.index.remote)).toBe("d/, d/a, d/new, e");
  expect(workspace.nodeAt(workspace.index.remote, "e")).toBe(node);
  expect(before).toContain(`d/ ${workspace.nodeAt(workspace.index.remote, "d")}`);
});

test("S30: a listing that breaks off plans nothing and begins again", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "1", b: "2" });
  const { remote } = workspace.deps;
  const pages = remote.pages.bind(remote);
  remote.pages = async function* () {
    const [page] = await Array.fromAsync(pages(undefined));
    yield { ...(page as RemotePage), changes: page?.changes.slice(0, 1) ?? [], complete: false };
    throw new Error("the line is down");
  };
  await expect(observe(workspace)).rejects.toThrow("the line is down");
  expect(workspace.index.meta("complete")).toBeUndefined();
  expect(workspace.index.meta("cursor")).toBeUndefined();
  expect(workspace.paths(workspace.index.remote)).toBe("a, b");
  remote.pages = pages;
  await observe(workspace);
  expect(workspace.paths(workspace.index.remote)).toBe("a, b");
  expect(workspace.index.meta("complete")).toBe("1");
});

test("S30: changes that break off go on behind the last page", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "1" });
  const { remote } = workspace.deps;
  const pages = remote.pages.bind(remote);
  await workspace.upload("b", "2");
  remote.pages = async function* (cursor) {
    for await (const page of pages(cursor)) yield { ...page, complete: false };
    throw new Error("the line is down");
  };
  await expect(observe(workspace)).rejects.toThrow("the line is down");
  const cursor = workspace.index.meta("cursor");
  expect(cursor).toBeDefined();
  expect(workspace.index.meta("complete")).toBeUndefined();
  expect(workspace.paths(workspace.index.remote)).toBe("a, b");
});

test("S14, X1: what the disk cannot be given is reported, and the rest is listed", async () => {
  await using workspace = await LinkedWorkspace.open();
  await workspace.upload("good", "1");
  const { remote } = workspace.deps;
  const pages = remote.pages.bind(remote);
  remote.pages = async function* (cursor) {
    for await (const page of pages(cursor)) {
      const refused = { change: "refused", path: "../evil", reason: "its name is .." } as const;
      yield { ...page, changes: [refused, ...page.changes] };
    }
  };
  const { left } = await observe(workspace);
  expect(workspace.paths(workspace.index.remote)).toBe("good");
  expect(left).toEqual([{ path: "../evil", kind: "refused", reason: "its name is .." }]);
});

test("G13, G14, G20: a repository on the server is held with its folder and never comes down", async () => {
  await using workspace = await LinkedWorkspace.open({ "p/a": "1" });
  await workspace.upload("p/.git/hooks/post-checkout", "rm -rf /");
  const { left, frozen } = await observe(workspace);
  expect([...frozen]).toEqual([workspace.nodeAt(workspace.index.remote, "p")]);
  expect(left).toMatchObject([{ path: "p", kind: "hold" }]);
  expect(workspace.scopes()).toBe(
    "p/ in, p/.git/ refused, p/.git/hooks/ refused, p/.git/hooks/post-checkout refused, p/a in",
  );
});

test("G46: under exclude a repository on the server is invisible, and its work tree is not", async () => {
  await using workspace = await LinkedWorkspace.open({ "p/a": "1" }, { repos: "exclude" });
  await workspace.upload("p/.git/HEAD", "ref: refs/heads/main");
  expect(await observe(workspace)).toEqual({ left: [], frozen: new Set() });
  expect(workspace.scopes()).toBe("p/ in, p/.git/ ignored, p/.git/HEAD ignored, p/a in");
});

test("S91: what moves out of an ignored folder is in scope again, and the other way round", async () => {
  await using workspace = await LinkedWorkspace.open({ ".mignore": "tmp/\n", a: "1" });
  await workspace.upload("tmp/b", "2");
  await observe(workspace);
  await workspace.other.move(at("tmp/b"), at("b"));
  await workspace.other.move(at("a"), at("tmp/a"));
  await observe(workspace);
  expect(workspace.scopes()).toBe(".mignore in, b in, tmp/ ignored, tmp/a ignored");
});

test("S92, S116: our own documents in the linked folder are no nodes", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "1" });
  await workspace.other.writeDocument(at(".snap/devices/l1.json"), "{}", undefined);
  await observe(workspace);
  expect(workspace.paths(workspace.index.remote)).toBe("a");
});

test("S35, D12: another account makes a plan impossible", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "1" });
  const other = { ...workspace.deps.config, account: "dbid:other" };
  workspace.deps = { ...workspace.deps, config: other };
  await expect(observe(workspace)).rejects.toMatchObject({ code: "account-changed", exit: 7 });
});

test("S35, D13: a linked folder that is gone makes a plan impossible, and no row goes", async () => {
  await using workspace = await LinkedWorkspace.open({ a: "1" });
  const account = workspace.deps.config.account;
  const { remote } = workspace.deps;
  remote.folderId = () => Promise.resolve(undefined);
  await expect(observe(workspace)).rejects.toMatchObject({ code: "remote-missing", exit: 7 });
  expect(workspace.paths(workspace.index.remote)).toBe("a");
  expect(workspace.index.meta("account_id")).toBe(account);
});

test("S35: a first link makes the folder", async () => {
  await using workspace = await LinkedWorkspace.open();
  const made: string[] = [];
  const { remote } = workspace.deps;
  const makeTop = remote.makeTop.bind(remote);
  remote.folderId = () => Promise.resolve(undefined);
  remote.makeTop = async () => {
    made.push(await makeTop());
    return made.at(-1) ?? "";
  };
  await observe(workspace);
  expect(workspace.index.meta("root_id")).toBe(made[0]);
});
