/** Answers whose bodies are still being read: what a sweep and the end of the server do to them. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { blockBytes, blockHashOf } from "../../src/core/tree/content-hash.ts";
import { CheckedServer } from "../support/checked-server.ts";

let data = "";
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), "snap-server-"));
});
afterEach(() => rm(data, { recursive: true, force: true }));

const routes = ["files/download", "files/download_zip"];

/** An answer whose body nobody has touched yet. */
async function opened(checked: CheckedServer, route: string, path: string): Promise<Response> {
  const answer = await checked.server.fetch(`https://content.dropboxapi.com/2/${route}`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${checked.token}`,
      "dropbox-api-arg": JSON.stringify({ path }),
    },
  });
  expect(answer.status).toBe(200);
  return answer;
}

const day = 86_400;
const last = Buffer.alloc(20_000, 3);
/** Two blocks and one that is kept apart from them. */
const content = Buffer.concat([Buffer.alloc(2 * blockBytes, 1), last]);

async function stored(): Promise<string[]> {
  const found = await readdir(join(data, "blocks"), { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).map(({ name }) => name);
}

/** A day has passed and more, and a call comes; the disk has its turn. */
async function sweep(checked: CheckedServer): Promise<void> {
  checked.clock.seconds += 31 * day;
  const { accessToken: token } = checked.server.issueToken(checked.accountId);
  await checked.rpc("files/list_folder", { path: "" }, { token });
  for (let turn = 0; turn < 100; turn += 1) await readdir(data);
}

async function bytesLeft(
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
): Promise<number> {
  let size = 0;
  for (let step = await reader?.read(); step?.done === false; step = await reader?.read()) {
    size += step.value?.length ?? 0;
  }
  return size;
}

test.each(routes)(
  "V13: a sweep leaves what an answer of %s is read from, and no more",
  async (route) => {
    await using checked = await CheckedServer.open({ data });
    await checked.upload("/d/f", content);
    const path = route === "files/download" ? "/d/f" : "/d";
    const open = await opened(checked, route, path);
    const reader = open.body?.getReader();
    const first = await reader?.read();
    const unread = await opened(checked, route, path);
    await checked.rpc("files/delete_v2", { path: "/d" });
    await sweep(checked);
    const size = (first?.value?.length ?? 0) + (await bytesLeft(reader));
    expect(size).toBeGreaterThanOrEqual(content.length);
    await sweep(checked);
    expect(await stored(), "the other one is still open").toContain(blockHashOf(last));
    await unread.body?.cancel();
    await setImmediate();
    // One that is still under way keeps the next from beginning.
    for (let round = 0; round < 20 && (await stored()).length > 0; round += 1) await sweep(checked);
    expect(await stored()).toEqual([]);
  },
);

test.each(routes)(
  "V13: the end of the server breaks an answer of %s off, and says why",
  async (route) => {
    const checked = await CheckedServer.open({ data });
    await checked.upload("/d/f", content);
    const path = route === "files/download" ? "/d/f" : "/d";
    const unread = await opened(checked, route, path);
    const reader = (await opened(checked, route, path)).body?.getReader();
    await reader?.read();
    await checked.server.close();
    await expect(bytesLeft(reader)).rejects.toThrow("The server is closed");
    await expect(unread.arrayBuffer()).rejects.toThrow("The server is closed");
  },
);

test("V13: an answer that is no content can be read after the server has ended", async () => {
  const checked = await CheckedServer.open({ data, admin: true });
  await checked.upload("/f", "one");
  const answer = await checked.server.fetch("https://api.dropboxapi.com/2/files/get_metadata", {
    method: "POST",
    headers: { authorization: `Bearer ${checked.token}`, "content-type": "application/json" },
    body: '{"path":"/f"}',
  });
  await checked.server.close();
  expect(await answer.json()).toMatchObject({ name: "f" });
});
