import { expect, test } from "vitest";
import { guardedFetch } from "../../src/remote/transport.ts";
import type { LogFacts } from "../../src/std/log.ts";
import { silentLogger } from "../../src/std/log.ts";
import { code } from "./faulty.ts";

test("X17: plain http reaches this computer only", async () => {
  const asked: string[] = [];
  const inner: typeof fetch = async (input) => {
    asked.push(input instanceof Request ? input.url : new URL(input).href);
    return new Response("ok");
  };
  const guarded = guardedFetch(inner, { logger: silentLogger });
  for (const url of [
    "http://127.0.0.1:80/x",
    "http://localhost:9/x",
    "http://[::1]:9/x",
    "https://a.example/x",
  ]) {
    expect(await (await guarded(url)).text()).toBe("ok");
  }
  for (const url of [
    "http://api.dropboxapi.com/2/x",
    "http://127.0.0.1.evil.example/",
    "ftp://127.0.0.1/",
  ]) {
    await expect(guarded(url)).rejects.toThrow(code("usage"));
  }
  expect(asked).toHaveLength(4);
});

test("X15: the log has route and status, never headers, queries or bodies", async () => {
  const lines: LogFacts[] = [];
  const logger = {
    ...silentLogger,
    debug: (_: string, facts?: LogFacts) => lines.push(facts ?? {}),
  };
  const inner: typeof fetch = async () =>
    new Response("secret", { headers: { "x-dropbox-request-id": "abc" } });
  await guardedFetch(inner, {
    logger: { ...silentLogger, debug: (m, f) => void logger.debug(m, f) },
  })("https://api.dropboxapi.com/2/files/upload?arg=secret", {
    headers: { authorization: "Bearer secret" },
  });
  expect(lines).toEqual([{ route: "/2/files/upload", status: 200, request: "abc" }]);
});

test("answers without a body pass", async () => {
  const guarded = guardedFetch(async () => new Response(null, { status: 204 }), {
    logger: silentLogger,
  });
  expect((await guarded("https://a.example/")).status).toBe(204);
});
