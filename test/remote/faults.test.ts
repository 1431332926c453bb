import { expect, test } from "vitest";
import type { Work } from "../../src/std/events.ts";
import { calls, code, failing, noNetwork } from "./faulty.ts";
import { allOf, at, failure, linesOf, linkedServer, read, uploadOf } from "./linked.ts";

test("§11: a network error is tried again after a growing random delay", async () => {
  await using linked = await linkedServer();
  linked.intercept = failing("files/get_metadata", [noNetwork, noNetwork, noNetwork]);
  expect(await linked.remote.get(at("a"))).toBeUndefined();
  const [first = 0, second = 0, third = 0, ...more] = linked.clock.slept;
  expect([first <= 1_000, second <= 2_000, third <= 4_000, more]).toEqual([true, true, true, []]);
});

test("§11: after six attempts the error says what is wrong", async () => {
  await using linked = await linkedServer();
  linked.intercept = failing("files/get_metadata", Array(9).fill(noNetwork));
  await expect(linked.remote.get(at("a"))).rejects.toThrow(
    expect.objectContaining({
      code: "offline",
      path: "a",
      message: expect.stringContaining("getaddrinfo ENOTFOUND"),
    }),
  );
  expect(calls(linked)).toHaveLength(6);
});

test("§11: Retry-After is obeyed, from the header and from the body", async () => {
  await using linked = await linkedServer();
  const busy = { reason: { ".tag": "too_many_requests" } };
  linked.intercept = failing("files/get_metadata", [
    () => failure(429, busy, { "retry-after": "17" }),
    () => failure(429, { ...busy, retry_after: 4 }),
    () => new Response("slow down", { status: 503, headers: { "retry-after": "2" } }),
  ]);
  await linked.remote.get(at("a"));
  expect(linked.clock.slept).toEqual([17_000, 4_000, 2_000]);
});

test("a server that asks for hours is left alone, and the error says how long", async () => {
  await using linked = await linkedServer();
  const late = (): Response =>
    new Response("", { status: 429, headers: { "retry-after": "7200" } });
  linked.intercept = failing("files/get_metadata", [late, late]);
  await expect(linked.remote.get(at("a"))).rejects.toThrow(
    expect.objectContaining({ code: "throttled", retryAfterSeconds: 7200 }),
  );
  expect([linked.clock.slept, calls(linked).length]).toEqual([[], 1]);
});

test("§11: contention on the write lock is tried again, as 429 and as 409", async () => {
  await using linked = await linkedServer();
  linked.intercept = failing("files/create_folder_v2", [
    () => failure(429, { reason: { ".tag": "too_many_write_operations" } }),
    () => failure(409, { ".tag": "path", path: { ".tag": "too_many_write_operations" } }),
    () => new Response("<html>", { status: 500 }),
    () => new Response("<html>", { status: 502 }),
  ]);
  expect(await linked.remote.makeFolder(at("a"))).toMatchObject({ kind: "folder" });
  expect(calls(linked)).toHaveLength(5);
});

test("errors are told apart by their tags, and are not tried again", async () => {
  await using linked = await linkedServer();
  const write = (reason: object): object => ({ ".tag": "path", reason, upload_session_id: "x" });
  const table: readonly (readonly [object, string])[] = [
    [write({ ".tag": "insufficient_space" }), "quota-exceeded"],
    [write({ ".tag": "disallowed_name" }), "name-refused"],
    [write({ ".tag": "malformed_path" }), "name-refused"],
    [write({ ".tag": "no_write_permission" }), "remote-error"],
    [write({ ".tag": "conflict", conflict: { ".tag": "file_ancestor" } }), "conflict"],
    [{ ".tag": "payload_too_large" }, "too-large"],
    [{ ".tag": "content_hash_mismatch" }, "content-wrong"],
    [{ ".tag": "something_new" }, "remote-error"],
  ];
  for (const [error, expected] of table) {
    linked.intercept = failing("files/upload", [() => failure(409, error)]);
    await expect(linked.remote.upload(uploadOf("a", "x"))).rejects.toThrow(code(expected));
  }
  expect(linked.clock.slept).toEqual([]);
});

test("a refused request is told with the server's words, cut short", async () => {
  await using linked = await linkedServer();
  linked.intercept = failing("files/get_metadata", [
    () => new Response(`Error in call: ${"x".repeat(5_000)}`, { status: 400 }),
  ]);
  const error: unknown = await linked.remote.get(at("a")).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "remote-error" });
  expect(String(error).length).toBeLessThan(400);
});

