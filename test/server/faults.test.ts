/** Each fault of V72, seen by a client, and what it leaves in the store. */
import { expect, test } from "vitest";
import { ConnectionCut, cutBehind } from "../../src/server/wire/connection-cut.ts";
import type { FaultScript } from "../../src/server/serve.ts";
import { CheckedServer } from "../support/checked-server.ts";

type Fault = FaultScript["fault"];

/** A server with one fault that hits a route once. */
async function faulty(route: string, fault: Fault): Promise<CheckedServer> {
  const checked = await CheckedServer.open({ admin: true });
  checked.admin.setFaults([{ match: { route }, fault, times: 1 }]);
  return checked;
}

/** A raw download whose answer is not checked: it may be broken. */
async function read(checked: CheckedServer, path: string): Promise<Response> {
  return await checked.server.fetch("https://content.dropboxapi.com/2/files/download", {
    method: "POST",
    headers: {
      authorization: `Bearer ${checked.token}`,
      "dropbox-api-arg": JSON.stringify({ path }),
    },
  });
}

async function failureOf(work: Promise<unknown>): Promise<Error & { cause?: unknown }> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof Error) return error;
  throw new Error("it should have failed");
}

async function names(checked: CheckedServer): Promise<readonly string[]> {
  const { json } = await checked.rpc("files/list_folder", { path: "" });
  return json.entries.map(({ name }: { name: string }) => name).toSorted();
}

/** Pieces of `size` bytes each. */
function pieces(count: number, size: number): ReadableStream<Uint8Array> {
  return ReadableStream.from(
    Array.from({ length: count }, (_, index) => new Uint8Array(size).fill(index)),
  );
}

test("V72: dropResponse commits the write and closes the connection", async () => {
  await using checked = await faulty("files/upload", { kind: "dropResponse" });
  const lost = await failureOf(checked.upload("/a", "one"));
  expect(lost).toBeInstanceOf(TypeError);
  expect(lost.message).toBe("fetch failed");
  expect(cutBehind(lost.cause)?.how).toBe("close");
  expect(await names(checked)).toEqual(["a"]);
  expect((await checked.upload("/b", "two")).name).toBe("b");
});

test("V72: dropRequest closes the connection and does nothing", async () => {
  await using checked = await faulty("files/create_folder_v2", { kind: "dropRequest" });
  const lost = await failureOf(checked.rpc("files/create_folder_v2", { path: "/a" }));
  expect(cutBehind(lost)?.how).toBe("close");
  expect(await names(checked)).toEqual([]);
  expect((await checked.rpc("files/create_folder_v2", { path: "/a" })).status).toBe(200);
});

const text = { type: "text/plain; charset=utf-8", retryAfter: null };
const json = { type: "application/json", retryAfter: null };
const html = { type: "text/html; charset=utf-8", retryAfter: null };

test.each<
  [
    Omit<Fault & { kind: "status" }, "kind">,
    { readonly type: string; readonly retryAfter: string | null },
    RegExp,
  ]
>([
  [{ status: 500 }, text, /^Internal Server Error$/],
  [{ status: 502, body: "html" }, html, /<h1>502 Bad Gateway</],
  [{ status: 503, retryAfterSeconds: 7 }, { ...text, retryAfter: "7" }, /^Service Unavailable$/],
  [{ status: 401 }, json, /"error":\{"\.tag":"expired_access_token"\}/],
  [
    { status: 429, retryAfterSeconds: 9 },
    { ...json, retryAfter: "9" },
    /^\{"error_summary":"too_many_requests\/\.{0,3}","error":\{"reason":\{"\.tag":"too_many_requests"\},"retry_after":9\}\}$/,
  ],
  [{ status: 429 }, json, /^((?!retry_after).)*$/],
  [
    { status: 429, reason: "too_many_write_operations", body: "text" },
    text,
    /^too_many_write_operations$/,
  ],
])("V72: status %j, instead of the work", async (fault, { type, retryAfter }, body) => {
  await using checked = await faulty("files/upload", { kind: "status", ...fault });
  const answer = await checked.content("files/upload", { path: "/a" }, { body: "one" });
  expect(answer.status).toBe(fault.status);
  expect(answer.headers.get("content-type")).toBe(type);
  expect(answer.headers.get("retry-after")).toBe(retryAfter);
  expect(answer.headers.get("content-length")).toBe(String(answer.text.length));
  expect(answer.text).toMatch(body);
  expect(await names(checked)).toEqual([]);
});

