import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { blockHashOf, contentHashOf } from "../../src/core/tree/content-hash.ts";
import { CheckedServer } from "../support/checked-server.ts";

test("V43: a download has the recorded headers", async () => {
  await using checked = await CheckedServer.open();
  const stored = await checked.upload("/ü.txt", "content");
  const read = await checked.content("files/download", { path: "/ü.txt" });
  expect(read.text).toBe("content");
  expect(Object.fromEntries(read.headers)).toMatchObject({
    "content-type": "application/octet-stream",
    "content-length": "7",
    "original-content-length": "7",
    "accept-ranges": "bytes",
    etag: `W/"${stored.rev}"`,
  });
  const result = read.headers.get("dropbox-api-result") ?? "";
  expect(result).toContain("\\u00fc.txt");
  expect(JSON.parse(result)).toEqual(stored);
});

test("V43: a range across blocks is 206 with an exact Content-Range", async () => {
  await using checked = await CheckedServer.open();
  const bytes = Buffer.from(
    Array.from({ length: 4 * 1024 * 1024 + 100 }, (_, index) => 97 + (index % 26)),
  );
  await checked.upload("/f", bytes);
  const start = 4 * 1024 * 1024 - 5;
  const headers = { range: `bytes=${start}-${start + 9}` };
  const part = await checked.content("files/download", { path: "/f" }, { headers });
  expect(part.status).toBe(206);
  expect(part.text).toBe(bytes.subarray(start, start + 10).toString());
  expect(part.headers.get("content-range")).toBe(`bytes ${start}-${start + 9}/${bytes.length}`);
  expect(part.headers.get("content-length")).toBe("10");
});

test("Choice 27: an unsatisfiable range is 416, a known ETag 304", async () => {
  await using checked = await CheckedServer.open();
  const { rev } = await checked.upload("/f", "abc");
  const get = (headers: Record<string, string>) =>
    checked.content("files/download", { path: "/f" }, { headers });
  const beyond = await get({ range: "bytes=3-" });
  expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, "bytes */3"]);
  for (const known of [`W/"${rev}"`, `"x", "${rev}"`, "*"]) {
    const unchanged = await get({ "if-none-match": known });
    expect([unchanged.status, unchanged.text]).toEqual([304, ""]);
    expect(unchanged.headers.get("etag")).toBe(`W/"${rev}"`);
  }
  expect((await get({ "if-none-match": '"x"', range: "bytes=1-1" })).text).toBe("b");
  expect((await get({ range: "bytes=1-", "if-range": `W/"${rev}"` })).text).toBe("abc");
});

test("V43: rev: reads old and removed states, for 30 days", async () => {
  await using checked = await CheckedServer.open();
  const first = await checked.upload("/f", "one");
  await checked.upload("/f", "two", { mode: "overwrite" });
  await checked.rpc("files/delete_v2", { path: "/f" });
  const read = async (path: string) => {
    const { accessToken: token } = checked.server.issueToken(checked.accountId);
    return checked.content("files/download", { path }, { token });
  };
  expect((await read(`rev:${first.rev}`)).text).toBe("one");
  expect((await read("/f")).json.error.path).toEqual({ ".tag": "not_found" });
  expect((await read("rev:123456789")).json.error.path).toEqual({ ".tag": "not_found" });
  checked.clock.seconds += 30 * 86_400;
  expect((await read(`rev:${first.rev}`)).json.error.path).toEqual({ ".tag": "not_found" });
});

test("fact sheet 4.8: a folder and the root are not_file", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/A/f", "1");
  for (const path of ["/A", "/"]) {
    const answer = await checked.content("files/download", { path });
    expect(answer.json.error).toEqual({ ".tag": "path", path: { ".tag": "not_file" } });
  }
});

test("V43: GET with the argument in the URL, id: and ns: paths", async () => {
  await using checked = await CheckedServer.open();
  const { id } = await checked.upload("/A/f", "abc");
  const namespace = (await checked.rpc("users/get_current_account")).json.root_info
    .root_namespace_id;
  for (const path of [id, `ns:${namespace}/a/F`, "/a/f"]) {
    const argument = encodeURIComponent(JSON.stringify({ path }));
    const answer = await checked.fetch(
      `https://content.dropboxapi.com/2/files/download?arg=${argument}`,
      { headers: { authorization: `Bearer ${checked.token}` } },
    );
    expect([answer.status, await answer.text()], path).toEqual([200, "abc"]);
  }
});

