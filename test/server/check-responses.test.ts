/** Answers that do not fit the definition are never sent (V4). */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { present } from "../../src/std/assert.ts";
import { AnswerCheck } from "../../src/server/control/answer-check.ts";
import { jsonResponse } from "../../src/server/wire/answer.ts";
import { loadDefinition } from "../../src/server/wire/definition.ts";
import type { Json } from "../../src/server/wire/failure.ts";
import { CheckedServer } from "../support/checked-server.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "snap-server-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A server whose one file has a hash that is none: its metadata cannot be answered rightly. */
async function brokenServer(checkResponses: boolean): Promise<CheckedServer> {
  const data = join(folder, "data");
  const before = await CheckedServer.open({ data });
  await before.upload("/a", "one");
  await before.server.close();
  const database = new DatabaseSync(join(data, "server.sqlite"));
  database.exec("UPDATE revisions SET hash = 'broken'");
  database.close();
  return await CheckedServer.open({ data, checkResponses, seed: 2 });
}

function call(checked: CheckedServer, route: string): Promise<Response> {
  const argument = '{"path":"/a"}';
  const isDownload = route === "files/download";
  return checked.server.fetch(`https://api.dropboxapi.com/2/${route}`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${checked.token}`,
      ...(isDownload ? { "dropbox-api-arg": argument } : { "content-type": "application/json" }),
    },
    body: isDownload ? null : argument,
  });
}

test.each(["files/get_metadata", "files/download", "files/list_revisions"])(
  "V4: a result of %s that does not fit becomes 500, as text",
  async (route) => {
    await using checked = await brokenServer(true);
    const answer = await call(checked, route);
    expect(answer.status).toBe(500);
    expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(answer.headers.has("dropbox-api-result")).toBe(false);
    expect(answer.headers.get("x-dropbox-request-id")).toMatch(/^[0-9a-f]{32}$/);
    const text = await answer.text();
    expect(text).toContain(`the answer of "${route}" does not fit: `);
    expect(text).toContain("content_hash: 'broken' must be at least 64 characters, got 6");
  },
);

test("V4: without the check it is sent as it is", async () => {
  await using checked = await brokenServer(false);
  expect((await call(checked, "files/get_metadata")).status).toBe(200);
  expect((await call(checked, "files/download")).status).toBe(200);
});

test("V4: what fits goes through, failures and downloads too", async () => {
  await using checked = await CheckedServer.open({ checkResponses: true });
  const content = Buffer.alloc(5 * 1024 * 1024, "snap");
  await checked.upload("/a", content);
  expect((await checked.rpc("files/list_folder", { path: "" })).json.entries).toHaveLength(1);
  expect((await checked.rpc("files/get_metadata", { path: "/b" })).status).toBe(409);
  expect((await checked.rpc("nonsense")).status).toBe(400);
  const answer = await call(checked, "files/download");
  expect(Buffer.from(await answer.arrayBuffer()).equals(content)).toBe(true);
  expect((await checked.rpc("auth/token/revoke")).text).toBe("null");
});

const definition = loadDefinition();

function misfit(route: string, answer: Response): Promise<string | undefined> {
  const type = definition.routes.find(({ path }) => path === `/2/${route}`);
  return new AnswerCheck(definition).misfit(present(type, route), answer);
}

const file = {
  name: "a",
  id: `id:${"a".repeat(22)}`,
  client_modified: "2026-11-21T12:00:00Z",
  server_modified: "2026-11-21T12:00:00Z",
  rev: "0123456789abc00000001",
  size: 1,
  path_lower: "/a",
  path_display: "/a",
  is_downloadable: true,
  content_hash: "0".repeat(64),
};
const { is_downloadable: _, ...undownloadable } = file;
const { name: __, ...nameless } = file;

test.each<[string, Json, string | undefined]>([
  ["files/get_metadata", { ".tag": "file", ...file }, undefined],
  ["files/upload", file, undefined],
  ["files/upload", undownloadable, "missing required field 'is_downloadable'"],
  ["files/get_metadata", { ".tag": "file", ...undownloadable }, "field 'is_downloadable'"],
  ["files/upload", { ".tag": "file", ...file }, "unknown field '.tag'"],
  ["files/get_metadata", file, "missing '.tag' key"],
  ["files/get_metadata", { ".tag": "folder", ...file }, "unknown field"],
  ["files/upload", nameless, "missing required field 'name'"],
  ["files/upload", { ...file, color: "red" }, "unknown field 'color'"],
  ["files/upload", { ...file, path_lower: null }, "path_lower: expected string, got null"],
  ["files/upload", { ...file, size: "1" }, "size: expected integer, got string"],
  ["files/delete_v2", { metadata: file }, "metadata: missing '.tag' key"],
  ["auth/token/revoke", {}, "a Void result is null"],
  ["auth/token/revoke", null, undefined],
])("V4: a result of %s: %j, %s", async (route, value, text) => {
  const found = await misfit(route, jsonResponse(value));
  if (text === undefined) expect(found).toBeUndefined();
  else expect(found).toContain(text);
});

const lookup = { ".tag": "path", path: { ".tag": "not_found" } };

test.each<[string, Json, string | undefined]>([
  ["files/get_metadata", { error_summary: "path/not_found/..", error: lookup }, undefined],
  [
    "files/get_metadata",
    { error_summary: "path/not_found/", error: lookup, user_message: { locale: "en", text: "x" } },
    undefined,
  ],
  ["files/get_metadata", lookup, "an error has no members of its own making"],
  ["files/get_metadata", { error: lookup }, "the summary of an error begins with its tag"],
  ["files/get_metadata", { error_summary: "to/not_found/", error: lookup }, "the summary"],
  ["files/get_metadata", { error_summary: "path/not_found/....", error: lookup }, "the summary"],
  ["files/get_metadata", { error_summary: "x/", error: { ".tag": "x" } }, "unknown tag 'x'"],
  ["files/get_metadata", { error_summary: "path/", error: "path" }, "expected object, got string"],
  ["users/get_current_account", { error_summary: "x/", error: { ".tag": "x" } }, "error type"],
])("V4: an error of %s: %j, %s", async (route, value, text) => {
  const found = await misfit(route, jsonResponse(value, 409));
  if (text === undefined) expect(found).toBeUndefined();
  else expect(found).toContain(text);
});

test("V4: headers and characters are checked, other statuses are not", async () => {
  const text = JSON.stringify({ ...file, name: "ü" });
  const typed = (type: string) => new Response(text, { headers: { "content-type": type } });
  expect(await misfit("files/upload", typed("application/json"))).toContain("JSON is ASCII");
  const charset = typed("application/json; charset=utf-8");
  expect(await misfit("files/upload", charset)).toContain("application/json");
  expect(await misfit("files/download", new Response("x"))).toContain("in a header");
  expect(await misfit("files/download", new Response("x", { status: 416 }))).toBeUndefined();
  expect(await misfit("files/upload", jsonResponse({}, 429))).toBeUndefined();
});

test("V4: an answer can still be read after the check", async () => {
  const answer = jsonResponse(file);
  expect(await misfit("files/upload", answer)).toBeUndefined();
  expect(await answer.json()).toEqual(file);
});
