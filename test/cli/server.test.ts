import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { Box } from "../support/snap-process.ts";
import { SnapServer } from "../support/snap-server.ts";

const plain = ["--http", "--port", "0"];

test("V6, V7: it listens, serves accounts that are made meanwhile, and stops cleanly", async () => {
  using box = new Box();
  await using server = await SnapServer.start(box.home, ...plain, "--account", "Anna");
  expect(server.listening.url).toMatch(/^http:\/\/localhost:\d+$/);
  expect((await server.upload("/a.txt", "one")).status).toBe(200);
  await box.expectExit(0, "server", "account", "add", "Berta", "--email", "b@example.com");
  const list = await box.snap(["server", "account", "list", "--json"]);
  expect(list.events.map(({ name }) => name)).toEqual(["Anna", "Berta", undefined]);
  const issued = await box.snap(["server", "token", "b@example.com", "--json"]);
  const token = String(issued.events.at(-1)?.["accessToken"]);
  const account = await fetch(`${server.listening.url}/2/users/get_current_account`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
  });
  expect(await account.json()).toMatchObject({ email: "b@example.com" });
  expect(await server.stop()).toBe(0);
  expect(existsSync(path.join(box.home, "server/server.sock"))).toBe(false);
});

test("V15: a member of a team is made, leaves it, and joins one, while the server runs", async () => {
  using box = new Box();
  await using _server = await SnapServer.start(box.home, ...plain);
  const rootOf = async (): Promise<unknown> =>
    (await box.snap(["server", "account", "show", "Carla", "--json"])).events[0]?.["teamRootId"];
  await box.expectExit(0, "server", "account", "add", "Carla", "--team");
  const first = await rootOf();
  expect(first).toMatch(/^\d+$/);
  const left = await box.expectExit(0, "server", "account", "leave", "Carla");
  expect(left.stdout).toContain("Carla has no team");
  expect(await rootOf()).toBeUndefined();
  await box.expectExit(0, "server", "account", "join", "Carla");
  expect(await rootOf()).not.toBe(first);
  await box.expectExit(0, "server", "account", "add", "Dora");
  await box.expectExit(2, "server", "account", "join", "Dora");
});

test("V7: commands use the embedded account through the server that has it open", async () => {
  using box = new Box();
  await using server = await SnapServer.start(box.home, ...plain, "--account", "Anna");
  box.write("notes/a.txt", "one");
  await box.expectExit(0, "login", "--local", "--name", "Anna");
  await box.expectExit(0, "link", ".", "/w", "--yes");
  await box.expectExit(0, "sync");
  const found = await server.call("files/get_metadata", { path: "/w/notes/a.txt" });
  expect(found.status).toBe(200);
  await server.upload("/w/notes/b.txt", "two");
  await box.expectExit(0, "sync");
  expect(box.tree()).toEqual({ "notes/a.txt": "one", "notes/b.txt": "two" });
});

test("V7: a second server on the same data ends with 6, and the first goes on", async () => {
  using box = new Box();
  await using server = await SnapServer.start(box.home, ...plain, "--account", "Anna");
  const second = await box.snap(["server", ...plain]);
  expect(second.code).toBe(6);
  expect((await server.call("users/get_current_account")).status).toBe(200);
  const other = await box.snap([
    "server",
    "--data",
    ":memory:",
    "--http",
    "--port",
    String(server.listening.port),
  ]);
  expect([other.code, other.stderr]).toEqual([6, expect.stringContaining("is in use")]);
});

test("V13: killed, it leaves a socket that nobody answers, and every answered write", async () => {
  using box = new Box();
  const killed = await SnapServer.start(box.home, ...plain, "--account", "Anna");
  await killed.upload("/kept.txt", "kept");
  await killed.stop("SIGKILL");
  expect(existsSync(path.join(box.home, "server/server.sock"))).toBe(true);
  await box.expectExit(0, "server", "account", "list");
  await using server = await SnapServer.start(box.home, ...plain, "--account", "Anna");
  const found = await server.call("files/get_metadata", { path: "/kept.txt" });
  expect(await found.json()).toMatchObject({ size: 4 });
});

