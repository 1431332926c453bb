/** The admin interface (V70): who gets in, and what it answers. */
import { expect, test } from "vitest";
import { CheckedServer } from "../support/checked-server.ts";

type AdminAnswer = { readonly status: number; readonly headers: Headers; readonly body: unknown };

type AdminOptions = {
  readonly method?: string;
  readonly body?: unknown;
  readonly authorization?: string | null;
};

async function ask(
  checked: CheckedServer,
  path: string,
  options: AdminOptions = {},
): Promise<AdminAnswer> {
  const { admin } = checked;
  const { method = "GET", body, authorization = `Bearer ${admin.token}` } = options;
  const headers = authorization === null ? {} : { authorization };
  const sent = typeof body === "string" || body === undefined ? body : JSON.stringify(body);
  const request = new Request(`http://127.0.0.1:1${path}`, {
    method,
    headers,
    ...(sent === undefined ? {} : { body: sent }),
  });
  const answer = await admin.handle(request);
  const text = await answer.text();
  const isJson = answer.headers.get("content-type") === "application/json";
  return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : text };
}

test("V70: a server has no admin interface unless it is asked for", async () => {
  await using checked = await CheckedServer.open();
  expect(checked.server.admin).toBeUndefined();
});

test("V70: nobody gets in without the interface's own token", async () => {
  await using checked = await CheckedServer.open({ admin: true });
  const { token } = checked.admin;
  expect(token).toMatch(/^[\w-]{43}$/);
  const wrong = [
    null,
    "",
    "Bearer",
    "Bearer ",
    "Bearer x",
    `Bearer ${checked.token}`,
    `Bearer ${token.slice(0, -1)}`,
    `Bearer ${token}x`,
    `Basic ${token}`,
    token,
  ];
  for (const authorization of wrong) {
    for (const path of ["/metrics", "/faults", "/", "/nonsense"]) {
      const answer = await ask(checked, path, { authorization });
      expect(answer.status, `${authorization} ${path}`).toBe(401);
      expect(answer.headers.get("www-authenticate")).toContain("Bearer");
      expect(JSON.stringify(answer.body)).not.toContain(token);
    }
  }
  const put = { method: "PUT", body: [], authorization: `Bearer ${checked.token}` };
  expect((await ask(checked, "/faults", put)).status).toBe(401);
  expect((await ask(checked, "/metrics")).status).toBe(200);
});

test("V70: each server makes a token of its own", async () => {
  await using first = await CheckedServer.open({ admin: true, seed: 1 });
  await using second = await CheckedServer.open({ admin: true, seed: 2 });
  expect(first.admin.token).not.toBe(second.admin.token);
  const authorization = `Bearer ${first.admin.token}`;
  expect((await ask(second, "/metrics", { authorization })).status).toBe(401);
});

test.each(["/metrics", "/calls", "/faults", "/fired", "/profile", "/cursor-reset"])(
  "V70: the API does not know %s, not even with the token",
  async (path) => {
    await using checked = await CheckedServer.open({ admin: true });
    await using without = await CheckedServer.open();
    const texts: string[] = [];
    for (const server of [checked, without]) {
      for (const token of [checked.admin.token, server.token]) {
        const headers = { authorization: `Bearer ${token}` };
        const answer = await server.server.fetch(`https://localhost${path}`, { headers });
        expect(answer.status).toBe(400);
        texts.push(await answer.text());
      }
    }
    expect(new Set(texts).size).toBe(1);
    expect(texts[0]).toContain("Unknown API function");
  },
);

test("V70: faults are set, listed, added to and taken away", async () => {
  await using checked = await CheckedServer.open({ admin: true });
  const one = { match: { route: "files/upload", nth: 1 }, fault: { kind: "dropResponse" } };
  const two = { fault: { kind: "delay", ms: 5 }, times: 2 };
  expect((await ask(checked, "/faults", { method: "PUT", body: [one] })).status).toBe(200);
  expect((await ask(checked, "/faults", { method: "POST", body: two })).status).toBe(200);
  expect((await ask(checked, "/faults")).body).toEqual([
    { script: one, fitted: 0, fired: 0 },
    { script: two, fitted: 0, fired: 0 },
  ]);
  await ask(checked, "/faults", { method: "PUT", body: one });
  await checked.upload("/a", "one").catch(() => {});
  expect((await ask(checked, "/faults")).body).toEqual([{ script: one, fitted: 1, fired: 1 }]);
  const fired = { sequence: 1, script: 0, fault: "dropResponse", route: "files/upload" };
  expect((await ask(checked, "/fired")).body).toMatchObject([{ ...fired, path: "/a" }]);
  expect((await ask(checked, "/fired", { method: "DELETE" })).status).toBe(200);
  expect((await ask(checked, "/fired")).body).toEqual([]);
  await ask(checked, "/faults", { method: "DELETE" });
  expect((await ask(checked, "/faults")).body).toEqual([]);
});