test("V72: a status may also come after the commit", async () => {
  await using checked = await faulty("files/upload", {
    kind: "status",
    status: 503,
    when: "after",
  });
  expect((await checked.content("files/upload", { path: "/a" }, { body: "x" })).status).toBe(503);
  expect(await names(checked)).toEqual(["a"]);
});

test.each([
  ["before", ["a"]],
  ["after", []],
] as const)("V72: an error of the route %s the work", async (when, left) => {
  const error = { ".tag": "path_write", path_write: { ".tag": "too_many_write_operations" } };
  await using checked = await faulty("files/delete_v2", {
    kind: "error",
    error,
    when,
    userMessage: "Not now",
  });
  await checked.upload("/a", "one");
  const answer = await checked.rpc("files/delete_v2", { path: "/a" });
  expect(answer.status).toBe(409);
  expect(answer.json.error).toEqual(error);
  expect(answer.json.error_summary).toMatch(/^path_write\/too_many_write_operations\/\.{0,3}$/);
  expect(answer.json.user_message).toEqual({ locale: "en", text: "Not now" });
  expect(await names(checked)).toEqual(left);
});

test("V72: a reset after n bytes of an upload stores nothing of it", async () => {
  await using checked = await faulty("files/upload", { kind: "reset", of: "request", bytes: 250 });
  const upload = checked.content("files/upload", { path: "/a" }, { body: pieces(5, 100) });
  expect(cutBehind(await failureOf(upload))?.how).toBe("reset");
  expect(await names(checked)).toEqual([]);
  expect(checked.admin.calls().at(-2)).toMatchObject({ status: "cut", bytesIn: 250 });
});

test("V72: the handler of requests throws the cut itself, for a front to obey", async () => {
  await using checked = await faulty("files/upload", { kind: "reset", of: "request", bytes: 2 });
  const request = new Request("https://content.dropboxapi.com/2/files/upload", {
    method: "POST",
    headers: {
      authorization: `Bearer ${checked.token}`,
      "content-type": "application/octet-stream",
      "dropbox-api-arg": '{"path":"/a"}',
    },
    body: "one",
  });
  await expect(checked.server.handle(request)).rejects.toBeInstanceOf(ConnectionCut);
});

test("V72: a reset leaves the offset of a session where it was", async () => {
  const route = "files/upload_session/append_v2";
  await using checked = await faulty(route, { kind: "reset", of: "request", bytes: 250 });
  const start = await checked.content("files/upload_session/start", {}, { body: "begin " });
  const cursor = { session_id: start.json.session_id, offset: 6 };
  await failureOf(checked.content(route, { cursor }, { body: pieces(5, 100) }));
  const wrong = { cursor: { ...cursor, offset: 256 } };
  const answer = await checked.content(route, wrong, { body: "" });
  expect(answer.json.error.correct_offset).toBe(6);
});

test.each([
  [250, 200],
  [30, "cut"],
  [0, "cut"],
])("V72: a reset after %i bytes of a request of 40: %s", async (bytes, status) => {
  const route = "files/create_folder_v2";
  await using checked = await faulty(route, { kind: "reset", of: "request", bytes });
  await checked.rpc(route, { path: `/${"x".repeat(28)}` }).catch(() => {});
  expect(checked.admin.calls()).toMatchObject([{ status, bytesIn: 40 }]);
  expect(await names(checked)).toHaveLength(status === 200 ? 1 : 0);
});

