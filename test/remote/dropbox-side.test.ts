import { expect, test } from "vitest";
import { openRemote } from "../../src/remote/dropbox-side.ts";
import { seededRng } from "../../src/std/random.ts";
import { allOf, at, linesOf, linkedServer, read, uploadOf } from "./linked.ts";

const code = (name: string): unknown => expect.objectContaining({ code: name });

test("the account behind the login is named", async () => {
  await using linked = await linkedServer();
  expect(await linked.remote.account()).toMatchObject({ id: linked.account, name: "Ada Example" });
});

test("X18, S35: a login of another account is refused before anything is done with it", async () => {
  await using linked = await linkedServer();
  const { auth, clock, fetch } = linked;
  const other = { account: "dbid:somebody-else", auth, clock, fetch, rng: seededRng(1), top: "" };
  const remote = openRemote(other);
  await expect(remote.makeFolder(at("a"))).rejects.toThrow(code("account-changed"));
  await expect(remote.account()).rejects.toThrow(code("account-changed"));
  await expect(allOf(remote.download("0123456789", 0))).rejects.toThrow(code("account-changed"));
  expect(linked.routes.filter((route) => route.startsWith("files/"))).toEqual([]);
});

test("a file goes up and comes down again, whole and from an offset", async () => {
  await using linked = await linkedServer("/Work");
  const item = await linked.remote.upload(uploadOf("Notes/a.txt", "hello"));
  expect(item).toMatchObject({
    kind: "file",
    path: "Notes/a.txt",
    keys: ["notes", "a.txt"],
    name: "a.txt",
    size: 5,
    modified: Date.UTC(2026, 0, 2, 3, 4, 5),
  });
  expect(await read(linked.remote, item)).toBe("hello");
  expect(await read(linked.remote, item, 2)).toBe("llo");
  expect(await read(linked.remote, item, 5)).toBe("");
  expect(await linked.open("").get(at("work/notes/A.TXT"))).toMatchObject({ rev: item.rev });
});

test("an empty file is a file", async () => {
  await using linked = await linkedServer();
  const item = await linked.remote.upload(uploadOf("empty", ""));
  expect([item.size, await read(linked.remote, item)]).toEqual([0, ""]);
});

test("S57: only the named rev is replaced, and nothing by a new file", async () => {
  await using linked = await linkedServer();
  const first = await linked.remote.upload(uploadOf("a", "one"));
  await expect(linked.remote.upload(uploadOf("a", "two"))).rejects.toThrow(code("conflict"));
  const second = await linked.remote.upload(uploadOf("a", "two", { replaces: first.rev }));
  await expect(
    linked.remote.upload(uploadOf("a", "three", { replaces: first.rev })),
  ).rejects.toThrow(code("conflict"));
  expect(await linked.remote.get(at("a"))).toEqual(second);
  expect(second.remoteId).toBe(first.remoteId);
});

test("S57: identical content is accepted again, so that a lost answer is healed", async () => {
  await using linked = await linkedServer();
  const first = await linked.remote.upload(uploadOf("a", "one"));
  expect(await linked.remote.upload(uploadOf("a", "one"))).toEqual(first);
});

test("S57: a file that changed meanwhile is not sent", async () => {
  await using linked = await linkedServer();
  const changed = uploadOf("a", "one", { unchanged: async () => false });
  await expect(linked.remote.upload(changed)).rejects.toThrow(code("volatile"));
  const shorter = uploadOf("a", "one", { size: 9 });
  await expect(linked.remote.upload(shorter)).rejects.toThrow(code("volatile"));
  const other = uploadOf("a", "one", { hash: "0".repeat(64) });
  await expect(linked.remote.upload(other)).rejects.toThrow(code("volatile"));
  expect(await linked.remote.get(at("a"))).toBeUndefined();
});

test("times that the server cannot write are left out", async () => {
  await using linked = await linkedServer();
  for (const modified of [-1, Date.UTC(12_000, 1), Number.NaN]) {
    const item = await linked.remote.upload(uploadOf(`a${modified}`, "x", { modified }));
    expect(item.modified).toBe(Math.floor(linked.clock.now() / 1000) * 1000);
  }
});

