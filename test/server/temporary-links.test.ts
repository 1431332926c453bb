import { hash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import { dispositionOf } from "../../src/server/files/served-file.ts";
import { CheckedServer } from "../support/checked-server.ts";

const hour = 3600;

async function linkFor(checked: CheckedServer, path: string): Promise<string> {
  return (await checked.rpc("files/get_temporary_link", { path })).json.link;
}

async function uploadLink(
  checked: CheckedServer,
  info: object,
  more: object = {},
): Promise<string> {
  const argument = { commit_info: info, ...more };
  return (await checked.rpc("files/get_temporary_upload_link", argument)).json.link;
}

const octets = { "content-type": "application/octet-stream" };

const send = (checked: CheckedServer, link: string, body: string | Uint8Array) =>
  checked.fetch(link, { method: "POST", body, headers: octets });

test("V48: a temporary link gives the file without a token, for four hours, then 410", async () => {
  await using checked = await CheckedServer.open();
  const stored = await checked.upload("/A/ü.PNG", "picture");
  const answer = await checked.rpc("files/get_temporary_link", { path: "/a/ü.png" });
  expect(answer.json.metadata).toEqual(stored);
  const { link } = answer.json;
  expect(new URL(link).origin).toBe("https://api.dropboxapi.com");
  checked.clock.seconds += 4 * hour - 1;
  const file = await checked.fetch(link);
  expect([file.status, await file.text()]).toEqual([200, "picture"]);
  expect(Object.fromEntries(file.headers)).toMatchObject({
    "content-type": "image/png",
    "content-length": "7",
    "content-disposition": `attachment; filename="_.PNG"; filename*=UTF-8''%C3%BC.PNG`,
    "content-security-policy": expect.stringMatching(/^sandbox;/),
    "x-content-type-options": "nosniff",
    etag: `W/"${stored.rev}"`,
  });
  checked.clock.seconds += 1;
  expect((await checked.fetch(link)).status).toBe(410);
  expect((await checked.fetch(link, { method: "HEAD" })).status).toBe(410);
});

test("V48, Choice 28: ranges, HEAD, and other methods of a temporary link", async () => {
  await using checked = await CheckedServer.open();
  const { rev } = await checked.upload("/f.html", "0123456789");
  const link = await linkFor(checked, `rev:${rev}`);
  const part = await checked.fetch(link, { headers: { range: "bytes=-3" } });
  expect([part.status, await part.text()]).toEqual([206, "789"]);
  expect(part.headers.get("content-range")).toBe("bytes 7-9/10");
  const head = await checked.fetch(link, { method: "HEAD" });
  expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([
    200,
    "10",
    "",
  ]);
  const post = await checked.fetch(link, { method: "POST", body: "" });
  expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  expect((await checked.fetch(link.replace(/get\/./, "get/!"))).status).toBe(400);
  expect((await checked.fetch(link.replace(/get\/./, "get/_"))).status).toBe(410);
});

test("V48: it serves exactly the revision that it was made for", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/f.txt", "one");
  const link = await linkFor(checked, "/f.txt");
  await checked.upload("/f.txt", "two", { mode: "overwrite" });
  await checked.rpc("files/delete_v2", { path: "/f.txt" });
  const file = await checked.fetch(link);
  expect([file.headers.get("content-type"), await file.text()]).toEqual([
    "text/plain; charset=utf-8",
    "one",
  ]);
});

test("V48: a link begins where the client reached the server", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/f", "1");
  for (const base of [
    "http://127.0.0.1:8080",
    "https://localhost:8443/api",
    "http://box.test/www",
  ]) {
    const answer = await checked.fetch(`${base}/2/files/get_temporary_link`, {
      method: "POST",
      body: '{"path":"/f"}',
      headers: { authorization: `Bearer ${checked.token}`, "content-type": "application/json" },
    });
    const { link }: { link: string } = JSON.parse(await answer.text());
    expect(link).toMatch(new RegExp(`^${base}/cd/0/get/[\\w-]{64}/file$`));
    expect(await (await checked.fetch(link)).text()).toBe("1");
  }
});

