import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { CheckedServer } from "../support/checked-server.ts";

/** An entry of a zip file as its central directory and its own header tell it. */
type Unpacked = {
  name: string;
  method: number;
  flags: number;
  dos: number;
  mtime: number;
  text: string;
};

/** Reads a zip file by the book (APPNOTE 4.3), checking what it says about itself. */
function unzip(zip: Buffer): Unpacked[] {
  const end = zip.lastIndexOf(Buffer.from("504b0506", "hex"));
  expect(end).toBe(zip.length - 22);
  const count = zip.readUInt16LE(end + 10);
  let at = zip.readUInt32LE(end + 16);
  const entries: Unpacked[] = [];
  for (let index = 0; index < count; index += 1) {
    expect(zip.readUInt32LE(at)).toBe(0x02014b50);
    const [nameLength, extraLength] = [zip.readUInt16LE(at + 28), zip.readUInt16LE(at + 30)];
    const size = zip.readUInt32LE(at + 20);
    const header = zip.readUInt32LE(at + 42);
    const name = zip.subarray(at + 46, at + 46 + nameLength);
    expect(zip.subarray(header + 30, header + 30 + nameLength)).toEqual(name);
    const start = header + 30 + nameLength + zip.readUInt16LE(header + 28);
    const content = zip.subarray(start, start + size);
    expect(crc32(content)).toBe(zip.readUInt32LE(at + 16));
    entries.push({
      name: name.toString(),
      method: zip.readUInt16LE(at + 10),
      flags: zip.readUInt16LE(at + 8),
      dos: zip.readUInt32LE(at + 12),
      mtime: zip.readUInt32LE(at + 46 + nameLength + 5),
      text: content.toString(),
    });
    at += 46 + nameLength + extraLength;
  }
  return entries;
}

async function zipOf(checked: CheckedServer, path: string): Promise<Buffer> {
  const answer = await checked.fetch("https://content.dropboxapi.com/2/files/download_zip", {
    method: "POST",
    headers: {
      authorization: `Bearer ${checked.token}`,
      "dropbox-api-arg": JSON.stringify({ path }),
    },
  });
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
}

const folder = (checked: CheckedServer, path: string) =>
  checked.rpc("files/create_folder_v2", { path });

test("V44: the zip of a folder holds all in it below the folder's name, names as stored", async () => {
  await using checked = await CheckedServer.open();
  const modified = { client_modified: "2020-02-29T23:59:58Z" };
  await checked.upload("/Top/Ä/ü 🎉.txt", "one", modified);
  await checked.upload("/Top/empty.txt", "");
  await checked.upload('/Top/odd\r\n:*?"<>|', "odd");
  await checked.upload("/Top2/no.txt", "not in it");
  await folder(checked, "/Top/Nothing");
  const entries = unzip(await zipOf(checked, "/top"));
  expect(Object.fromEntries(entries.map(({ name, text }) => [name, text]))).toEqual({
    "Top/": "",
    "Top/Nothing/": "",
    "Top/Ä/": "",
    "Top/Ä/ü 🎉.txt": "one",
    "Top/empty.txt": "",
    'Top/odd\r\n:*?"<>|': "odd",
  });
  expect(
    entries.every(({ flags }) => (flags & 0x800) !== 0),
    "UTF-8 names",
  ).toBe(true);
  expect(
    entries.every(({ method }) => method === 0),
    "stored",
  ).toBe(true);
  const dated = entries.find(({ text }) => text === "one");
  expect(dated?.mtime).toBe(Date.parse(modified.client_modified) / 1000);
  // 23:59:58 in the lower half, 2020-02-29 in the upper one.
  expect(dated?.dos).toBe(
    ((40 << 25) | (2 << 21) | (29 << 16) | (23 << 11) | (59 << 5) | 29) >>> 0,
  );
});

test("V44: the result header has the folder, without a tag; there is no length", async () => {
  await using checked = await CheckedServer.open();
  await folder(checked, "/Ü");
  const answer = await checked.content("files/download_zip", { path: "/ü" });
  const { metadata } = JSON.parse(answer.headers.get("dropbox-api-result") ?? "");
  expect(metadata).toMatchObject({ name: "Ü", path_lower: "/ü", id: expect.any(String) });
  expect(metadata).not.toHaveProperty([".tag"]);
  expect(answer.headers.get("content-type")).toBe("application/zip");
  expect(answer.headers.get("content-length")).toBeNull();
});

test("V44: the bytes are the same each time, whatever the time zone and the dates", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/A/old", "1", { client_modified: "1901-01-01T00:00:00Z" });
  await checked.upload("/A/new", "2", { client_modified: "2999-12-31T23:59:59Z" });
  await checked.upload("/A/gap", "3", { client_modified: "2026-03-29T02:30:00Z" });
  const first = await zipOf(checked, "/A");
  const { TZ } = process.env;
  try {
    for (const zone of ["Pacific/Kiritimati", "Etc/GMT+12", "Europe/Berlin"]) {
      process.env["TZ"] = zone;
      checked.clock.seconds += 3600;
      expect((await zipOf(checked, "/A")).equals(first), zone).toBe(true);
    }
  } finally {
    if (TZ === undefined) delete process.env["TZ"];
    else process.env["TZ"] = TZ;
  }
});

const hasUnzip = spawnSync("unzip", ["-v"]).status === 0;

