import { buffer as readWhole } from "node:stream/consumers";
import { expect, test } from "vitest";
import { ZipFile as YazlZipFile } from "yazl";
import {
  archiveBytesMax,
  type FolderFile,
  type FolderRequest,
} from "../../src/core/tree/remote-batches.ts";
import { batchBytesMax, bodyMemoryMaxBytes, folderEntriesMax } from "../../src/engine/limits.ts";
import { calls, code, failing, noNetwork } from "./faulty.ts";
import { allOf, at, failure, linkedServer, uploadOf, type Linked } from "./linked.ts";

/** A folder with files in folders, in the case in which somebody made them. */
async function filled(): Promise<Linked> {
  const linked = await linkedServer("/Top");
  for (const [path, text] of Object.entries(files))
    await linked.remote.upload(uploadOf(path, text));
  linked.routes.length = 0;
  return linked;
}

const files = {
  "Folder/One.txt": "one",
  "Folder/Sub/two.txt": "two two ".repeat(500),
  "Folder/Sub/\u00e9mpty": "",
  "beside.txt": "beside",
};

const request = (more: Partial<FolderRequest> = {}): FolderRequest => ({
  folder: at("Folder"),
  wanted: new Map([
    ["one.txt", 3],
    ["sub/two.txt", 4_000],
    ["sub/\u00e9mpty", 0],
  ]),
  bytesMax: 4_003,
  entriesMax: 5,
  ...more,
});

const told = (found: readonly FolderFile[]): Record<string, string> =>
  Object.fromEntries(found.map(({ place, bytes }) => [place, Buffer.from(bytes).toString()]));

test("S66: the wanted files of a folder come by one call", async () => {
  await using linked = await filled();
  const found = told(await allOf(linked.remote.filesIn(request())));
  expect(found).toEqual({
    "one.txt": files["Folder/One.txt"],
    "sub/two.txt": files["Folder/Sub/two.txt"],
    "sub/\u00e9mpty": "",
  });
  expect(calls(linked)).toEqual(["files/download_zip"]);
});

test("S66: the linked folder itself comes as a whole, unless it is that of the account", async () => {
  await using linked = await filled();
  const wanted = new Map([["beside.txt", 6]]);
  const whole = request({ folder: at(""), wanted, bytesMax: 5_000, entriesMax: 9 });
  expect(told(await allOf(linked.remote.filesIn(whole)))).toEqual({ "beside.txt": "beside" });
  expect([linked.remote.givesWhole, linked.open("").givesWhole]).toEqual([true, false]);
});

test("S66: what is of another size, or is not there, is not in the answer", async () => {
  await using linked = await filled();
  const wanted = new Map([
    ["one.txt", 4],
    ["sub/two.txt", 4_000],
    ["gone", 1],
  ]);
  const found = await allOf(linked.remote.filesIn(request({ wanted })));
  expect(Object.keys(told(found))).toEqual(["sub/two.txt"]);
});

test.each([
  ["too_large", { ".tag": "too_large" }],
  ["too_many_files", { ".tag": "too_many_files" }],
  ["a folder that is gone", { ".tag": "path", path: { ".tag": "not_found" } }],
])("S66: of a folder that the server refuses (%s) nothing comes", async (_, error) => {
  await using linked = await filled();
  linked.intercept = failing("files/download_zip", [() => failure(409, error)]);
  expect(await allOf(linked.remote.filesIn(request()))).toEqual([]);
  expect(await allOf(linked.remote.filesIn(request()))).toHaveLength(3);
});

test("S66: a server without archives is asked for one once", async () => {
  await using linked = await filled();
  linked.intercept = async ({ route }, pass) =>
    route.endsWith("download_zip")
      ? new Response('Error in call to API function "files/download_zip": Unknown API function', {
          status: 400,
        })
      : pass();
  expect(await allOf(linked.remote.filesIn(request()))).toEqual([]);
  expect(await allOf(linked.remote.filesIn(request()))).toEqual([]);
  expect(calls(linked)).toEqual(["files/download_zip"]);
});

/** The body of every archive changed. */
function spoiling(change: (body: Buffer) => Buffer | Error): Linked["intercept"] {
  return async ({ route }, pass) => {
    const answer = await pass();
    if (!route.endsWith("download_zip")) return answer;
    const body = change(Buffer.from(await answer.arrayBuffer()));
    if (body instanceof Error) throw body;
    return new Response(body, answer);
  };
}

