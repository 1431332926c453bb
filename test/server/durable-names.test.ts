/** A power failure takes every name that was not synced; which ones were is seen by what the server syncs. */
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { blockHashOf } from "../../src/core/tree/content-hash.ts";
import { CheckedServer } from "../support/checked-server.ts";

let folder = "";
const synced: string[] = [];
const { open } = promises;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "snap-server-"));
  promises.open = async (path, ...how) => {
    const handle = await open(path, ...how);
    const sync = handle.sync.bind(handle);
    handle.sync = async () => {
      await sync();
      synced.push(String(path));
    };
    return handle;
  };
  syncBuiltinESMExports();
});
afterEach(async () => {
  promises.open = open;
  syncBuiltinESMExports();
  synced.length = 0;
  await rm(folder, { recursive: true, force: true });
});

test("V13: the names of a new data folder and of all that leads to a block are synced before the answer", async () => {
  const data = join(folder, "deep", "data");
  await using checked = await CheckedServer.open({ data });
  expect(synced.toSorted()).toEqual([folder, join(folder, "deep")]);
  const bytes = Buffer.alloc(20_000, 1);
  await checked.upload("/a", bytes);
  const blocks = join(data, "blocks");
  const shelf = join(blocks, blockHashOf(bytes).slice(0, 2));
  for (const path of [shelf, blocks, data]) expect(synced).toContain(path);
});

test("V13: a server on a folder that is there syncs it with its first block, and not again", async () => {
  const data = join(folder, "data");
  const first = await CheckedServer.open({ data });
  await first.server.close();
  synced.length = 0;
  await using checked = await CheckedServer.open({ data, seed: 2 });
  expect(synced).toEqual([]);
  for (const fill of [1, 2, 3]) await checked.upload(`/${fill}`, Buffer.alloc(20_000, fill));
  expect(synced.filter((path) => path === data)).toHaveLength(1);
  expect(synced.filter((path) => path === dirname(data))).toHaveLength(0);
});
