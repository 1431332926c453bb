/** Sweeps beside calls: what has ended goes, and nothing that a call is about to need. */
import { access, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { blockHashOf } from "../../src/core/tree/content-hash.ts";
import { sweepBlocks } from "../../src/server/store/block-sweep.ts";
import { BlockStore } from "../../src/server/store/blocks.ts";
import { openDatabase } from "../../src/server/store/database.ts";
import { sweepRows } from "../../src/server/store/sweep.ts";
import { seededRng } from "../../src/std/random.ts";
import { CheckedServer } from "../support/checked-server.ts";
import { ListingWorld } from "../support/listing-world.ts";

let data = "";
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), "snap-server-"));
});
afterEach(() => rm(data, { recursive: true, force: true }));

const day = 86_400;
const large = (fill: number): Buffer => Buffer.alloc(20_000, fill);
const hashes = (...fills: number[]): string[] =>
  fills.map((fill) => blockHashOf(large(fill))).toSorted();

/** Blocks without a server, and a sweep that waits until the test says that the calls are over. */
class Blocks {
  readonly database = openDatabase(":memory:", seededRng(1));
  readonly store = new BlockStore(this.database, data, seededRng(2));
  readonly calls = Promise.withResolvers<void>();
  readonly stop = new AbortController();

  constructor() {
    this.database.run(
      "INSERT INTO accounts (id, name, email, namespace) VALUES ('dbid:a', 'A', 'a@b.c', 7)",
    );
  }

  sweep(): Promise<void> {
    return sweepBlocks({
      database: this.database,
      blocksFolder: data,
      guard: this.store.guard,
      callsEnded: () => this.calls.promise,
      signal: this.stop.signal,
    });
  }

  /** A revision of these blocks. */
  name(...fills: number[]): void {
    this.database.run(
      `INSERT INTO revisions (account, id, key, display, size, hash, client_modified,
         server_modified, blocks) VALUES (1, 'id:a', '/a', '/a', 1, '', 1, 1, ?)`,
      Buffer.from(fills.map((fill) => blockHashOf(large(fill))).join(""), "hex"),
    );
  }

  async files(): Promise<string[]> {
    const found = await readdir(data, { recursive: true, withFileTypes: true });
    return found
      .filter((entry) => entry.isFile())
      .map((entry) => entry.name)
      .toSorted();
  }
}

test("V13: a block that a call has taken before the sweep, or takes during it, is spared", async () => {
  const blocks = new Blocks();
  for (const fill of [1, 2, 3, 4]) await blocks.store.take(large(fill));
  blocks.name(1);
  const swept = blocks.sweep();
  // A call that stored block 2 before the sweep names it and ends; another one finds block 3 stored.
  blocks.name(2);
  await blocks.store.take(large(3));
  blocks.calls.resolve();
  await swept;
  expect(await blocks.files()).toEqual(hashes(1, 2, 3));
  await blocks.sweep();
  expect(await blocks.files(), "nothing was named in the end").toEqual(hashes(1, 2));
});

test("V13: nothing is dropped while a call from before the sweep runs", async () => {
  const blocks = new Blocks();
  await blocks.store.take(large(1));
  const swept = blocks.sweep();
  for (let turn = 0; turn < 20; turn += 1) await setImmediate();
  expect(await blocks.files()).toEqual(hashes(1));
  blocks.stop.abort();
  blocks.calls.resolve();
  await swept;
  expect(await blocks.files(), "the server ended meanwhile").toEqual(hashes(1));
});

test("V13: a block that is just being dropped is stored again, not found", async () => {
  const { store } = new Blocks();
  await store.take(large(1));
  const [hash = ""] = hashes(1);
  const path = join(data, hash.slice(0, 2), hash);
  const dropping = Promise.withResolvers<void>();
  store.guard.beginSweep();
  const dropped = store.guard.drop(hash, async () => {
    await dropping.promise;
    await rm(path);
  });
  let isTaken = false;
  const taken = store.take(large(1)).then(() => (isTaken = true));
  for (let turn = 0; turn < 20; turn += 1) await setImmediate();
  expect(isTaken).toBe(false);
  dropping.resolve();
  await Promise.all([dropped, taken]);
  await access(path);
  await store.guard.drop(hash, () => rm(path));
  await access(path);
});