test("V48: no temporary link to folders, the root, or nothing", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/A/f", "1");
  const error = async (path: string) =>
    (await checked.rpc("files/get_temporary_link", { path })).json.error.path[".tag"];
  expect(await error("/A")).toBe("not_file");
  expect(await error("/")).toBe("not_file");
  expect(await error("/none")).toBe("not_found");
});

test("V48: an upload link takes one file, once", async () => {
  await using checked = await CheckedServer.open();
  const link = await uploadLink(checked, {
    path: "/New/f",
    client_modified: "2020-01-02T03:04:05Z",
  });
  expect(link).toMatch(/^https:\/\/api\.dropboxapi\.com\/apitul\/1\/[\w-]{64}$/);
  const sent = await send(checked, link, "content");
  expect([sent.status, sent.headers.get("content-type")]).toEqual([200, "application/json"]);
  expect(await sent.json()).toEqual({ "content-hash": contentHashOf(Buffer.from("content")) });
  const stored = (await checked.rpc("files/get_metadata", { path: "/new/F" })).json;
  expect(stored).toMatchObject({
    path_display: "/New/f",
    size: 7,
    client_modified: "2020-01-02T03:04:05Z",
  });
  const again = await send(checked, link, "other");
  expect([again.status, await again.text()]).toEqual([
    410,
    "Temporary upload link has been recently consumed.",
  ]);
  expect((await checked.rpc("files/get_metadata", { path: "/New/f" })).json.rev).toBe(stored.rev);
});

test("V48: of two uploads at once through one link, one wins", async () => {
  await using checked = await CheckedServer.open();
  const link = await uploadLink(checked, { path: "/f", mode: "overwrite" });
  const answers = await Promise.all([send(checked, link, "a"), send(checked, link, "b")]);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 410]));
  const listed = await checked.rpc("files/list_revisions", { path: "/f" });
  expect(listed.json.entries).toHaveLength(1);
});

test("V48: what a link commits is looked at when it is used; a failure does not use it up", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/taken", "there");
  const link = await uploadLink(checked, { path: "/taken" });
  const conflict = await send(checked, link, "mine");
  expect([conflict.status, await conflict.text()]).toEqual([409, "The upload failed: conflict."]);
  await checked.rpc("files/delete_v2", { path: "/taken" });
  expect((await send(checked, link, "mine")).status).toBe(200);
  const renaming = await uploadLink(checked, { path: "/taken", autorename: true });
  expect((await send(checked, renaming, "third")).status).toBe(200);
  expect((await checked.rpc("files/get_metadata", { path: "/taken (1)" })).json.size).toBe(5);
});

test("V48: an upload link ends with its duration, and knows its content types", async () => {
  await using checked = await CheckedServer.open();
  const link = await uploadLink(checked, { path: "/f" }, { duration: 60 });
  const typed = async (type: string) => {
    const headers = { "content-type": type };
    return (await checked.fetch(link, { method: "POST", body: "x", headers })).status;
  };
  const wrong = ["application/json", "text/plain", "text/plain; charset=dropbox-cors-hack", ""];
  for (const type of wrong) expect(await typed(type), type).toBe(400);
  checked.clock.seconds += 59;
  expect(await typed("Application/Octet-Stream; q=1")).toBe(200);
  const other = await uploadLink(checked, { path: "/g" }, { duration: 60 });
  checked.clock.seconds += 60;
  expect((await send(checked, other, "x")).status).toBe(410);
  expect((await send(checked, other.replace(/1\/./, "1/_"), "x")).status).toBe(409);
  expect((await checked.fetch(other)).status).toBe(405);
});

test.each([60, 14_400])(
  "V51: a duration of %d s is accepted, one beyond is not",
  async (duration) => {
    await using checked = await CheckedServer.open();
    const call = (seconds: number) =>
      checked.rpc("files/get_temporary_upload_link", {
        commit_info: { path: "/f" },
        duration: seconds,
      });
    expect((await call(duration)).status).toBe(200);
    expect((await call(duration === 60 ? 59 : 14_401)).status).toBe(400);
  },
);