test.each<[string, string, unknown]>([
  ["PUT /faults", "[0].fault.kind: expected one of", [{ fault: { kind: "dropped" } }]],
  ["POST /faults", "could not decode input as JSON", "nonsense"],
  ["PUT /faults", "[0]: expected object, got null", undefined],
  ["PUT /profile", "jobPolls: expected integer from 0", { name: "x", jobPolls: "many" }],
  ["PUT /profile", 'There is no profile "house"', '"house"'],
  ["POST /cursor-reset", "account: is missing", {}],
  ["POST /cursor-reset", "A body has at most 1048576 bytes", "x".repeat(1024 * 1024 + 1)],
])("V70: %s is 400: %s", async (request, text, body) => {
  await using checked = await CheckedServer.open({ admin: true });
  const [method = "", path = ""] = request.split(" ");
  const answer = await ask(checked, path, { method, body });
  expect(answer.status).toBe(400);
  expect(answer.headers.get("content-type")).toBe("application/json");
  expect(JSON.stringify(answer.body)).toContain(JSON.stringify(text).slice(1, -1));
  expect(checked.admin.faults()).toEqual([]);
  expect(checked.admin.profile().name).toBe("none");
});

test("V70: what is not there is 404, a wrong method 405", async () => {
  await using checked = await CheckedServer.open({ admin: true });
  expect((await ask(checked, "/toString")).status).toBe(404);
  const wrong = await ask(checked, "/metrics", { method: "POST" });
  expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, DELETE"]);
  const body = { account: "dbid:none" };
  const unknown = await ask(checked, "/cursor-reset", { method: "POST", body });
  expect(unknown.status).toBe(404);
  expect(unknown.body).toEqual({ error: 'The server has no account "dbid:none"' });
});

test("V74: a profile is read and set, by name or in parts", async () => {
  await using checked = await CheckedServer.open({ admin: true });
  expect((await ask(checked, "/profile")).body).toMatchObject({ name: "none", commitMs: 0 });
  const body = { name: "home", jobPolls: 7 };
  expect((await ask(checked, "/profile", { method: "PUT", body })).status).toBe(200);
  expect((await ask(checked, "/profile")).body).toMatchObject({ name: "home", jobPolls: 7 });
  await ask(checked, "/profile", { method: "PUT", body: '"none"' });
  expect(checked.admin.profile().jobPolls).toBe(0);
});

test("V72: cursors of an account are reset", async () => {
  await using checked = await CheckedServer.open({ admin: true });
  const { json } = await checked.rpc("files/list_folder/get_latest_cursor", { path: "" });
  const body = { account: checked.accountId };
  expect((await ask(checked, "/cursor-reset", { method: "POST", body })).body).toEqual({});
  const answer = await checked.rpc("files/list_folder/continue", { cursor: json.cursor });
  expect(answer.json.error).toEqual({ ".tag": "reset" });
});

test("V75: metrics are text, calls are JSON, both can be set to zero", async () => {
  await using checked = await CheckedServer.open({ admin: true });
  await checked.upload("/a", "one");
  const metrics = await ask(checked, "/metrics");
  expect(metrics.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(metrics.body).toContain('snap_server_calls_total{route="files/upload",status="200"} 1\n');
  expect((await ask(checked, "/calls")).body).toMatchObject([
    { route: "files/upload", bytesIn: 3 },
  ]);
  await ask(checked, "/calls", { method: "DELETE" });
  await ask(checked, "/metrics", { method: "DELETE" });
  expect((await ask(checked, "/calls")).body).toEqual([]);
  expect((await ask(checked, "/metrics")).body).not.toContain("files/upload");
});
