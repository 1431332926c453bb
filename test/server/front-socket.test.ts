import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readlink, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Dropbox } from "dropbox";
import { seededRng } from "../../src/std/random.ts";
import { listenOnSocket } from "../../src/server/front/listen-socket.ts";
import type { SocketOptions } from "../../src/server/front/listen-socket.ts";
import { socketFetch } from "../../src/server/front/socket-fetch.ts";
import { answerDesk } from "../../src/server/front/desk-socket.ts";
import { shortPath } from "../../src/server/front/socket-path.ts";
import { ConnectionCut } from "../../src/server/wire/connection-cut.ts";
import { CheckedServer } from "../support/checked-server.ts";
import { HandClock, OpenFront } from "./front-open.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "snap-front-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function open(
  handle: (request: Request) => Promise<Response> | Response,
  options: Partial<SocketOptions> = {},
) {
  const listener = await listenOnSocket({
    folder,
    handler: { handle: async (request) => await handle(request) },
    clock: new HandClock(),
    rng: seededRng(3),
    ...options,
  });
  return {
    fetch: socketFetch(join(options.folder ?? folder, "server.sock")),
    close: () => listener.close({ graceMs: 0 }),
    [Symbol.asyncDispose]: () => listener.close({ graceMs: 0 }),
  };
}

const url = "https://api.dropboxapi.com/2/x?y=1";

test("V7: the official SDK works over the socket, with streams in both directions", async () => {
  await using checked = await CheckedServer.open();
  await using socket = await open((request) => checked.server.handle(request));
  const sdk = new Dropbox({ accessToken: checked.token, fetch: socket.fetch });
  const contents = Buffer.alloc(6 * 1024 * 1024, "snap");
  const stored = await sdk.filesUpload({ path: "/Grüße", contents: new Blob([contents]).stream() });
  expect(stored.result).toMatchObject({ name: "Grüße", size: contents.length });
  const read = await sdk.filesDownload({ path: "/grüße" });
  expect(contents.equals(Reflect.get(read.result as object, "fileBinary"))).toBe(true);
  await sdk.filesDeleteV2({ path: "/grüße" });
  expect((await sdk.filesListFolder({ path: "" })).result.entries).toEqual([]);
});

test("V7: method, URL, headers and status go through as they are", async () => {
  await using socket = await open(async (request) => {
    const { method, headers } = request;
    const seen = { method, url: request.url, name: headers.get("x"), body: await request.text() };
    return new Response(JSON.stringify(seen), { status: 409, headers: { "x-y": "\u00c3\u00bc" } });
  });
  const answer = await socket.fetch(url, {
    method: "POST",
    body: "body",
    headers: { x: "\u00c3\u00bc" },
  });
  expect(answer.status).toBe(409);
  expect(answer.headers.get("x-y")).toBe("\u00c3\u00bc");
  expect(await answer.json()).toEqual({ method: "POST", url, name: "\u00c3\u00bc", body: "body" });
  const bare = await socket.fetch(new URL("http://anything.example/"), { method: "POST" });
  expect(await bare.json()).toMatchObject({ body: "", url: "https://anything.example/" });
  const head = await socket.fetch(url, { method: "HEAD" });
  expect([head.status, head.body]).toEqual([409, null]);
});

test("V7: only this user may use the socket, and a stop removes it", async () => {
  const socket = await open(() => new Response("ok"));
  const path = join(folder, "server.sock");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await socket.close();
  expect(await readdir(folder)).toEqual([]);
});

test("V7: a control call that is no JSON is 400, and does nothing", async () => {
  await using checked = await CheckedServer.open();
  const before = checked.server.accounts();
  const control = (request: Request) => answerDesk(checked.server, request);
  await using socket = await open(() => new Response("api"), { control });
  for (const body of ["", '[{"name":"Bo"', "\u0000"]) {
    const asked = { method: "POST", body };
    const answer = await socket.fetch("https://localhost/control/addAccount", asked);
    expect([answer.status, await answer.text()]).toEqual([400, "could not decode input as JSON"]);
  }
  expect(checked.server.accounts()).toEqual(before);
});