test("S34: a cursor that the server has forgotten starts a listing anew, and says so", async () => {
  await using linked = await linkedServer();
  await linked.remote.makeFolder(at("a"));
  const route = "files/list_folder/continue";
  for (const answer of [
    () => failure(409, { ".tag": "reset" }),
    () =>
      new Response('Error in call to API function: Invalid "cursor" parameter', { status: 400 }),
  ]) {
    linked.intercept = failing(route, [answer]);
    const pages = await allOf(linked.remote.pages("old"));
    expect([pages[0]?.restart, linesOf(pages)]).toEqual([true, ["folder a"]]);
  }
});

test("X13: listings that restart, or go on, for ever end in an error", async () => {
  await using linked = await linkedServer();
  linked.intercept = failing(
    "files/list_folder",
    Array(20).fill(() => failure(409, { ".tag": "reset" })),
  );
  await expect(allOf(linked.remote.pages(undefined))).rejects.toThrow(code("server-error"));
  linked.intercept = async ({ route }, pass) =>
    route.startsWith("files/list_folder")
      ? Response.json({ entries: [], cursor: "c", has_more: true })
      : pass();
  await expect(allOf(linked.remote.pages(undefined))).rejects.toThrow(code("remote-error"));
});

test("X13: an answer that never ends is cut off at 16 MiB", async () => {
  await using linked = await linkedServer();
  let sent = 0;
  linked.intercept = async ({ route }, pass) => {
    if (route !== "files/list_folder") return pass();
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        sent += 1;
        controller.enqueue(new Uint8Array(1024 * 1024).fill(32));
      },
    });
    return new Response(body);
  };
  await expect(allOf(linked.remote.pages(undefined))).rejects.toThrow(code("remote-error"));
  expect(sent).toBeLessThan(20);
});

test("X17: a redirect is not followed", async () => {
  await using linked = await linkedServer();
  const wanted: (string | undefined)[] = [];
  linked.intercept = async ({ route, init }, pass) => {
    wanted.push(init?.redirect);
    if (route !== "files/get_metadata") return pass();
    return new Response("", { status: 307, headers: { location: "https://evil.example/" } });
  };
  await expect(linked.remote.get(at("a"))).rejects.toThrow(code("remote-error"));
  expect(new Set(wanted)).toEqual(new Set(["manual"]));
});

test("S59: commits run one after the other, bytes side by side", async () => {
  await using linked = await linkedServer();
  const item = await linked.remote.upload(uploadOf("first", "x"));
  const running = new Map<string, number>();
  const most = new Map<string, number>();
  linked.intercept = async ({ route }, pass) => {
    const kind = route === "files/download" ? "read" : "write";
    running.set(kind, (running.get(kind) ?? 0) + 1);
    most.set(kind, Math.max(most.get(kind) ?? 0, running.get(kind) ?? 0));
    await Promise.resolve();
    const answer = await pass();
    running.set(kind, (running.get(kind) ?? 1) - 1);
    return answer;
  };
  const names = ["a", "b", "c", "d"];
  await Promise.all(names.map((name) => linked.remote.upload(uploadOf(name, name))));
  await Promise.all(names.map(() => read(linked.remote, item)));
  expect([most.get("write"), most.get("read")]).toEqual([1, 4]);
});

test("S59: a commit that fails does not hold up the next", async () => {
  await using linked = await linkedServer();
  linked.intercept = failing("files/upload", [() => failure(409, { ".tag": "payload_too_large" })]);
  const [first, second] = await Promise.allSettled([
    linked.remote.upload(uploadOf("a", "1")),
    linked.remote.upload(uploadOf("b", "2")),
  ]);
  expect([first.status, second.status]).toEqual(["rejected", "fulfilled"]);
});

test("an interrupted call ends at once, also while it waits to try again", async () => {
  await using linked = await linkedServer();
  const stop = new AbortController();
  const work: Work = { signal: stop.signal };
  linked.intercept = async ({ route }, pass) => {
    if (route !== "files/list_folder") return pass();
    stop.abort();
    throw noNetwork();
  };
  await expect(allOf(linked.remote.pages(undefined, work))).rejects.toThrow(code("interrupted"));
  expect(calls(linked)).toHaveLength(1);
  await expect(linked.remote.upload(uploadOf("a", "x"), work)).rejects.toThrow(code("interrupted"));
});
