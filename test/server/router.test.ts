import { expect, test } from "vitest";
import { CheckedServer } from "../support/checked-server.ts";

const root = "https://api.dropboxapi.com";

test.each(["files/get_thumbnail", "files/save_url", "auth/token/from_oauth1", "nonsense"])(
  "an unknown route, %s, says so and nothing else",
  async (route) => {
    await using checked = await CheckedServer.open();
    const answer = await checked.rpc(route, {});
    expect(answer.status).toBe(400);
    expect(answer.text).toBe(`Error in call to API function "${route}": Unknown API function`);
    expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  },
);

test("V8: every route answers on every host, and below a prefix for one", async () => {
  await using checked = await CheckedServer.open();
  const headers = { authorization: `Bearer ${checked.token}` };
  for (const base of [root, "https://content.dropboxapi.com", "https://localhost:8443/api"]) {
    const url = `${base}/2/users/get_space_usage`;
    expect((await checked.fetch(url, { method: "POST", headers })).status).toBe(200);
  }
  expect((await checked.server.fetch("https://localhost/", { method: "HEAD" })).status).toBe(200);
});

test("V49: a missing or malformed Authorization is 400 text, an unknown token 401", async () => {
  await using checked = await CheckedServer.open();
  const call = async (headers: Record<string, string>, query = "") => {
    const url = `${root}/2/users/get_space_usage${query}`;
    const response = await checked.fetch(url, { method: "POST", headers });
    return `${response.status} ${await response.text()}`;
  };
  expect(await call({})).toMatch(/^400 .*Must provide HTTP header "Authorization"/);
  expect(await call({ authorization: "Basic secret" })).toMatch(/^400 .*Expecting "Bearer/);
  expect(await call({ authorization: "Basic secret" })).not.toContain('secret"');
  expect(await call({ authorization: "Bearer sl.none" })).toMatch(/^401 .*invalid_access_token/);
  expect(await call({}, `?authorization=Bearer%20${checked.token}`)).toMatch(/^200/);
});

test.each(["", "null", "{}"])("Choice 1: a Void argument may be %j", async (body) => {
  await using checked = await CheckedServer.open();
  const answer = await checked.rpc("users/get_space_usage", undefined, { body });
  expect(answer.json).toEqual({
    used: 0,
    allocation: { ".tag": "individual", allocated: 2 * 1024 ** 4 },
  });
});

test.each([
  ["files/get_metadata", "nonsense", "request body: could not decode input as JSON"],
  ["files/get_metadata", '{"path":"test"}', "request body: path: 'test' did not match pattern"],
  ["files/get_metadata", '{"path":"/a","root":1}', "request body: unknown field 'root'"],
  ["files/get_metadata", "{}", "request body: missing required field 'path'"],
  ["files/get_metadata", '{"path":""}', "request body: path: The root folder is unsupported."],
  ["files/delete_v2", '{"path":"/"}', "request body: path: The root folder is unsupported."],
  ["files/list_folder", '{"path":"/"}', "Specify the root folder as an empty string"],
  ["files/list_folder", '{"path":"","limit":2001}', "limit: expected integer <= 2000, got 2001"],
  ["files/list_folder", '{"path":"","limit":0}', "limit: expected integer >= 1, got 0"],
  ["files/list_folder", '{"path":"","recursive":"yes"}', "recursive: expected boolean, got string"],
  ["files/list_folder", "[]", "request body: expected object, got list"],
  ["files/list_folder/continue", '{"cursor":"AAA"}', 'Invalid "cursor" parameter'],
  ["files/list_revisions", '{"path":"/a","mode":"other"}', "mode: unknown tag 'other'"],
  ["files/list_revisions", '{"path":"/a","mode":{}}', "mode: missing '.tag' key"],
])("V3: %s with %s is 400: %s", async (route, body, text) => {
  await using checked = await CheckedServer.open();
  const headers = { "content-type": "application/json" };
  const answer = await checked.rpc(route, undefined, { body, headers });
  expect(answer.status).toBe(400);
  expect(answer.text).toContain(`Error in call to API function "${route}": `);
  expect(answer.text).toContain(text);
});

test.each([
  [{ path: "/a", client_modified: "2026-11-21T10:00:00.5Z" }, "client_modified: time data"],
  [{ path: "/a", client_modified: "2026-02-30T10:00:00Z" }, "client_modified: time data"],
  [
    { path: "/a", mode: { ".tag": "update", update: "xyz" } },
    "mode.update: 'xyz' must be at least",
  ],
  [{ path: "/a", mode: { ".tag": "update" } }, "mode: missing required field 'update'"],
  [{ path: "/a", content_hash: "00" }, "content_hash: '00' must be at least 64 characters"],
  [{ path: "/" }, "path: The root folder is unsupported."],
])("V3: a wrong header argument is named as such: %j", async (argument, text) => {
  await using checked = await CheckedServer.open();
  const answer = await checked.content("files/upload", argument);
  expect(answer.status).toBe(400);
  expect(answer.text).toContain('files/upload": HTTP header "Dropbox-API-Arg": ');
  expect(answer.text).toContain(text);
});

test("V3: null members count as absent, tags may be bare strings", async () => {
  await using checked = await CheckedServer.open();
  const argument = { path: "/a", mode: "add", client_modified: null, property_groups: null };
  expect((await checked.content("files/upload", argument, { body: "x" })).status).toBe(200);
  const page = await checked.rpc("files/list_folder", { path: "", limit: null });
  expect(page.json.entries).toHaveLength(1);
});

test("fact sheet 1.3: the header may hold raw UTF-8, and `arg` in the URL does as well", async () => {
  await using checked = await CheckedServer.open();
  const raw = Buffer.from('{"path":"/ünï <&> 🎉"}').toString("latin1");
  const stored = await checked.content(
    "files/upload",
    {},
    {
      body: "x",
      headers: { "dropbox-api-arg": raw },
    },
  );
  expect(stored.json.name).toBe("ünï <&> 🎉");
  const url = new URL(`${root}/2/files/download`);
  url.searchParams.set("arg", JSON.stringify({ path: stored.json.id }));
  const read = await checked.fetch(url, { headers: { authorization: `Bearer ${checked.token}` } });
  expect(await read.text()).toBe("x");
  expect(JSON.parse(read.headers.get("dropbox-api-result") ?? "").name).toBe("ünï <&> 🎉");
});

test("fact sheet 1.6: wrong content types, methods and bodies are refused with 400", async () => {
  await using checked = await CheckedServer.open();
  const typed = (type: string) => ({ headers: { "content-type": type } });
  const rpc = await checked.rpc("files/list_folder", { path: "" }, typed("text/html"));
  expect(rpc.text).toContain('Bad HTTP "Content-Type" header: "text/html"');
  const cors = "text/plain; charset=dropbox-cors-hack";
  expect((await checked.rpc("files/list_folder", { path: "" }, typed(cors))).status).toBe(200);
  const upload = { body: "x", ...typed("application/json") };
  expect((await checked.content("files/upload", { path: "/a" }, upload)).status).toBe(400);
  const withBody = await checked.content(
    "files/download",
    { path: "/a" },
    {
      body: "x",
      ...typed("text/plain"),
    },
  );
  expect(withBody.text).toContain("supposed to be empty");
  const get = await checked.fetch(`${root}/2/files/list_folder`);
  expect(get.status).toBe(400);
});

test("V16: the own namespace is accepted as path root in three forms, any other is 422", async () => {
  await using checked = await CheckedServer.open();
  const account = await checked.rpc("users/get_current_account");
  const own = account.json.root_info.root_namespace_id;
  const call = (root_: object) =>
    checked.rpc(
      "files/list_folder",
      { path: "" },
      {
        headers: { "dropbox-api-path-root": JSON.stringify(root_) },
      },
    );
  for (const accepted of [
    { ".tag": "home" },
    { ".tag": "root", root: own },
    { ".tag": "namespace_id", namespace_id: own },
  ]) {
    expect((await call(accepted)).status).toBe(200);
  }
  const elsewhere = await call({ ".tag": "namespace_id", namespace_id: "1" });
  expect([elsewhere.status, elsewhere.json.error]).toEqual([422, { ".tag": "no_permission" }]);
  const moved = await call({ ".tag": "root", root: "1" });
  expect(moved.json.error.invalid_root.root_namespace_id).toBe(own);
  for (const [wrong, text] of [
    [{ ".tag": "team" }, "unknown tag 'team'"],
    [{ ".tag": "root" }, "missing required field 'root'"],
    [{ ".tag": "home", root: own }, "unknown field 'root'"],
    [{ ".tag": "namespace_id", namespace_id: 1 }, "namespace_id: expected string, got integer"],
    [[], "expected object, got list"],
  ] as const) {
    const refused = await call(wrong);
    expect(refused.status).toBe(400);
    expect(refused.text).toContain(`HTTP header "Dropbox-API-Path-Root": ${text}`);
  }
  const headers = { "dropbox-api-path-root": '"home"' };
  expect((await checked.rpc("files/list_folder", { path: "" }, { headers })).status).toBe(200);
  const broken = { "dropbox-api-path-root": "home" };
  const unread = await checked.rpc("files/list_folder", { path: "" }, { headers: broken });
  expect(unread.text).toContain('HTTP header "Dropbox-API-Path-Root": could not decode input');
});

test("Choice 4: every form of the root is unsupported where only other nodes can be named", async () => {
  await using checked = await CheckedServer.open();
  const account = await checked.rpc("users/get_current_account");
  const own = `ns:${account.json.root_info.root_namespace_id}`;
  for (const path of ["", "/", "//", own, `${own}/`, `${own}//`]) {
    for (const route of ["files/delete_v2", "files/get_metadata", "files/create_folder_v2"]) {
      const { status, text } = await checked.rpc(route, { path });
      expect([status, text], path).toEqual([
        400,
        `Error in call to API function "${route}": request body: path: The root folder is unsupported.`,
      ]);
    }
    const move = await checked.rpc("files/move_v2", { from_path: "/a", to_path: path });
    expect(move.text).toContain("to_path: The root folder is unsupported.");
    const upload = await checked.content("files/upload", { path }, { body: "1" });
    expect(upload.text).toContain("path: The root folder is unsupported.");
  }
  for (const path of ["ns:1", `${own}1`]) {
    const foreign = await checked.rpc("files/delete_v2", { path });
    expect(foreign.json.error.path_lookup).toEqual({ ".tag": "not_found" });
  }
});

test("Choice 2: a packed body is refused on every way in, and nothing is stored", async () => {
  await using checked = await CheckedServer.open();
  const packed = { body: "1", headers: { "content-encoding": "gzip" } };
  const upload = await checked.content("files/upload", { path: "/f" }, packed);
  expect([upload.status, upload.text]).toEqual([
    400,
    'Error in call to API function "files/upload": Bad HTTP "Content-Encoding" header.  The body has to be sent as it is.',
  ]);
  const info = { commit_info: { path: "/g" } };
  const { link } = (await checked.rpc("files/get_temporary_upload_link", info)).json;
  const headers = { ...packed.headers, "content-type": "application/octet-stream" };
  const sent = await checked.fetch(link, { method: "POST", body: "1", headers });
  expect(await sent.text()).toContain('Bad HTTP "Content-Encoding" header.');
  expect((await checked.rpc("files/list_folder", { path: "" })).json.entries).toEqual([]);
  const plain = { body: "1", headers: { "content-encoding": "Identity" } };
  expect((await checked.content("files/upload", { path: "/f" }, plain)).status).toBe(200);
});

test("fact sheet 1.6: an empty content type counts as none", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/f", "1");
  const empty = { headers: { "content-type": "" } };
  expect((await checked.content("files/download", { path: "/f" }, empty)).text).toBe("1");
  expect((await checked.rpc("files/list_folder", { path: "" }, empty)).status).toBe(200);
  const upload = await checked.content("files/upload", { path: "/g" }, { body: "1", ...empty });
  expect(upload.text).toContain('Bad HTTP "Content-Type" header: "".');
});

test("V79: an rpc body has a limit", async () => {
  await using checked = await CheckedServer.open({ limits: { rpcBodyBytesMax: 100 } });
  const fits = { path: `/${"a".repeat(100 - '{"path":"/"}'.length)}` };
  expect((await checked.rpc("files/get_metadata", fits)).status).toBe(409);
  const tooLong = await checked.rpc("files/get_metadata", { path: `${fits.path}a` });
  expect(tooLong.status).toBe(400);
});

test("V3: an argument that is not UTF-8 is 400, and nothing is stored under another name", async () => {
  await using checked = await CheckedServer.open();
  const broken = Buffer.from('{"path":"/x\xff"}', "latin1");
  const typed = { "content-type": "application/json" };
  const rpc = await checked.rpc("files/create_folder_v2", undefined, {
    body: broken,
    headers: typed,
  });
  expect(rpc.text).toContain("request body: could not decode input as JSON");
  const headers = { "dropbox-api-arg": broken.toString("latin1") };
  const upload = await checked.content("files/upload", {}, { body: "x", headers });
  expect(upload.text).toContain('HTTP header "Dropbox-API-Arg": could not decode input as JSON');
});