test("V7: control calls are answered on the socket only", async () => {
  const control = ({ url: asked }: Request) => Promise.resolve(new Response(`control ${asked}`));
  const handle = () => new Response("api");
  await using socket = await open(handle, { control });
  const ask = async (path: string) => (await socket.fetch(`https://localhost${path}`)).text();
  expect(await ask("/control/accounts")).toBe("control https://localhost/control/accounts");
  expect(await ask("/2/control/accounts")).toBe("api");
  expect(await ask("/controlled")).toBe("api");
  await using front = await OpenFront.with(handle);
  const client = front.raw();
  client.send("GET /control/accounts HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
  await client.ended;
  expect(client.text).toContain("\r\napi\r\n");
  await using without = await open(handle, { folder: await mkdtemp(join(folder, "x")) });
  expect(await (await without.fetch("https://localhost/control/accounts")).text()).toBe("api");
});

/** Leave a socket behind as a killed process does. */
function leaveSocket(path: string): void {
  const script = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  expect(spawnSync(process.execPath, ["-e", script]).signal).toBe("SIGKILL");
  expect(existsSync(path)).toBe(true);
}

test("V7: the socket of a killed process is replaced; nothing else is", async () => {
  const path = join(folder, "server.sock");
  leaveSocket(path);
  await expect(socketFetch(path)(url)).rejects.toMatchObject({
    name: "TypeError",
    message: "fetch failed",
    cause: { code: "ECONNREFUSED" },
  });
  const socket = await open(() => new Response("ok"));
  expect(await (await socket.fetch(url)).text()).toBe("ok");
  await socket.close();
  await writeFile(path, "mine");
  await expect(open(() => new Response("ok"))).rejects.toMatchObject({ code: "place-taken" });
  expect((await stat(path)).size).toBe(4);
});

describe("V7: a data folder whose path is too long for a socket", () => {
  test.runIf(process.platform === "linux")("is reached through the folder", async () => {
    const deep = join(folder, "a".repeat(100), "b".repeat(100));
    await mkdir(deep, { recursive: true });
    const socket = await open(() => new Response("ok"), { folder: deep });
    expect(await (await socket.fetch(url)).text()).toBe("ok");
    expect(await readdir(deep)).toEqual(["server.sock"]);
    await socket.close();
    expect(await readdir(deep)).toEqual([]);
    await expect(socket.fetch(url)).rejects.toMatchObject({ cause: { code: "ENOENT" } });
    const links = await readdir("/proc/self/fd");
    const held = await Promise.all(
      links.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")),
    );
    expect(held.filter((path) => path.startsWith(deep))).toEqual([]);
  });

  test("is refused where there is no such way, and short ones stay as they are", () => {
    const long = `/${"a".repeat(100)}`;
    expect(() => shortPath(long, "darwin")).toThrow(
      expect.objectContaining({ code: "path-invalid", exit: 2 }),
    );
    expect(shortPath(`/${"a".repeat(99)}`, "darwin").path).toHaveLength(100);
    expect(() => shortPath(`/${"ü".repeat(50)}`, "darwin")).toThrow();
  });
});

test("V7: no server is told as a failed fetch with its cause", async () => {
  const failed = socketFetch(join(folder, "server.sock"))(url);
  await expect(failed).rejects.toMatchObject({
    message: "fetch failed",
    cause: { code: "ENOENT" },
  });
});

test("V7: a fetch is aborted before, while waiting, and in the body", async () => {
  const seen = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  await using socket = await open(({ url: asked, signal }) => {
    seen.resolve();
    if (!asked.endsWith("/wait")) {
      return new Response(new ReadableStream({ start: (to) => to.enqueue(Buffer.from("begin")) }));
    }
    signal.addEventListener("abort", () => aborted.resolve());
    return new Promise<Response>(() => {});
  });
  const ask = (path: string, signal: AbortSignal) =>
    socket.fetch(`https://localhost/${path}`, { signal });
  await expect(ask("x", AbortSignal.abort(new Error("early")))).rejects.toThrow("early");
  const waiting = new AbortController();
  const answer = ask("wait", waiting.signal);
  await seen.promise;
  waiting.abort(new Error("enough"));
  await expect(answer).rejects.toThrow("enough");
  await aborted.promise;
  const reading = new AbortController();
  const reader = (await ask("read", reading.signal)).body?.getReader();
  expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("begin");
  reading.abort(new Error("stop"));
  await expect(reader?.read()).rejects.toThrow("stop");
});

test("V7: a cut before and in the answer is an error, and so is a body that breaks off", async () => {
  const got: unknown[] = [];
  await using socket = await open(async (request) => {
    if (request.url.endsWith("/body")) {
      await request.text().catch((error: unknown) => got.push(error));
      return new Response("never seen");
    }
    if (request.url.endsWith("/none")) throw new ConnectionCut("reset");
    let pulls = 0;
    const pull = (to: ReadableStreamDefaultController<Uint8Array>): void => {
      pulls += 1;
      if (pulls === 1) to.enqueue(Buffer.from("part"));
      else to.error(new ConnectionCut("close"));
    };
    return new Response(new ReadableStream({ pull }), { headers: { "content-length": "9" } });
  });
  await expect(socket.fetch("https://localhost/none")).rejects.toMatchObject({
    message: "fetch failed",
  });
  const partly = await socket.fetch("https://localhost/part");
  await expect(partly.text()).rejects.toMatchObject({ name: "TypeError", message: "terminated" });
  const broken = new ReadableStream({ pull: (to) => to.error(new Error("my disk")) });
  const sent = socket.fetch("https://localhost/body", { method: "POST", body: broken });
  await expect(sent).rejects.toMatchObject({ cause: new Error("my disk") });
});

test("V7: a slow handler holds the body back", async () => {
  let pulled = 0;
  const body = new ReadableStream({
    pull: (to) => {
      pulled += 1;
      if (pulled <= 512) to.enqueue(Buffer.alloc(2 ** 20));
      else to.close();
    },
  });
  await using socket = await open(async (request) => {
    await request.body?.getReader().read();
    throw new ConnectionCut("close");
  });
  const sent = socket.fetch(url, { method: "POST", body });
  await expect(sent).rejects.toThrow("fetch failed");
  // Without holding back, all 512 MiB have been pulled before the first byte arrives.
  expect(pulled).toBeLessThan(64);
});
