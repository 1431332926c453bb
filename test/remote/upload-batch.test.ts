import { expect, test } from "vitest";
import type { RemoteItem, SmallUpload } from "../../src/core/tree/remote-item.ts";
import { SnapError } from "../../src/std/error.ts";
import { calls, code, failing, noNetwork } from "./faulty.ts";
import { at, failure, linkedServer, read, uploadOf, type Linked } from "./linked.ts";
import { checkAll, itemsOf, losing, small, texts } from "./small-uploads.ts";

const sessionRoutes = ["start_batch", "append_batch", "finish_batch_v2"];

const uploadCalls = (linked: Linked): string[] =>
  calls(linked).flatMap((route) => {
    if (route === "files/upload") return ["upload"];
    return route.startsWith("files/upload_session/") ? [route.slice(21)] : [];
  });

/** The body that a call sends, in bytes. */
const sizeOf = (init: RequestInit | undefined): number =>
  init?.body instanceof Uint8Array ? init.body.length : 0;

test("S58: a thousand files need three calls, and the answers are in order", async () => {
  await using linked = await linkedServer();
  const requests = texts(1000);
  const items = itemsOf(await linked.remote.uploadEach(requests));
  expect(items.map(({ path }) => path)).toEqual(requests.map(({ path }) => path));
  expect(uploadCalls(linked)).toEqual(sessionRoutes);
  await checkAll(linked, requests);
  expect(await read(linked.remote, items[8] as RemoteItem)).toBe("text 8 ");
  expect(items[8]?.modified).toBe(Date.UTC(2026, 0, 2, 3, 4, 5));
});

test("S58: each file has its own result", async () => {
  await using linked = await linkedServer();
  await linked.remote.upload(uploadOf("taken", "other"));
  const known = await linked.remote.upload(uploadOf("known", "old"));
  const results = await linked.remote.uploadEach([
    small("taken", "mine"),
    small("new", "x"),
    small("known", "new", { replaces: known.rev }),
    small("gone", "x", { path: "bad\\name" as SmallUpload["path"] }),
    small("changed", "x", { unchanged: async () => false }),
    small("empty", ""),
  ]);
  expect(results).toEqual([
    code("conflict"),
    expect.objectContaining({ path: "new" }),
    expect.objectContaining({ path: "known" }),
    code("name-refused"),
    code("volatile"),
    expect.objectContaining({ path: "empty", size: 0 }),
  ]);
  expect(await linked.remote.get(at("changed"))).toBeUndefined();
  expect((await linked.remote.get(at("taken")))?.hash).toBe(uploadOf("taken", "other").hash);
});

test("S57, S58: a lost answer costs the lost call, and no file comes twice", async () => {
  await using linked = await linkedServer();
  const requests = texts(40);
  linked.intercept = losing(sessionRoutes);
  itemsOf(await linked.remote.uploadEach(requests));
  expect(uploadCalls(linked)).toEqual(sessionRoutes.flatMap((route) => [route, route]));
  await checkAll(linked, requests);
});

test("S56: a body is sent whole again after errors of the server", async () => {
  await using linked = await linkedServer();
  linked.intercept = failing("files/upload_session/append_batch", [
    () => new Response("", { status: 503 }),
    noNetwork,
    () => failure(429, { reason: { ".tag": "too_many_requests" } }, { "retry-after": "1" }),
    () => failure(409, { ".tag": "content_hash_mismatch" }),
    () => failure(409, { ".tag": "length_mismatch" }),
  ]);
  const requests = texts(20);
  itemsOf(await linked.remote.uploadEach(requests));
  expect(uploadCalls(linked)).toHaveLength(8);
  await checkAll(linked, requests);
});

test("a body that never arrives whole is sent file by file", async () => {
  await using linked = await linkedServer();
  linked.intercept = async ({ route }, pass) =>
    route.endsWith("append_batch") ? failure(409, { ".tag": "content_hash_mismatch" }) : pass();
  const requests = texts(5);
  itemsOf(await linked.remote.uploadEach(requests));
  expect(uploadCalls(linked).filter((route) => route === "append_batch")).toHaveLength(3);
  expect(uploadCalls(linked).filter((route) => route === "upload")).toHaveLength(5);
  await checkAll(linked, requests);
});

const unknown = (route: string): Response =>
  new Response(`Error in call to API function "${route}": Unknown API function`, { status: 400 });

test("S58: a server without batches of sessions gets a closed session for each file", async () => {
  await using linked = await linkedServer();
  linked.intercept = async ({ route }, pass) =>
    /start_batch|append_batch/u.test(route) ? unknown(route) : pass();
  const requests = texts(10);
  itemsOf(await linked.remote.uploadEach(requests));
  const starts = Array.from({ length: 10 }, () => "start");
  expect(uploadCalls(linked)).toEqual(["start_batch", ...starts, "finish_batch_v2"]);
  await checkAll(linked, requests);
  linked.routes.length = 0;
  itemsOf(await linked.remote.uploadEach([small("x", "x"), small("y", "y")]));
  expect(uploadCalls(linked)).toEqual(["start", "start", "finish_batch_v2"]);
});

test("S58: a server that ends no batch gets each file by itself, and is not asked again", async () => {
  await using linked = await linkedServer();
  linked.intercept = async ({ route }, pass) =>
    route.endsWith("finish_batch_v2") ? unknown(route) : pass();
  itemsOf(await linked.remote.uploadEach(texts(4)));
  await checkAll(linked, texts(4));
  linked.routes.length = 0;
  itemsOf(await linked.remote.uploadEach([small("d0/f0", ""), small("x", "x")]));
  expect(uploadCalls(linked)).toEqual(["upload", "upload"]);
});

