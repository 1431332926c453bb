import { expect, test } from "vitest";
import { namesEtag, parseRange } from "../../src/server/wire/range.ts";
import { CheckedServer } from "../support/checked-server.ts";

test.each([
  ["bytes=0-3", { start: 0, end: 4 }],
  ["Bytes=0-0", { start: 0, end: 1 }],
  ["bytes=3-", { start: 3, end: 10 }],
  ["bytes=9-9", { start: 9, end: 10 }],
  ["bytes=8-99", { start: 8, end: 10 }],
  ["bytes=-3", { start: 7, end: 10 }],
  ["bytes=-99", { start: 0, end: 10 }],
  [`bytes=0-${"9".repeat(400)}`, { start: 0, end: 10 }],
  ["bytes=10-", "unsatisfiable"],
  ["bytes=10-10", "unsatisfiable"],
  [`bytes=${"9".repeat(400)}-`, "unsatisfiable"],
  ["bytes=-0", "unsatisfiable"],
  ["bytes=3-2", undefined],
  ["bytes=0-1,3-4", undefined],
  ["lines=0-1", undefined],
  ["bytes=-", undefined],
  ["bytes=a-b", undefined],
  ["", undefined],
  [null, undefined],
])("Choice 27: %s of ten bytes", (header, range) => {
  expect(parseRange(header, 10)).toEqual(range);
});

test.each([
  ["bytes=0-", "unsatisfiable"],
  ["bytes=0-0", "unsatisfiable"],
  ["bytes=-0", "unsatisfiable"],
  ["bytes=-5", undefined],
])("Choice 27: %s of an empty file", (header, range) => {
  expect(parseRange(header, 0)).toEqual(range);
});

test.each([
  ['W/"ab"', true],
  ['"ab"', true],
  ['"x", W/"ab"', true],
  ["*", true],
  [' "x" ', false],
  ["ab", false],
  ['W/"abc"', false],
  [null, false],
])("Choice 27: whether If-None-Match %s names an ETag", (header, named) => {
  expect(namesEtag(header, 'W/"ab"')).toBe(named);
});

const block = 4 * 1024 * 1024;

test("V43: every range of a file of several blocks has exactly its bytes", async () => {
  await using checked = await CheckedServer.open();
  const bytes = Buffer.from(
    Array.from({ length: 2 * block + 100 }, (_, i) => (i * 31 + (i >> 8)) & 255),
  );
  await checked.upload("/f", bytes);
  const ends: [number, number][] = [
    [0, bytes.length],
    [block - 1, block + 1],
    [block, 2 * block],
    [block - 5, 2 * block + 5],
    [2 * block, bytes.length],
    [bytes.length - 1, bytes.length],
  ];
  for (const [start, end] of ends) {
    const answer = await checked.fetch("https://content.dropboxapi.com/2/files/download", {
      method: "POST",
      headers: {
        authorization: `Bearer ${checked.token}`,
        "dropbox-api-arg": '{"path":"/f"}',
        range: `bytes=${start}-${end - 1}`,
      },
    });
    const got = Buffer.from(await answer.arrayBuffer());
    expect(answer.status).toBe(206);
    expect(answer.headers.get("content-range")).toBe(`bytes ${start}-${end - 1}/${bytes.length}`);
    expect(answer.headers.get("content-length")).toBe(String(end - start));
    expect(got.equals(bytes.subarray(start, end)), `${start}-${end}`).toBe(true);
  }
});

test("V43: ranges of an empty file", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/empty", "");
  const get = (range: string) =>
    checked.content("files/download", { path: "/empty" }, { headers: { range } });
  const beyond = await get("bytes=0-");
  expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, "bytes */0"]);
  const last = await get("bytes=-5");
  expect([last.status, last.text, last.headers.get("content-length")]).toEqual([200, "", "0"]);
});
