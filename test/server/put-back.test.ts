/** An older copy of the data is put back: what was written in between is lost, and clients that saw it have to notice. */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CheckedServer } from "../support/checked-server.ts";
import type { Answer } from "../support/checked-server.ts";

let folder = "";
let data = "";
let openings = 0;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "snap-server-"));
  data = join(folder, "data");
  openings = 0;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Each opening has chance of its own. */
async function open(): Promise<CheckedServer> {
  openings += 1;
  return await CheckedServer.open({ data, seed: openings });
}

async function keepCopy(): Promise<void> {
  await cp(data, join(folder, "copy"), { recursive: true });
}

async function putBack(): Promise<void> {
  await rm(data, { recursive: true });
  await cp(join(folder, "copy"), data, { recursive: true });
}

type Json = Answer["json"];

async function list(checked: CheckedServer, more: object = {}): Promise<Json> {
  return (await checked.rpc("files/list_folder", { path: "", ...more })).json;
}

async function goOn(checked: CheckedServer, { cursor }: Json): Promise<Json> {
  return (await checked.rpc("files/list_folder/continue", { cursor })).json;
}

const names = ({ entries }: Json): string[] =>
  entries.map(({ name }: { name: string }) => name).toSorted();

const reset = { error: { ".tag": "reset" } };

test("V31: a cursor of a lost time is over, though as much was written again; revs do not come again", async () => {
  const before = await open();
  await before.upload("/base", "base");
  const early = await list(before);
  await before.server.close();
  await keepCopy();
  const lost = await open();
  const a = await lost.upload("/a", "one");
  const cursor = await list(lost);
  expect(names(cursor)).toEqual(["a", "base"]);
  await lost.server.close();
  await putBack();
  await using checked = await open();
  expect(await goOn(checked, cursor)).toMatchObject(reset);
  const revs = [await checked.upload("/b", "two"), await checked.upload("/c", "three")];
  expect(revs.map(({ rev }) => rev)).not.toContain(a.rev);
  expect(await goOn(checked, cursor)).toMatchObject(reset);
  const poll = await checked.server.fetch(
    "https://notify.dropboxapi.com/2/files/list_folder/longpoll",
    {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ cursor: cursor.cursor }),
    },
  );
  expect(await poll.json()).toMatchObject(reset);
  expect(names(await goOn(checked, early)), "of a time that is not lost").toEqual(["b", "c"]);
});

test("V31: the same where the copy was made before anything was in it", async () => {
  const before = await open();
  await before.server.close();
  await keepCopy();
  const lost = await open();
  const { rev } = await lost.upload("/a", "one");
  await lost.server.close();
  await putBack();
  await using checked = await open();
  expect((await checked.upload("/b", "two")).rev).not.toBe(rev);
});

test("V31: a cursor of a lost time is over where the copy was made beside the calls", async () => {
  const lost = await open();
  for (const name of ["a", "b", "c"]) await lost.upload(`/${name}`, name);
  const options = { limit: 1 };
  const first = await list(lost, options);
  await keepCopy();
  await lost.upload("/bb", "lost");
  const second = await goOn(lost, first);
  const third = await goOn(lost, second);
  expect(names(third), "written after the listing had begun").toEqual(["bb"]);
  await lost.server.close();
  await putBack();
  await using checked = await open();
  expect(await goOn(checked, third)).toMatchObject(reset);
  for (const name of ["x", "y"]) await checked.upload(`/${name}`, name);
  expect(await goOn(checked, third)).toMatchObject(reset);
  expect(names(await goOn(checked, first))).toEqual(["b"]);
});

test("V13: cursors go on through openings that write to the journal, and through others", async () => {
  const first = await open();
  await first.upload("/a", "one");
  const cursors = [await list(first)];
  await first.server.close();
  for (const name of ["b", "c"]) {
    const checked = await open();
    cursors.push(await list(checked));
    await checked.upload(`/${name}`, name);
    cursors.push(await list(checked));
    await checked.server.close();
    const reading = await open();
    cursors.push(await list(reading));
    await reading.server.close();
  }
  await using checked = await open();
  const told: string[][] = [];
  for (const cursor of cursors) told.push(names(await goOn(checked, cursor)));
  expect(told).toEqual([["b", "c"], ["b", "c"], ["c"], ["c"], ["c"], [], []]);
});