test("V13: remainders of broken writes go, those of a write that runs stay", async () => {
  const blocks = new Blocks();
  await blocks.store.take(large(1));
  const [one = ""] = hashes(1);
  const shelf = join(data, one.slice(0, 2));
  const [old, fresh] = [`${"0".repeat(64)}.aa.part`, `${one}.bb.part`];
  for (const name of [old, fresh]) await writeFile(join(shelf, name), "half");
  blocks.name(1);
  const swept = blocks.sweep();
  blocks.store.guard.spare(one);
  blocks.calls.resolve();
  await swept;
  expect(await blocks.files()).toEqual([one, fresh].toSorted());
});

test("V13: small blocks in the database are swept by the same rule", async () => {
  const blocks = new Blocks();
  const keep = async (text: string) => {
    const { small } = await blocks.store.take(Buffer.from(text));
    if (small !== undefined) blocks.store.keepSmall([small]);
  };
  for (const text of ["before", "unnamed"]) await keep(text);
  const swept = blocks.sweep();
  await keep("during");
  blocks.calls.resolve();
  await swept;
  const left = blocks.database.all("SELECT hash FROM blocks").map(({ hash }) => hash);
  expect(left).toEqual([blockHashOf(Buffer.from("during"))]);
});

test("V26, V38, V45: rows end when their time is over, not before", async () => {
  const database = openDatabase(":memory:", seededRng(1));
  database.run("INSERT INTO accounts (id, name, email, namespace) VALUES ('dbid:a', 'A', 'a', 7)");
  const insert = {
    revisions: `INSERT INTO revisions (account, id, key, display, size, hash, client_modified,
      server_modified, blocks, ended) VALUES (1, 'i', '/a', '/a', 1, '', 1, 1, x'', ?)`,
    removed: `INSERT INTO removed (account, key, parent, display, id, kind, ended)
      VALUES (1, hex(randomblob(8)), '', '/a', 'i', 'file', ?)`,
    sessions: `INSERT INTO sessions (id, account, concurrent, closed, size, blocks, touched)
      VALUES (hex(randomblob(8)), 1, 0, 0, 0, x'', ?)`,
    jobs: `INSERT INTO jobs (id, account, family, result, polls, made)
      VALUES (hex(randomblob(8)), 1, 'f', '{}', 0, ?)`,
    temporary_links: `INSERT INTO temporary_links (hash, account, app, expires)
      VALUES (hex(randomblob(8)), 1, 'a', ?)`,
  };
  const lives = { revisions: 30, removed: 30, sessions: 7, jobs: 1, temporary_links: 1 };
  const now = 100 * day;
  for (const [table, days] of Object.entries(lives)) {
    for (const ended of [now - days * day, now - days * day + 1]) {
      database.run(insert[table as keyof typeof insert], ended);
    }
  }
  database.run(insert.revisions, null);
  const { signal } = new AbortController();
  const parts = { database, signal, nowSeconds: now, retentionSeconds: 30 * day };
  await sweepRows(parts);
  const left = Object.keys(lives).map((table) => database.all(`SELECT 1 FROM ${table}`).length);
  expect(left).toEqual([2, 1, 1, 1, 1]);
});