test("S60: a folder that is there is adopted, a file in its place is a conflict", async () => {
  await using linked = await linkedServer("/Top");
  const made = await linked.remote.makeFolder(at("a/b"));
  expect(made).toMatchObject({ kind: "folder", path: "a/b", keys: ["a", "b"], rev: "", hash: "" });
  expect(await linked.remote.makeFolder(at("A/B"))).toMatchObject({ remoteId: made.remoteId });
  await linked.remote.upload(uploadOf("f", "x"));
  await expect(linked.remote.makeFolder(at("f"))).rejects.toThrow(code("conflict"));
  await expect(linked.remote.makeFolder(at("f/g"))).rejects.toThrow(code("conflict"));
});

test("S61: a move keeps id and content, never overwrites, and misses what is gone", async () => {
  await using linked = await linkedServer("/Top");
  const before = await linked.remote.upload(uploadOf("a", "one"));
  const after = await linked.remote.move(at("a"), at("sub/b"));
  expect(after).toMatchObject({ path: "sub/b", remoteId: before.remoteId, hash: before.hash });
  await linked.remote.upload(uploadOf("c", "two"));
  await expect(linked.remote.move(at("c"), at("sub/B"))).rejects.toThrow(code("conflict"));
  await expect(linked.remote.move(at("a"), at("d"))).rejects.toThrow(code("not-found"));
});

test("S62: a file is deleted by its rev; gone already is success, another rev a conflict", async () => {
  await using linked = await linkedServer();
  const one = await linked.remote.upload(uploadOf("a", "one"));
  const two = await linked.remote.upload(uploadOf("a", "two", { replaces: one.rev }));
  await expect(linked.remote.deleteFile(at("a"), one.rev)).rejects.toThrow(code("conflict"));
  await linked.remote.deleteFile(at("a"), two.rev);
  await linked.remote.deleteFile(at("a"), two.rev);
  expect(await linked.remote.get(at("a"))).toBeUndefined();
  expect(await read(linked.remote, two)).toBe("two");
});

test("S63: a folder is deleted only while it holds nothing but folders", async () => {
  await using linked = await linkedServer("/Top");
  await linked.remote.makeFolder(at("a/b/c"));
  const file = await linked.remote.upload(uploadOf("a/b/f", "x"));
  await expect(linked.remote.deleteFolder(at("a"))).rejects.toThrow(code("conflict"));
  await linked.remote.deleteFile(at("a/b/f"), file.rev);
  await linked.remote.deleteFolder(at("a"));
  await linked.remote.deleteFolder(at("a"));
  expect(await linked.remote.get(at("a"))).toBeUndefined();
});

test("the linked folder is made with its parents, found again, and has an id", async () => {
  await using linked = await linkedServer("/Team/Space");
  expect(await linked.remote.folderId()).toBeUndefined();
  const id = await linked.remote.makeTop();
  expect(id).toMatch(/^id:/u);
  expect([await linked.remote.makeTop(), await linked.remote.folderId()]).toEqual([id, id]);
  expect(await linked.open("").folderId()).toBe("");
  await linked.open("").upload(uploadOf("file", "x"));
  expect(await linked.open("/file").folderId()).toBeUndefined();
  await expect(linked.open("/file").makeTop()).rejects.toThrow(code("conflict"));
});

test("S30: the first listing has everything, the next ones what changed since", async () => {
  await using linked = await linkedServer("/Top");
  await linked.remote.makeTop();
  await linked.remote.upload(uploadOf("a/one", "1"));
  await linked.open("").upload(uploadOf("beside", "not ours"));
  const first = await allOf(linked.remote.pages(undefined));
  expect(linesOf(first)).toEqual(["folder a", "file a/one"]);
  expect(first.map((page) => page.restart)).toEqual(first.map((_, number) => number === 0));
  expect(first.at(-1)?.complete).toBe(true);
  await linked.remote.move(at("a"), at("b"));
  const next = await allOf(linked.remote.pages(first.at(-1)?.cursor));
  expect(next[0]?.restart).toBe(false);
  expect(linesOf(next)).toEqual(["removed a", "folder b", "file b/one"]);
  const last = await allOf(linked.remote.pages(next.at(-1)?.cursor));
  expect([linesOf(last), last.at(-1)?.complete]).toEqual([[], true]);
});