test("V10: a reader that goes away ends the reading", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/f", Buffer.alloc(3 * 4 * 1024 * 1024, 1));
  const abort = new AbortController();
  const answer = await checked.server.fetch("https://content.dropboxapi.com/2/files/download", {
    method: "POST",
    headers: { authorization: `Bearer ${checked.token}`, "dropbox-api-arg": '{"path":"/f"}' },
    signal: abort.signal,
  });
  const reader = (answer.body ?? new ReadableStream<Uint8Array>()).getReader();
  expect((await reader.read()).value).toHaveLength(4 * 1024 * 1024);
  abort.abort(new Error("gone"));
  await expect(reader.read()).rejects.toThrow("gone");
});

const parts = [0, 1, 4 * 1024 * 1024, 4 * 1024 * 1024 + 1, 9 * 1024 * 1024];

test.each(parts)("V39: an announced hash of %d bytes is compared, right or wrong", async (size) => {
  await using checked = await CheckedServer.open();
  const bytes = Buffer.alloc(size, 7);
  const right = { path: "/right", content_hash: contentHashOf(bytes) };
  expect((await checked.content("files/upload", right, { body: bytes })).status).toBe(200);
  const wrong = { path: "/wrong", content_hash: contentHashOf(Buffer.alloc(size + 1, 7)) };
  const refused = await checked.content("files/upload", wrong, { body: bytes });
  expect(refused.json.error).toEqual({ ".tag": "content_hash_mismatch" });
  expect((await checked.rpc("files/get_metadata", { path: "/wrong" })).status).toBe(409);
});

test("V39: the hash of a part that does not begin on the grid is its own", async () => {
  await using checked = await CheckedServer.open();
  const start = await checked.content("files/upload_session/start", {}, { body: "abc" });
  const cursor = { session_id: start.json.session_id, offset: 3 };
  const part = Buffer.alloc(5 * 1024 * 1024, 9);
  const append = (content_hash: string) =>
    checked.content("files/upload_session/append_v2", { cursor, content_hash }, { body: part });
  expect((await append("0".repeat(64))).json.error[".tag"]).toBe("content_hash_mismatch");
  expect((await append(contentHashOf(part))).status).toBe(200);
});

const block = 4 * 1024 * 1024;

/** Bytes of several blocks, each of its own. */
function blocksOf(count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, index) => Buffer.alloc(block, index + 1)));
}

test("V13: a block that cannot be stored fails the upload, and nothing names the others", async () => {
  const data = await mkdtemp(join(tmpdir(), "snap-server-"));
  try {
    await using checked = await CheckedServer.open({ data });
    await writeFile(join(data, "blocks"), "in the way");
    for (const count of [1, 2, 6]) {
      const answer = await checked.content(
        "files/upload",
        { path: "/f" },
        { body: blocksOf(count) },
      );
      expect(answer.status, `${count} blocks`).toBe(500);
    }
    expect((await checked.rpc("files/get_metadata", { path: "/f" })).status).toBe(409);
    await rm(join(data, "blocks"));
    await checked.upload("/f", blocksOf(6));
  } finally {
    await rm(data, { recursive: true });
  }
});

test("V12: blocks that are stored side by side come back in their order", async () => {
  const data = await mkdtemp(join(tmpdir(), "snap-server-"));
  try {
    await using checked = await CheckedServer.open({ data });
    const bytes = Buffer.concat([blocksOf(5), blocksOf(2), Buffer.from("tail")]);
    const stored = await checked.upload("/f", bytes);
    expect(stored.content_hash).toBe(contentHashOf(bytes));
    const answer = await openDownload(checked);
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
  } finally {
    await rm(data, { recursive: true });
  }
});

test("V43: a damaged block that was read ahead of a reader that left troubles nobody", async () => {
  const data = await mkdtemp(join(tmpdir(), "snap-server-"));
  try {
    await using checked = await CheckedServer.open({ data });
    await checked.upload("/f", blocksOf(2));
    const hash = blockHashOf(Buffer.alloc(block, 2));
    await writeFile(join(data, "blocks", hash.slice(0, 2), hash), "damaged");
    const left = (await openDownload(checked)).body?.getReader();
    expect((await left?.read())?.value).toHaveLength(block);
    await left?.cancel();
    const stayed = (await openDownload(checked)).body?.getReader();
    await stayed?.read();
    await expect(stayed?.read()).rejects.toThrow(/damaged/);
  } finally {
    await rm(data, { recursive: true });
  }
});

function openDownload(checked: CheckedServer): Promise<Response> {
  return checked.server.fetch("https://content.dropboxapi.com/2/files/download", {
    method: "POST",
    headers: { authorization: `Bearer ${checked.token}`, "dropbox-api-arg": '{"path":"/f"}' },
  });
}