test("V9: with HTTPS it makes an authority once, and tells where it is and what clients need", async () => {
  using box = new Box();
  const early = await box.snap(["server", "ca"]);
  expect([early.code, early.stderr]).toEqual([
    2,
    expect.stringContaining("no certificate authority"),
  ]);
  await using server = await SnapServer.start(box.home, "--port", "0", "--account", "Anna");
  const ca = String(server.listening.ca);
  expect((await box.expectExit(0, "server", "ca")).stdout.trim()).toBe(ca);
  expect(statSync(ca.replace(/crt$/, "key")).mode & 0o777).toBe(0o600);
  const { stdout } = await box.expectExit(0, "server", "env", "rclone");
  expect(stdout).toContain(`export SSL_CERT_FILE='${ca}'`);
  expect(stdout).toContain(`export HTTPS_PROXY=https://localhost:${server.listening.port}`);
  for (const client of ["python", "js", "maestral", "snap", "curl"]) {
    const lines = await box.expectExit(0, "server", "env", client);
    expect(lines.stdout).toContain(`localhost:${server.listening.port}`);
  }
});

test("V70: the admin interface has an address and a token of its own, and only if it is wanted", async () => {
  using box = new Box();
  await using server = await SnapServer.start(box.home, ...plain, "--account", "Anna", "--admin");
  const { adminUrl, adminToken, accessToken } = server.listening;
  const ask = (token: string | undefined): Promise<Response> =>
    fetch(`${adminUrl}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  expect((await ask(adminToken)).status).toBe(200);
  expect((await ask(accessToken)).status).toBe(401);
  await using without = await SnapServer.start(box.home, ...plain, "--data", ":memory:");
  expect(without.listening).not.toHaveProperty("adminUrl");
});

test("V78: with --verbose there is a line for each request, and no secret in it", async () => {
  using box = new Box();
  await using server = await SnapServer.start(box.home, ...plain, "--account", "Anna", "--verbose");
  const token = String(server.listening.accessToken);
  await fetch(
    `${server.listening.url}/2/files/download?arg=%7B%22path%22%3A%22%2Fa%22%7D&authorization=Bearer%20${token}`,
  );
  await server.stop();
  const events = server.events();
  expect(events).toContainEqual(
    expect.objectContaining({ type: "request", path: "/2/files/download", status: 409 }),
  );
  expect(JSON.stringify(events.filter(({ type }) => type !== "listening"))).not.toContain(
    token.slice(3, 20),
  );
});

test.each([
  [["--host", "0.0.0.0", "--http"], 2, "only listens on this machine"],
  [["--host", "0.0.0.0"], 2, "token"],
  [["--port", "99999"], 2, "no port"],
  [["--quota", "lots"], 2, "no size"],
  [["--retention", "forever"], 2, "no time"],
  [["--cert", "missing.crt"], 2, ""],
  [["--port", "0", "--cert", "missing.crt", "--key", "missing.key"], 2, "missing.crt"],
  [["--http", "--cert", "a", "--key", "b"], 2, "needs no certificate"],
  [["--name", "not a name"], 2, "not a name"],
  [["--port", "1", "--port", "2"], 2, "more than once"],
  [["nonsense"], 2, "nonsense"],
  [["account", "add"], 2, "Name what it is about"],
  [["account", "show", "nobody"], 4, 'no account "nobody"'],
  [["account", "remove", "nobody", "--yes"], 4, 'no account "nobody"'],
  [["token", "nobody"], 4, 'no account "nobody"'],
  [["app", "remove", "unknown"], 4, "unknown"],
  [["env", "rclone"], 2, "No server runs"],
  [["env", "fax"], 2, ""],
])("snap server %j ends with %i and says what is wrong", async (words, code, text) => {
  using box = new Box();
  const ended = await box.snap(["server", ...words]);
  expect([ended.code, ended.stderr]).toEqual([code, expect.stringContaining(text)]);
});

test("V15: accounts with a password, apps with a folder; removing needs consent", async () => {
  using box = new Box();
  const added = await box.snap(["server", "account", "add", "Anna", "--password"], {
    input: "secret words\n",
  });
  expect([added.code, added.stdout]).toEqual([0, expect.stringContaining("dbid:")]);
  const shown = await box.snap(["server", "account", "show", "Anna", "--json"]);
  expect(shown.events[0]).toMatchObject({ name: "Anna", hasPassword: true, usedBytes: 0 });
  await box.expectExit(
    0,
    "server",
    "app",
    "add",
    "key1",
    "--app-folder",
    "Mine",
    "--scope",
    "files.content.read",
    "--scope",
    "account_info.read",
  );
  const apps = await box.snap(["server", "app", "list", "--json"]);
  expect(apps.events[0]).toMatchObject({
    key: "key1",
    folder: "Mine",
    scopes: ["files.content.read", "account_info.read"],
  });
  expect((await box.snap(["server", "app", "add", "key1"])).code).toBe(2);
  expect((await box.snap(["server", "account", "remove", "Anna"])).code).toBe(3);
  await box.expectExit(0, "server", "account", "remove", "Anna", "--yes");
  expect((await box.expectExit(0, "server", "account", "list")).stdout).toContain(
    "No accounts yet",
  );
});

test("V9: the lines for a client are safe in a shell, name the data, and need HTTPS", async () => {
  using box = new Box();
  const data = "it's data";
  const words = ["--data", data] as const;
  await using server = await SnapServer.start(
    box.home,
    "--port",
    "0",
    "--data",
    path.join(box.workspace, data),
  );
  const { stdout } = await box.expectExit(0, "server", "env", "curl", ...words);
  expect(stdout).toContain(`--data 'it'\\''s data'`);
  expect(stdout).toContain(`it'\\''s data/tls/ca.crt'`);
  expect(server.listening.url).toMatch(/^https:/);
  await using bare = await SnapServer.start(box.home, ...plain);
  const refused = await box.snap(["server", "env", "rclone"]);
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("plain HTTP")]);
  expect(bare.listening.url).toMatch(/^http:/);
  const own = await box.expectExit(0, "server", "env", "snap");
  expect(own.stdout.trim()).toBe(`snap login --server ${bare.listening.url}`);
});

test("V15: an e-mail address is found in any case, and data in memory is not reached", async () => {
  using box = new Box();
  await box.expectExit(0, "server", "account", "add", "Berta", "--email", "Berta@example.com");
  await box.expectExit(0, "server", "token", "BERTA@EXAMPLE.COM");
  const memory = await box.snap(["server", "account", "add", "X", "--data", ":memory:"]);
  expect([memory.code, memory.stderr]).toEqual([2, expect.stringContaining("in memory")]);
});

test.each(["", "DOM\\bob"])(
  "a user name that is no plain name (%j) is no hindrance to a local login",
  async (user) => {
    using box = new Box();
    const ended = await box.snap(["login", "--local"], { env: { USER: user } });
    expect([ended.code, ended.stdout]).toEqual([0, expect.stringContaining("Welcome, snap")]);
  },
);

test("the routes that are served are listed from the code", async () => {
  using box = new Box();
  const { events, code } = await box.snap(["server", "routes", "--json"]);
  expect(code).toBe(0);
  expect(events).toContainEqual({
    v: 1,
    type: "route",
    name: "files/list_folder/longpoll",
    host: "notify",
    style: "rpc",
    auth: "noauth",
    scope: "files.metadata.read",
  });
  expect(events.length).toBe(58);
});