test("S58: where the head of a call is too long, fewer files go together from then on", async () => {
  await using linked = await linkedServer();
  const counts: number[] = [];
  linked.intercept = async ({ route, init }, pass) => {
    if (!route.endsWith("append_batch")) return pass();
    const argument = new Headers(init?.headers).get("dropbox-api-arg") ?? "";
    if (argument.length > 8_000) return new Response("too long", { status: 431 });
    counts.push(argument.split("session_id").length - 1);
    return pass();
  };
  const requests = texts(200);
  itemsOf(await linked.remote.uploadEach(requests));
  expect(counts).toEqual([50, 50, 50, 50]);
  await checkAll(linked, requests);
  itemsOf(await linked.remote.uploadEach([small("x", "x"), small("y", "y")]));
  expect(counts).toEqual([50, 50, 50, 50, 2]);
});

test.each(["start_batch", "append_batch", "finish_batch_v2"])(
  "S58: a batch that the server refuses as a whole (%s) is no trouble of its files",
  async (name) => {
    await using linked = await linkedServer();
    linked.intercept = async ({ route }, pass) =>
      route.endsWith(name) ? new Response("Error: something else", { status: 400 }) : pass();
    const requests = texts(6);
    itemsOf(await linked.remote.uploadEach(requests));
    await checkAll(linked, requests);
  },
);

test("S58: sessions of an earlier run are ended without a byte, and told of once they are full", async () => {
  await using linked = await linkedServer();
  let noted: ReadonlyMap<number, string> = new Map();
  const requests = texts(6);
  linked.intercept = async ({ route }, pass) => {
    if (route.endsWith("finish_batch_v2")) throw new SnapError("interrupted", "killed");
    return pass();
  };
  const upload = linked.remote.uploadEach(requests, (sessions) => void (noted = sessions));
  await expect(upload).rejects.toThrow(code("interrupted"));
  expect([...noted.keys()]).toEqual([0, 1, 2, 3, 4, 5]);
  linked.intercept = undefined;
  linked.routes.length = 0;
  const again = requests.map((request, place) => ({ ...request, resume: noted.get(place) }));
  itemsOf(await linked.remote.uploadEach(again));
  expect(uploadCalls(linked)).toEqual(["finish_batch_v2"]);
  await checkAll(linked, requests);
});

test("S58: a session that the server has forgotten costs its file one more call", async () => {
  await using linked = await linkedServer();
  const requests = texts(4).map((request) => ({ ...request, resume: "AAAAAAAAAAAAAAAAAAAAAA" }));
  itemsOf(await linked.remote.uploadEach(requests));
  expect(uploadCalls(linked)).toEqual(["finish_batch_v2", "upload", "upload", "upload", "upload"]);
  await checkAll(linked, requests);
});

test("S59: what another writer kept from a place of its own is asked for again, alone", async () => {
  await using linked = await linkedServer();
  const ended: number[] = [];
  linked.intercept = async ({ route, init }, pass) => {
    if (!route.endsWith("finish_batch_v2")) return pass();
    const { entries } = JSON.parse(init?.body as string) as { entries: unknown[] };
    ended.push(entries.length);
    if (ended.length > 1) return pass();
    const body = JSON.stringify({ entries: entries.slice(1) });
    const answer = await linked.server.fetch(`https://api.dropboxapi.com/2/${route}`, {
      ...init,
      body,
    });
    const told = (await answer.json()) as { entries: unknown[] };
    const busy = { ".tag": "failure", failure: { ".tag": "too_many_write_operations" } };
    return Response.json({ entries: [busy, ...told.entries] });
  };
  const requests = texts(5);
  itemsOf(await linked.remote.uploadEach(requests));
  expect(ended).toEqual([5, 1]);
  await checkAll(linked, requests);
});

test("S57: other content than was sent is an alarm for its file alone", async () => {
  await using linked = await linkedServer();
  linked.intercept = async ({ route }, pass) => {
    const answer = await pass();
    if (!route.endsWith("finish_batch_v2")) return answer;
    const text = await answer.text();
    return new Response(text.replace(/"content_hash": ?"../u, '"content_hash":"00'), answer);
  };
  const results = await linked.remote.uploadEach([small("a", "1"), small("b", "2")]);
  expect(results).toEqual([code("content-wrong"), expect.objectContaining({ path: "b" })]);
});

test("a body of pieces that lie in one memory is not copied", async () => {
  await using linked = await linkedServer();
  const memory = Buffer.from("onetwothree");
  const bodies: unknown[] = [];
  linked.intercept = async ({ route, init }, pass) => {
    if (route.endsWith("append_batch")) bodies.push(init?.body);
    return pass();
  };
  const requests = [
    small("1", "one", { bytes: memory.subarray(0, 3) }),
    small("2", "two", { bytes: memory.subarray(3, 6) }),
    small("3", "three", { bytes: memory.subarray(6) }),
  ];
  itemsOf(await linked.remote.uploadEach(requests));
  expect((bodies[0] as Buffer).buffer).toBe(memory.buffer);
  expect(sizeOf({ body: bodies[0] as Buffer })).toBe(11);
  await checkAll(linked, requests);
});