test("S66: an archive that is spoilt costs its call, and never gives a byte that was not sent", async () => {
  await using linked = await filled();
  for (let byte = 0; byte < 900; byte += 7) {
    linked.intercept = spoiling((body) => {
      const at = Math.floor((byte / 900) * body.length);
      body[at] = (body[at] ?? 0) ^ 0x55;
      return body;
    });
    const found = told(await allOf(linked.remote.filesIn(request())));
    for (const [place, text] of Object.entries(found)) {
      const size = request().wanted.get(place);
      expect(Buffer.byteLength(text, "latin1")).toBeLessThanOrEqual(2 * (size ?? 0));
    }
  }
});

test("S66: an archive that is cut off, or longer than the folder, gives nothing", async () => {
  await using linked = await filled();
  linked.intercept = spoiling((body) => body.subarray(0, body.length / 2));
  expect(await allOf(linked.remote.filesIn(request()))).toEqual([]);
  linked.intercept = spoiling((body) => Buffer.concat([body, Buffer.alloc(1024 * 1024)]));
  expect(await allOf(linked.remote.filesIn(request()))).toEqual([]);
});

test("S107: an archive is no longer than the memory that was taken for it", async () => {
  await using linked = await filled();
  const room = archiveBytesMax(request());
  const padded = (size: number): ((body: Buffer) => Buffer) => {
    return (body) => withFront(body, size - body.length);
  };
  linked.intercept = spoiling(padded(room));
  expect(await allOf(linked.remote.filesIn(request()))).toHaveLength(3);
  linked.intercept = spoiling(padded(room + 1));
  expect(await allOf(linked.remote.filesIn(request()))).toEqual([]);
  // Nine thousand small files and all that stands around them fit into what all bodies share.
  const largest = { bytesMax: batchBytesMax, entriesMax: folderEntriesMax };
  expect(archiveBytesMax(largest)).toBeLessThanOrEqual(bodyMemoryMaxBytes);
});

/** The same archive, longer by bytes in front of it; the places of its parts are told anew. */
function withFront(body: Buffer, length: number): Buffer {
  const front = Buffer.alloc(length);
  const end = body.lastIndexOf("PK\u0005\u0006");
  const from = body.readUInt32LE(end + 16);
  const moved = Buffer.from(body);
  moved.writeUInt32LE(from + length, end + 16);
  for (let at = from; moved.readUInt32LE(at) === 0x02014b50;) {
    moved.writeUInt32LE(moved.readUInt32LE(at + 42) + length, at + 42);
    const variable = [28, 30, 32].reduce((sum, place) => sum + moved.readUInt16LE(at + place), 0);
    at += 46 + variable;
  }
  return Buffer.concat([front, moved]);
}

test("S66: entries that differ in case or form alone are each told, and the caller knows which is which", async () => {
  await using linked = await filled();
  const archive = await zipOf([
    ["Folder/sub/cafe\u0301", "one"],
    ["Folder/Sub/CAF\u00c9", "two"],
  ]);
  linked.intercept = spoiling(() => archive);
  const wanted = new Map([["sub/caf\u00e9", 3]]);
  const found = await allOf(linked.remote.filesIn(request({ wanted })));
  expect(found.map(({ place, bytes }) => [place, Buffer.from(bytes).toString()])).toEqual([
    ["sub/caf\u00e9", "one"],
    ["sub/caf\u00e9", "two"],
  ]);
});

test("X13, S66: an archive that names one place again and again gives no more than the folder holds", async () => {
  await using linked = await filled();
  const two = ["Folder/Sub/two.txt", files["Folder/Sub/two.txt"]] as const;
  const archive = await zipOf(Array.from({ length: 100 }, () => two));
  linked.intercept = spoiling(() => archive);
  const found = await allOf(linked.remote.filesIn(request()));
  expect(told(found)).toEqual({ "sub/two.txt": two[1] });
  expect(found).toHaveLength(1);
});

async function zipOf(entries: readonly (readonly [string, string])[]): Promise<Buffer> {
  const zip = new YazlZipFile();
  for (const [name, text] of entries) zip.addBuffer(Buffer.from(text), name);
  zip.end();
  return await readWhole(zip.outputStream);
}

test("S83: a connection that breaks off is tried again, and that many times", async () => {
  await using linked = await filled();
  linked.intercept = failing("files/download_zip", [
    noNetwork,
    () => new Response("", { status: 503 }),
  ]);
  expect(await allOf(linked.remote.filesIn(request()))).toHaveLength(3);
  linked.intercept = spoiling(() => noNetwork());
  await expect(allOf(linked.remote.filesIn(request()))).rejects.toThrow(code("offline"));
});