test("V72: a reset after n bytes of an answer", async () => {
  await using checked = await faulty("files/download", { kind: "reset", of: "response", bytes: 4 });
  await checked.upload("/a", "0123456789");
  const answer = await read(checked, "/a");
  expect(answer.headers.get("content-length")).toBe("10");
  const reader = answer.body?.getReader();
  expect(String(Buffer.from((await reader?.read())?.value ?? []))).toBe("0123");
  const error = await failureOf(reader?.read() ?? Promise.resolve());
  expect([error.message, cutBehind(error)?.how]).toEqual(["terminated", "reset"]);
});

test("V72: a reset before the first byte of an answer is no answer", async () => {
  await using checked = await faulty("files/upload", { kind: "reset", of: "response", bytes: 0 });
  expect(cutBehind(await failureOf(checked.upload("/a", "one")))?.how).toBe("reset");
  expect(await names(checked)).toEqual(["a"]);
});

test.each(["files/download", "files/get_metadata"])(
  "V72: the body of %s ends early under its full length",
  async (route) => {
    await using checked = await faulty(route, { kind: "truncate", bytes: 5 });
    await checked.upload("/a", "0123456789");
    const answer = await checked.server.fetch(`https://api.dropboxapi.com/2/${route}`, {
      method: "POST",
      headers: { authorization: `Bearer ${checked.token}`, ...argument(route) },
      body: route === "files/download" ? null : '{"path":"/a"}',
    });
    expect(Number(answer.headers.get("content-length"))).toBeGreaterThanOrEqual(10);
    expect(cutBehind(await failureOf(answer.text()))?.how).toBe("close");
    expect(checked.admin.calls().at(-1)).toMatchObject({ status: 200, bytesOut: 5 });
  },
);

function argument(route: string): Record<string, string> {
  return route === "files/download"
    ? { "dropbox-api-arg": '{"path":"/a"}' }
    : { "content-type": "application/json" };
}

test("V72: corrupt changes the one byte at its place on the way, and nothing in the store", async () => {
  await using checked = await faulty("files/download", { kind: "corrupt", bytes: 7 });
  const content = Buffer.alloc(5 * 1024 * 1024, "snap");
  await checked.upload("/a", content);
  const first = Buffer.from(await (await read(checked, "/a")).arrayBuffer());
  expect(first.length).toBe(content.length);
  expect(differences(first, content)).toEqual([7]);
  const second = Buffer.from(await (await read(checked, "/a")).arrayBuffer());
  expect(second.equals(content)).toBe(true);
});

function differences(a: Uint8Array, b: Uint8Array): readonly number[] {
  return [...a.keys()].filter((index) => a[index] !== b[index]);
}

test("V72: a seed chooses the same place each time", async () => {
  const content = Buffer.alloc(1000, "snap");
  const placesOf = async (seed: number): Promise<readonly number[]> => {
    await using checked = await CheckedServer.open({ admin: true });
    const match = { route: "files/download" };
    checked.admin.setFaults([{ match, fault: { kind: "corrupt", seed }, times: 5 }]);
    await checked.upload("/a", content);
    const places: number[] = [];
    for (let index = 0; index < 5; index += 1) {
      const body = await (await read(checked, "/a")).arrayBuffer();
      places.push(...differences(Buffer.from(body), content));
    }
    return places;
  };
  const places = await placesOf(1);
  expect(places).toHaveLength(5);
  expect(new Set(places).size).toBeGreaterThan(1);
  expect(await placesOf(1)).toEqual(places);
  expect(await placesOf(2)).not.toEqual(places);
});

test("V72: an answer can be corrupt JSON", async () => {
  await using checked = await faulty("users/get_space_usage", { kind: "corrupt", bytes: 0 });
  const answer = await checked.server.fetch("https://api.dropboxapi.com/2/users/get_space_usage", {
    method: "POST",
    headers: { authorization: `Bearer ${checked.token}` },
  });
  expect(await answer.text()).toMatch(/^z"used":0/);
});