test("V13: a server that goes on sweeps beside its calls, once a day", async () => {
  await using checked = await CheckedServer.open({ data });
  const reader = new DatabaseSync(join(data, "server.sqlite"), { readOnly: true });
  const sessions = () => reader.prepare("SELECT 1 FROM sessions").all().length;
  await checked.content("files/upload_session/start", {}, { body: "one" });
  checked.clock.seconds += 7 * day - 1;
  const call = async () => {
    const { accessToken: token } = checked.server.issueToken(checked.accountId);
    await checked.rpc("files/list_folder", { path: "" }, { token });
    // The disk has had its turn as well: a sweep that began is through.
    for (let turn = 0; turn < 50; turn += 1) await readdir(data);
  };
  await call();
  expect(sessions()).toBe(1);
  checked.clock.seconds += 2;
  await call();
  expect(sessions(), "swept two seconds ago").toBe(1);
  checked.clock.seconds += day;
  await call();
  expect(sessions()).toBe(0);
  reader.close();
});

test("V13: an upload that lasts through a sweep is whole", async () => {
  await using checked = await CheckedServer.open({ data });
  const block = Buffer.alloc(4 * 1024 * 1024, 7);
  const rest = Promise.withResolvers<void>();
  let isRead = false;
  const body = new ReadableStream({
    async pull(controller) {
      if (!isRead) {
        isRead = true;
        controller.enqueue(block);
        return;
      }
      await rest.promise;
      controller.enqueue(Buffer.from("end"));
      controller.close();
    },
  });
  const upload = checked.content("files/upload", { path: "/f" }, { body });
  const stored = join(data, "blocks", blockHashOf(block).slice(0, 2), blockHashOf(block));
  while (
    !(await access(stored).then(
      () => true,
      () => false,
    ))
  )
    await setImmediate();
  checked.clock.seconds += day;
  const { accessToken: token } = checked.server.issueToken(checked.accountId);
  await checked.rpc("files/list_folder", { path: "" }, { token });
  for (let turn = 0; turn < 50; turn += 1) await setImmediate();
  rest.resolve();
  expect((await upload).json.size).toBe(block.length + 3);
  const read = await checked.content("files/download", { path: "/f" }, { token });
  expect(read.text.length).toBe(block.length + 3);
});

test("Choice 15: the journal keeps the last line of what is there, and removals that still have to be told", async () => {
  using world = new ListingWorld();
  const at = (path: string) => ({ key: path, display: path });
  const file = { content: { blocks: [], size: 1 }, hash: "0".repeat(64), clientModified: 1 };
  world.write((tree) => {
    const put = (path: string) => tree.putFile(at(path), file, undefined);
    const edited = put("/edited");
    for (let edit = 0; edit < 5; edit += 1) tree.putFile(edited, file, edited);
    tree.remove(put("/gone"));
    tree.remove(put("/renewed"));
    put("/renewed");
    tree.remove(put("/kind"));
    tree.addFolder(at("/kind"));
    for (let build = 0; build < 3; build += 1) {
      const folder = tree.addFolder(at("/build"));
      for (const name of ["a", "b", "c"]) put(`/build/${name}`);
      tree.remove(folder);
    }
    tree.addFolder(at("/build"));
    put("/build/last");
  });
  const journal = [
    "file /edited",
    "file-removed /gone",
    "file /renewed",
    "file-removed /kind",
    "folder /kind",
    "folder-removed /build",
    "folder /build",
    "file /build/last",
  ];
  await world.trim();
  expect(world.lines()).toEqual(journal);
  world.write((tree) => tree.remove({ kind: "folder", id: "id:x", ...at("/build") }));
  await world.trim();
  expect(world.lines()).toEqual([...journal.slice(0, 5), "folder-removed /build"]);
});

test("V31: a journal whose end was dropped with its account is no older one", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/mine", "1");
  const other = checked.server.addAccount({ name: "Bo" });
  const { accessToken: token } = checked.server.issueToken(other.id);
  await checked.rpc("files/create_folder_v2", { path: "/theirs" }, { token });
  const everything = { path: "", recursive: true };
  const { json } = await checked.rpc("files/list_folder/get_latest_cursor", everything);
  checked.server.removeAccount(other.id);
  expect((await checked.rpc("files/list_folder/continue", json)).json.entries).toEqual([]);
});