test("V51: a body at the limit goes through an upload link, a longer one is 409", async () => {
  await using checked = await CheckedServer.open({ limits: { uploadBodyBytesMax: 10 } });
  const link = await uploadLink(checked, { path: "/f" });
  expect((await send(checked, link, "12345678901")).status).toBe(409);
  expect((await send(checked, link, "1234567890")).status).toBe(200);
});

test("V48: no upload link to the root, nor with properties", async () => {
  await using checked = await CheckedServer.open();
  const refusal = async (info: object) => {
    const answer = await checked.rpc("files/get_temporary_upload_link", { commit_info: info });
    return [answer.status, answer.text];
  };
  expect(await refusal({ path: "/" })).toEqual([400, expect.stringContaining("root folder")]);
  const property_groups = [{ template_id: "ptid:1", fields: [] }];
  expect(await refusal({ path: "/f", property_groups })).toEqual([
    400,
    expect.stringContaining("property_groups"),
  ]);
});

test("V78: the data folder holds no link, only its hash", async () => {
  const data = await mkdtemp(join(tmpdir(), "snap-server-"));
  try {
    await using checked = await CheckedServer.open({ data });
    await checked.upload("/f", "1");
    const links = [await uploadLink(checked, { path: "/g" }), await linkFor(checked, "/f")];
    await checked.server.close();
    const database = await readFile(join(data, "server.sqlite"), "latin1");
    for (const link of links) {
      const token = /[\w-]{64}/.exec(link)?.[0] ?? "";
      expect(database).not.toContain(token);
      expect(database).toContain(hash("sha256", token, "hex"));
    }
  } finally {
    await rm(data, { recursive: true });
  }
});

test("V16: links of an app with a folder stay in that folder", async () => {
  await using checked = await CheckedServer.open();
  checked.server.addApp({ key: "boxed", folder: "Boxed" });
  const { accessToken: token } = checked.server.issueToken(checked.accountId, {
    clientId: "boxed",
  });
  const argument = { commit_info: { path: "/f.txt" } };
  const made = await checked.rpc("files/get_temporary_upload_link", argument, { token });
  expect((await send(checked, made.json.link, "inside")).status).toBe(200);
  const stored = await checked.rpc("files/get_metadata", { path: "/Apps/Boxed/f.txt" });
  expect(stored.json.size).toBe(6);
  const link = await checked.rpc("files/get_temporary_link", { path: "/f.txt" }, { token });
  await checked.rpc("files/move_v2", { from_path: "/Apps/Boxed/f.txt", to_path: "/out.txt" });
  expect(await (await checked.fetch(link.json.link)).text()).toBe("inside");
  const outside = await checked.rpc("files/get_temporary_link", { path: "/out.txt" }, { token });
  expect(outside.json.error.path).toEqual({ ".tag": "not_found" });
});

test.each([
  ["plain.txt", `inline; filename="plain.txt"; filename*=UTF-8''plain.txt`],
  ['a"b\\c%d.txt', `inline; filename="a_b_c_d.txt"; filename*=UTF-8''a%22b%5Cc%25d.txt`],
  [
    "x\r\nSet-Cookie: y",
    `inline; filename="x__Set-Cookie: y"; filename*=UTF-8''x%0D%0ASet-Cookie%3A%20y`,
  ],
  ["it's (1)*", `inline; filename="it's (1)*"; filename*=UTF-8''it%27s%20%281%29%2A`],
  ["🎉", `inline; filename="__"; filename*=UTF-8''%F0%9F%8E%89`],
])("V48: %j cannot break out of its header", (name, header) => {
  expect(dispositionOf("inline", name)).toBe(header);
  expect(new Headers({ "content-disposition": header }).get("content-disposition")).toBe(header);
});