test("S35: a linked folder that is gone is told from one that is empty", async () => {
  await using linked = await linkedServer("/Top");
  await expect(allOf(linked.remote.pages(undefined))).rejects.toThrow(code("remote-missing"));
  await linked.remote.makeTop();
  const [page] = await allOf(linked.remote.pages(undefined));
  expect(page).toMatchObject({ changes: [], complete: true });
  await linked.open("").deleteFolder(at("Top"));
  await expect(allOf(linked.remote.pages(page?.cursor))).rejects.toThrow(code("remote-missing"));
});

test("the top is found whatever the case it was linked in", async () => {
  await using linked = await linkedServer("/Größe ΣΑΣ/SUB");
  await linked.open("").makeFolder(at("grÖße σασ/sub/A"));
  expect(linesOf(await allOf(linked.remote.pages(undefined)))).toEqual(["folder A"]);
});

test("a folder is listed one level or all below, without itself", async () => {
  await using linked = await linkedServer("/Top");
  await linked.remote.upload(uploadOf("a/b/c", "x"));
  const paths = async (recursive: boolean): Promise<string[]> =>
    (await allOf(linked.remote.list(at("a"), { recursive }))).map((item) => item.path);
  expect([await paths(false), await paths(true)]).toEqual([["a/b"], ["a/b", "a/b/c"]]);
  const missing = linked.remote.list(at("nothing"), { recursive: false });
  await expect(allOf(missing)).rejects.toThrow(code("not-found"));
});

test("S116: documents of ours are read and written, and are in no listing", async () => {
  await using linked = await linkedServer("/Top");
  const path = at(".snap/devices/one.json");
  expect(await linked.remote.document(path)).toBeUndefined();
  const rev = await linked.remote.writeDocument(path, "{}", undefined);
  expect(await linked.remote.document(path)).toEqual({ text: "{}", rev });
  await expect(linked.remote.writeDocument(path, "[]", undefined)).rejects.toThrow(
    code("conflict"),
  );
  const next = await linked.remote.writeDocument(path, "[]", rev);
  await expect(linked.remote.writeDocument(path, "1", rev)).rejects.toThrow(code("conflict"));
  expect(await linked.remote.document(path)).toEqual({ text: "[]", rev: next });
  expect(await linked.remote.documents(at(".snap/devices"))).toEqual(["one.json"]);
  expect(await linked.remote.documents(at(".snap/none"))).toEqual([]);
  expect(linesOf(await allOf(linked.remote.pages(undefined)))).toEqual([]);
  expect(await allOf(linked.remote.list(at(""), { recursive: true }))).toEqual([]);
});

test("S107: of a document that somebody made long, only the start is read", async () => {
  await using linked = await linkedServer();
  await linked.open("/.snap").upload(uploadOf("devices/x.json", Buffer.alloc(3_000_000, "y")));
  const document = await linked.remote.document(at(".snap/devices/x.json"));
  expect(document?.text).toBe("y".repeat(4_096));
});

test("a name that the server refuses is told as that", async () => {
  await using linked = await linkedServer();
  for (const name of ["desktop.ini", "back\\slash", "x".repeat(256)]) {
    await expect(linked.remote.upload(uploadOf(name, "x"))).rejects.toThrow(code("name-refused"));
  }
});

test("a top that is no path is refused", async () => {
  await using linked = await linkedServer();
  for (const top of ["/", "Top", "/a/", "/a//b", "/../x"]) {
    expect(() => linked.open(top)).toThrow(code("path-invalid") as Error);
  }
});
