import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { seededRng } from "../../src/std/random.ts";
import { openServer } from "../../src/server/serve.ts";
import { CheckedServer, SetClock } from "../support/checked-server.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "snap-server-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const options = () => ({ data: join(folder, "data"), clock: new SetClock(), rng: seededRng(7) });

test("V1: the official SDK uploads, lists, reads and removes through the server's fetch", async () => {
  await using checked = await CheckedServer.open();
  const sdk = checked.sdk();
  const stored = await sdk.filesUpload({ path: "/Notes/ü.txt", contents: Buffer.from("one") });
  expect(stored.result).toMatchObject({ name: "ü.txt", path_lower: "/notes/ü.txt", size: 3 });
  const listed = await sdk.filesListFolder({ path: "", recursive: true });
  const paths = listed.result.entries.map(({ path_display }) => path_display);
  expect(paths).toEqual(["/Notes", "/Notes/ü.txt"]);
  const read = await sdk.filesDownload({ path: "/notes/Ü.TXT" });
  expect(String(Reflect.get(read.result, "fileBinary"))).toBe("one");
  await sdk.filesDeleteV2({ path: "/notes" });
  await expect(sdk.filesGetMetadata({ path: "/notes" })).rejects.toMatchObject({
    status: 409,
    error: { error: { ".tag": "path", path: { ".tag": "not_found" } } },
  });
  const account = await sdk.usersGetCurrentAccount();
  expect(account.result).toMatchObject({ account_id: checked.accountId, email_verified: true });
});

test("V10: bodies may be buffers, Node streams, web streams and empty", async () => {
  await using checked = await CheckedServer.open();
  const sdk = checked.sdk();
  const bytes = Buffer.alloc(70_000, "snap");
  const sent = [bytes, Readable.from([bytes]), new Blob([bytes]).stream()];
  for (const [index, contents] of sent.entries()) {
    const { result } = await sdk.filesUpload({ path: `/${index}`, contents });
    expect(result.size).toBe(70_000);
  }
  expect((await sdk.filesUpload({ path: "/empty", contents: "" })).result.content_hash).toBe(
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  );
});

test("V13: everything is there after a restart; tokens, cursors and sessions go on", async () => {
  const clock = new SetClock();
  const data = join(folder, "data");
  const large = Buffer.alloc(5 * 1024 * 1024, 9);
  const first = await CheckedServer.open({ data, clock });
  const kept = await first.upload("/A/large.bin", large);
  const { json: cursor } = await first.rpc("files/list_folder/get_latest_cursor", {
    path: "",
    recursive: true,
  });
  const { json: session } = await first.content(
    "files/upload_session/start",
    {},
    { body: "begin " },
  );
  await first.server.close();

  await using second = await CheckedServer.open({ data, clock, seed: 2 });
  expect(second.accountId).toBe(first.accountId);
  const options = { token: first.token };
  const read = await second.content("files/download", { path: "/a/large.bin" }, options);
  expect(read.headers.get("dropbox-api-result")).toContain(kept.rev);
  expect(read.text.length).toBe(large.length);
  const finished = await second.content(
    "files/upload_session/finish",
    { cursor: { ...session, offset: 6 }, commit: { path: "/A/note" } },
    { body: "end" },
  );
  expect(finished.json.size).toBe(9);
  const delta = await second.rpc("files/list_folder/continue", cursor);
  expect(delta.json.entries.map((entry: { name: string }) => entry.name)).toEqual(["note"]);
});

test("V13: what was acknowledged is in the files before the server closes", async () => {
  const data = join(folder, "data");
  await using running = await CheckedServer.open({ data });
  await running.upload("/small", "s");
  await running.upload("/large", Buffer.alloc(100_000, 1));
  const copy = join(folder, "as-after-a-kill");
  await cp(data, copy, { recursive: true });
  await using reopened = await CheckedServer.open({ data: copy, seed: 2 });
  const sdk = reopened.sdk();
  expect((await sdk.filesListFolder({ path: "" })).result.entries).toHaveLength(2);
  expect((await reopened.content("files/download", { path: "/small" })).text).toBe("s");
  expect((await reopened.content("files/download", { path: "/large" })).text).toHaveLength(100_000);
});

test("V73: the same seed serves a folder again and again; no id comes twice", async () => {
  const tokens = new Set<string>();
  const ids = new Set<string>();
  for (let opening = 0; opening < 4; opening += 1) {
    const checked = await CheckedServer.open({ data: join(folder, "data"), seed: 1 });
    tokens.add(checked.token);
    ids.add((await checked.upload(`/${opening}`, "one")).id);
    await checked.content("files/upload_session/start", {}, { body: "one" });
    await checked.server.close();
  }
  expect([tokens.size, ids.size]).toEqual([4, 4]);
});

test("V7: a second server on the same folder is busy, until the first is closed", async () => {
  const first = await openServer(options());
  await expect(openServer(options())).rejects.toMatchObject({ code: "busy", exit: 6 });
  await first.close();
  await first.close();
  const second = await openServer(options());
  await second.close();
});

test("V14: a database of a newer format, and one that is none, are refused", async () => {
  const server = await openServer(options());
  await server.close();
  const file = join(folder, "data", "server.sqlite");
  const database = new DatabaseSync(file);
  database.exec("PRAGMA user_version = 99");
  database.close();
  await expect(openServer(options())).rejects.toMatchObject({ code: "version-too-new", exit: 2 });
  await writeFile(file, Buffer.alloc(8192, "no database "));
  await expect(openServer(options())).rejects.toMatchObject({ code: "damaged", exit: 5 });
});

test("V15: accounts see nothing of each other", async () => {
  await using checked = await CheckedServer.open();
  const other = checked.server.addAccount({ name: "Bo", email: "bo@example.com" });
  expect(checked.server.accounts().map(({ name }) => name)).toEqual(["Anna Berg", "Bo"]);
  const mine = await checked.upload("/mine", "1");
  const { accessToken: token } = checked.server.issueToken(other.id);
  for (const path of ["/mine", mine.id, `rev:${mine.rev}`]) {
    const answer = await checked.rpc("files/get_metadata", { path }, { token });
    expect(answer.json.error.path).toEqual({ ".tag": "not_found" });
  }
  const listed = await checked.rpc("files/list_folder", { path: "", recursive: true }, { token });
  expect(listed.json.entries).toEqual([]);
  expect(() => checked.server.issueToken("dbid:nobody")).toThrow(/no account/);
});

test("an aborted call rejects with the signal's reason, and so does a body that breaks off", async () => {
  await using checked = await CheckedServer.open();
  const upload = (init: RequestInit) =>
    checked.server.fetch("https://content.dropboxapi.com/2/files/upload", {
      method: "POST",
      headers: {
        authorization: `Bearer ${checked.token}`,
        "content-type": "application/octet-stream",
        "dropbox-api-arg": '{"path":"/x"}',
      },
      ...init,
    });
  const stop = new AbortController();
  const endless = new ReadableStream({ pull: () => new Promise(() => {}) });
  const waiting = upload({ body: endless, signal: stop.signal });
  stop.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
  const broken = new ReadableStream({ pull: (controller) => controller.error(new Error("cut")) });
  await expect(upload({ body: broken })).rejects.toThrow("broke off");
  expect((await checked.rpc("files/get_metadata", { path: "/x" })).status).toBe(409);
});
