import { mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { blockHashOf } from "../../src/core/tree/content-hash.ts";
import { Database } from "../../src/server/store/database.ts";
import { migrations } from "../../src/server/store/tables.ts";
import { CheckedServer, SetClock } from "../support/checked-server.ts";

let data = "";
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), "snap-server-"));
});
afterEach(() => rm(data, { recursive: true, force: true }));

const block = 4 * 1024 * 1024;
const large = (fill: number, size = 20_000): Buffer => Buffer.alloc(size, fill);
const pathOf = (bytes: Uint8Array): string => {
  const hash = blockHashOf(bytes);
  return join(data, "blocks", hash.slice(0, 2), hash);
};
const blockFiles = async (): Promise<string[]> => {
  const found = await readdir(join(data, "blocks"), { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).map((entry) => entry.name);
};

test("V12: blocks are files named by their hash, shared by all files; small ones are not", async () => {
  await using checked = await CheckedServer.open({ data });
  const bytes = Buffer.concat([large(1, block), large(2)]);
  await checked.upload("/a", bytes);
  await checked.upload("/b", bytes);
  await checked.upload("/small", Buffer.alloc(16 * 1024, 3));
  expect((await blockFiles()).toSorted()).toEqual(
    [large(1, block), large(2)].map(blockHashOf).toSorted(),
  );
  expect(await readFile(pathOf(large(2)))).toEqual(large(2));
  expect((await stat(data)).mode & 0o777).toBe(0o700);
});

test("V79: no stored name is a name on the disk", async () => {
  await using checked = await CheckedServer.open({ data });
  await checked.upload("/NAMED/like-this", large(1));
  const names = (await readdir(data, { recursive: true })).join(" ");
  expect(names).not.toMatch(/named|like-this/i);
});

test("a damaged block breaks the download off instead of giving wrong bytes", async () => {
  await using checked = await CheckedServer.open({ data });
  await checked.upload("/f", large(1));
  await writeFile(pathOf(large(1)), large(2));
  await expect(checked.content("files/download", { path: "/f" })).rejects.toThrow(/damaged/);
  // The same content, uploaded again, mends it.
  await checked.upload("/g", large(1));
  expect((await checked.content("files/download", { path: "/f" })).text).toBe(String(large(1)));
});

test("V13, V26, V38: a sweep drops what nothing names any more, and nothing else", async () => {
  const clock = new SetClock();
  const first = await CheckedServer.open({ data, clock });
  await first.upload("/kept", large(1));
  await first.upload("/old", large(2));
  await first.upload("/small", Buffer.from("small"));
  await first.rpc("files/delete_v2", { path: "/old" });
  await first.content("files/upload_session/start", {}, { body: large(3) });
  const refused = { path: "/x", content_hash: "0".repeat(64) };
  await first.content("files/upload", refused, { body: large(4) });
  expect(await blockFiles()).toHaveLength(4);
  await first.server.close();
  expect((await blockFiles()).toSorted(), "only the refused upload").toEqual(
    [large(1), large(2), large(3)].map(blockHashOf).toSorted(),
  );
  clock.seconds += 30 * 86_400;
  const second = await CheckedServer.open({ data, clock, seed: 2 });
  await second.server.close();
  expect(await blockFiles()).toEqual([blockHashOf(large(1))]);
  await using third = await CheckedServer.open({ data, clock, seed: 3 });
  expect((await third.content("files/download", { path: "/small" })).text).toBe("small");
  expect((await third.content("files/download", { path: "/kept" })).text).toBe(String(large(1)));
});

test("V37: a full database is insufficient_space, and the transaction leaves nothing", () => {
  const connection = new DatabaseSync(":memory:");
  for (const step of migrations) connection.exec(step);
  const pages = Number(connection.prepare("PRAGMA page_count").get()?.["page_count"]);
  connection.exec(`PRAGMA max_page_count = ${pages + 4}`);
  const database = new Database(connection);
  const keep = (hash: string) => () =>
    database.run("INSERT INTO blocks (hash, data) VALUES (?, ?)", hash, large(1, 100_000));
  expect(() => database.transaction(keep("a"))).toThrow(/insufficient_space/);
  expect(database.all("SELECT hash FROM blocks")).toEqual([]);
  expect(() => database.transaction(() => connection.exec("nonsense"))).toThrow(/syntax/);
  database.close();
});
