import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "vitest";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import { forEachLimited } from "../../src/std/limiter.ts";
import type { Answer } from "../support/checked-server.ts";
import { ListingClient } from "../support/listing-client.ts";
import type { CrashTree } from "./crash-tree.ts";
import type { ServerLife } from "./server-life.ts";

type Entry = Answer["json"];

/** Checks that a server's data is whole and in accord with itself, whatever was written. */
export class CrashAudit {
  readonly #folder: string;
  readonly #changes = new ListingClient("");
  #cursor: string | undefined;
  /** States of items, and blocks, that were read and found right. */
  readonly #read = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Check all of it; returns the tree. With `all`, what was right before is read again. */
  async check(life: ServerLife, { all }: { readonly all: boolean }): Promise<CrashTree> {
    if (all) this.#read.clear();
    const listed = await this.#listing(life);
    await this.#checkChanges(life, listed);
    await forEachLimited(listed, { parallel: 8 }, (entry) => this.#checkEntry(life, entry));
    const sizes = listed.map(({ size = 0 }) => Number(size));
    const space = await life.rpc("users/get_space_usage", null);
    const sum = sizes.reduce((left, right) => left + right, 0);
    expect(space.json.used, "the space used").toBe(sum);
    this.#checkDatabase();
    return new Map(listed.map((entry) => [entry.path_lower, entry.content_hash ?? "folder"]));
  }

  async #listing(life: ServerLife): Promise<readonly Entry[]> {
    const client = new ListingClient("");
    let page = await life.rpc("files/list_folder", { path: "", recursive: true, limit: 40 });
    client.apply(page.json.entries);
    while (page.json.has_more === true) {
      page = await life.rpc("files/list_folder/continue", { cursor: page.json.cursor });
      client.apply(page.json.entries);
    }
    if (this.#cursor === undefined) {
      this.#cursor = page.json.cursor;
      this.#changes.apply(client.items());
    }
    return client.items();
  }

  /** An old cursor leads to the tree that is. */
  async #checkChanges(life: ServerLife, listed: readonly Entry[]): Promise<void> {
    for (let more = true; more;) {
      const page = await life.rpc("files/list_folder/continue", { cursor: this.#cursor });
      expect(page.status, page.text).toBe(200);
      this.#changes.apply(page.json.entries);
      this.#cursor = page.json.cursor;
      more = page.json.has_more;
    }
    expect(this.#changes.items(), "the tree that the changes lead to").toEqual(listed);
  }

  async #checkEntry(life: ServerLife, entry: Entry): Promise<void> {
    const { path_lower: where, id, rev, content_hash: hash, size } = entry;
    const state = `${where} ${id} ${rev}`;
    if (this.#read.has(state)) return;
    const alone = await life.rpc("files/get_metadata", { path: where });
    expect(alone.json, where).toEqual(entry);
    this.#read.add(state);
    if (entry[".tag"] === "folder") return;
    const content = await life.download(where);
    expect([contentHashOf(content), content.length], `content of ${where}`).toEqual([hash, size]);
  }

  /** Beside the server, which has the database open. */
  #checkDatabase(): void {
    const database = new DatabaseSync(path.join(this.#folder, "server.sqlite"), { readOnly: true });
    try {
      expect(database.prepare("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
      expect(database.prepare("PRAGMA foreign_key_check").all()).toEqual([]);
      for (const hash of namedBlocks(database)) this.#checkBlock(database, hash);
    } finally {
      database.close();
    }
  }

  #checkBlock(database: DatabaseSync, hash: string): void {
    if (this.#read.has(hash)) return;
    const row = database.prepare("SELECT data FROM blocks WHERE hash = ?").get(hash);
    const file = path.join(this.#folder, "blocks", hash.slice(0, 2), hash);
    const data = row?.["data"] ?? (existsSync(file) ? readFileSync(file) : undefined);
    expect(data, `block ${hash}`).toBeInstanceOf(Uint8Array);
    expect(
      createHash("sha256")
        .update(data as Uint8Array)
        .digest("hex"),
    ).toBe(hash);
    this.#read.add(hash);
  }
}

const digestBytes = 32;

/** Every block that a revision or a session is made of. */
function namedBlocks(database: DatabaseSync): ReadonlySet<string> {
  const named = new Set<string>();
  for (const table of ["revisions", "sessions", "session_parts"]) {
    for (const row of database.prepare(`SELECT blocks FROM ${table}`).all()) {
      const digests = Buffer.from(row["blocks"] as Uint8Array);
      for (let at = 0; at < digests.length; at += digestBytes) {
        named.add(digests.subarray(at, at + digestBytes).toString("hex"));
      }
    }
  }
  return named;
}

/** Files in the folder of blocks that no revision and no session is made of, remainders of writes among them. */
export function unnamedFiles(folder: string): readonly string[] {
  const database = new DatabaseSync(path.join(folder, "server.sqlite"), { readOnly: true });
  const named = namedBlocks(database);
  database.close();
  return readdirSync(path.join(folder, "blocks"), { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(path.join(folder, "blocks", name)).isFile())
    .filter((name) => !named.has(path.basename(name)));
}
