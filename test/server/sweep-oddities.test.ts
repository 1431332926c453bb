/** Sweeps where the folder or the clock is not what it should be. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { blockHashOf } from "../../src/core/tree/content-hash.ts";
import { CheckedServer, SetClock } from "../support/checked-server.ts";

let data = "";
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), "snap-server-"));
});
afterEach(() => rm(data, { recursive: true, force: true }));

const day = 86_400;
const years = 365 * day;

/** Sessions that are open, as another program sees them. */
function sessions(): number {
  const reader = new DatabaseSync(join(data, "server.sqlite"), { readOnly: true });
  try {
    return reader.prepare("SELECT 1 FROM sessions").all().length;
  } finally {
    reader.close();
  }
}

test("V13: what others put into the folder of blocks is left alone, and in nobody's way", async () => {
  const bytes = Buffer.alloc(20_000, 1);
  const checked = await CheckedServer.open({ data });
  const refused = { path: "/x", content_hash: "0".repeat(64) };
  await checked.content("files/upload", refused, { body: bytes });
  const blocks = join(data, "blocks");
  const shelf = blockHashOf(bytes).slice(0, 2);
  const odd = [".DS_Store", "00", "notes/a.txt", `${shelf}/.DS_Store`, `${shelf}/sub/file`];
  for (const path of odd) {
    await mkdir(join(blocks, path, ".."), { recursive: true });
    await writeFile(join(blocks, path), "odd");
  }
  await mkdir(join(blocks, shelf, "f".repeat(64)));
  await checked.server.close();
  const left = await readdir(blocks, { recursive: true, withFileTypes: true });
  const files = left.filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name));
  expect(paths.toSorted()).toEqual(odd.map((path) => join(blocks, path)).toSorted());
});

test("V13: a sweep at a time that is still to come does not count", async () => {
  const clock = new SetClock();
  clock.seconds += 20 * years;
  const wrong = await CheckedServer.open({ data, clock });
  await wrong.server.close();
  clock.seconds -= 20 * years;
  const checked = await CheckedServer.open({ data, clock, seed: 2 });
  await checked.content("files/upload_session/start", {}, { body: "one" });
  expect(sessions()).toBe(1);
  clock.seconds += 7 * day;
  await checked.server.close();
  expect(sessions()).toBe(0);
});

test("V13: a server whose clock was set back while it runs goes on sweeping", async () => {
  const clock = new SetClock();
  clock.seconds += 20 * years;
  await using checked = await CheckedServer.open({ data, clock });
  clock.seconds -= 20 * years;
  await checked.content("files/upload_session/start", {}, { body: "one" });
  clock.seconds += 7 * day;
  await checked.rpc("files/list_folder", { path: "" });
  for (let turn = 0; turn < 50; turn += 1) await readdir(data);
  expect(sessions()).toBe(0);
});