test.skipIf(!hasUnzip)("V44: other programs unpack it", async () => {
  await using checked = await CheckedServer.open();
  const large = Buffer.alloc(5 * 1024 * 1024, "large ");
  await checked.upload("/Top/a/large", large);
  await checked.upload("/Top/b.txt", "small");
  await folder(checked, "/Top/c");
  const work = await mkdtemp(join(tmpdir(), "snap-zip-"));
  try {
    await writeFile(join(work, "top.zip"), await zipOf(checked, "/Top"));
    await promisify(execFile)("unzip", ["-q", "top.zip"], { cwd: work });
    expect((await readFile(join(work, "Top/a/large"))).equals(large)).toBe(true);
    expect(await readFile(join(work, "Top/b.txt"), "utf8")).toBe("small");
    expect((await readdir(join(work, "Top"))).toSorted()).toEqual(["a", "b.txt", "c"]);
  } finally {
    await rm(work, { recursive: true });
  }
});

test("V44: a top folder named like a drive loses its colon", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/c:/x", "1");
  await checked.upload("/d:evil/c:", "2");
  expect(unzip(await zipOf(checked, "/c:")).map(({ name }) => name)).toEqual(["c_/", "c_/x"]);
  expect(unzip(await zipOf(checked, "/d:evil")).map(({ name }) => name)).toEqual([
    "d_evil/",
    "d_evil/c:",
  ]);
});

test("V44, V51: at each limit there is a zip, above it none, before the first byte", async () => {
  const limits = { zipEntriesMax: 4, zipBytesMax: 10, zipFileBytesMax: 6 };
  await using checked = await CheckedServer.open({ limits });
  await checked.upload("/A/one", "123456");
  await checked.upload("/A/two", "1234");
  await folder(checked, "/A/three");
  expect(unzip(await zipOf(checked, "/A"))).toHaveLength(4);
  const refusal = async (path: string) =>
    (await checked.content("files/download_zip", { path })).json.error;
  await folder(checked, "/A/four");
  expect(await refusal("/A")).toEqual({ ".tag": "too_many_files" });
  await checked.upload("/B/one", "123456");
  await checked.upload("/B/two", "12345");
  expect(await refusal("/B")).toEqual({ ".tag": "too_large" });
  await checked.upload("/C/one", "1234567");
  expect(await refusal("/C")).toEqual({ ".tag": "too_large" });
});

test("V44: a path longer than the format can hold is too_large", async () => {
  await using checked = await CheckedServer.open();
  const name = "ü".repeat(255);
  const deep = `/A${`/${name}`.repeat(128)}`;
  await folder(checked, deep);
  expect((await zipOf(checked, "/A")).length).toBeGreaterThan(0xffff);
  await folder(checked, `${deep}/${name}`);
  const answer = await checked.content("files/download_zip", { path: "/A" });
  expect(answer.json.error).toEqual({ ".tag": "too_large" });
});

test("V44: files, the root and what is not there", async () => {
  await using checked = await CheckedServer.open();
  const { id, rev } = await checked.upload("/f", "1");
  const call = (path: string) => checked.content("files/download_zip", { path });
  for (const path of ["/f", id, `rev:${rev}`]) {
    expect((await call(path)).json.error.path, path).toEqual({ ".tag": "not_folder" });
  }
  for (const path of ["/none", "rev:123456789", "id:none"]) {
    expect((await call(path)).json.error.path, path).toEqual({ ".tag": "not_found" });
  }
  expect((await call("/a\\b")).json.error.path).toEqual({ ".tag": "malformed_path" });
  const root = await call("/");
  expect([root.status, root.text]).toEqual([400, expect.stringContaining("root folder")]);
});

test("V44: thousands of empty folders in a row are no deep recursion", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/A/0", "first");
  for (let part = 0; part < 9_000; part += 1_000) {
    const paths = Array.from({ length: 1_000 }, (_, index) => `/A/${part + index + 1}`);
    await checked.rpc("files/create_folder_batch", { paths, force_async: false });
  }
  expect(unzip(await zipOf(checked, "/A"))).toHaveLength(9_002);
});

test("V44: a damaged block and a reader that goes away end the zip", async () => {
  const data = await mkdtemp(join(tmpdir(), "snap-server-"));
  try {
    await using checked = await CheckedServer.open({ data });
    await checked.upload("/A/a", Buffer.alloc(5 * 1024 * 1024, 1));
    await checked.upload("/A/b", Buffer.alloc(20_000, 2));
    const open = async (signal?: AbortSignal) => {
      const answer = await checked.server.fetch(
        "https://content.dropboxapi.com/2/files/download_zip",
        {
          method: "POST",
          headers: { authorization: `Bearer ${checked.token}`, "dropbox-api-arg": '{"path":"/A"}' },
          signal: signal ?? null,
        },
      );
      return (answer.body ?? new ReadableStream<Uint8Array>()).getReader();
    };
    const abort = new AbortController();
    const aborted = await open(abort.signal);
    await aborted.read();
    abort.abort(new Error("gone"));
    await expect(drained(aborted)).rejects.toThrow("gone");
    const cancelled = await open();
    await cancelled.read();
    await cancelled.cancel();
    for (const file of await readdir(join(data, "blocks"), { recursive: true })) {
      if (file.length > 64) await writeFile(join(data, "blocks", file), "damaged");
    }
    await expect(drained(await open())).rejects.toThrow(/damaged/);
  } finally {
    await rm(data, { recursive: true });
  }
});

async function drained(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  while (!(await reader.read()).done);
}
