import { expect, test } from "vitest";
import { parseRange } from "../../src/server/wire/range.ts";
import { CheckedServer } from "../support/checked-server.ts";

test.each([
  ["bytes=0-3", { start: 0, end: 4 }],
  ["bytes=3-", { start: 3, end: 10 }],
  ["bytes=8-99", { start: 8, end: 10 }],
  ["bytes=-3", { start: 7, end: 10 }],
  ["bytes=-99", { start: 0, end: 10 }],
  ["bytes=10-", "unsatisfiable"],
  ["bytes=-0", "unsatisfiable"],
  ["bytes=3-2", undefined],
  ["bytes=0-1,3-4", undefined],
  ["lines=0-1", undefined],
  ["bytes=-", undefined],
  [null, undefined],
])("Choice 27: %s of ten bytes", (header, range) => {
  expect(parseRange(header, 10)).toEqual(range);
});

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
  expect((await get({ "if-none-match": `W/"${rev}"` })).status).toBe(304);
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
