import { expect, test } from "vitest";
import { calls, code, failing, noNetwork } from "./faulty.ts";
import { at, linkedServer, read, uploadOf } from "./linked.ts";

test("S57: an upload whose answer was lost is repeated and makes no second revision", async () => {
  await using linked = await linkedServer();
  let lost = false;
  linked.intercept = async ({ route }, pass) => {
    const answer = await pass();
    if (route !== "files/upload" || lost) return answer;
    lost = true;
    throw noNetwork();
  };
  const item = await linked.remote.upload(uploadOf("a", "one"));
  expect(await linked.remote.get(at("a"))).toEqual(item);
  expect(calls(linked).filter((route) => route === "files/upload")).toHaveLength(2);
});

test("S56: a body is sent whole again after an error, never empty", async () => {
  await using linked = await linkedServer();
  linked.intercept = failing("files/upload", [() => new Response("", { status: 503 })]);
  const item = await linked.remote.upload(uploadOf("a", "one"));
  expect(await read(linked.remote, item)).toBe("one");
});

test("S57: another hash in the answer than ours is an alarm", async () => {
  await using linked = await linkedServer();
  linked.intercept = async ({ route }, pass) => {
    const answer = await pass();
    if (route !== "files/upload") return answer;
    const text = await answer.text();
    return new Response(text.replace(/"content_hash": ?"../u, '"content_hash":"00'), answer);
  };
  await expect(linked.remote.upload(uploadOf("a", "one"))).rejects.toThrow(code("content-wrong"));
});

test("S60–S62: writes whose answer was lost are healed by the repeat", async () => {
  await using linked = await linkedServer();
  const file = await linked.remote.upload(uploadOf("f", "x"));
  const lost = new Set<string>();
  linked.intercept = async ({ route }, pass) => {
    const answer = await pass();
    if (!/create_folder|delete/u.test(route) || lost.has(route)) return answer;
    lost.add(route);
    throw noNetwork();
  };
  expect(await linked.remote.makeFolder(at("a"))).toMatchObject({ path: "a" });
  await linked.remote.deleteFile(at("f"), file.rev);
  expect(await linked.remote.get(at("f"))).toBeUndefined();
  expect(lost.size).toBe(2);
});

/** Only the first bytes of a body, then an error or a plain end. */
function cut(answer: Response, after: number, end: "error" | "close"): Response {
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      const bytes = new Uint8Array(await answer.arrayBuffer());
      controller.enqueue(bytes.subarray(0, after));
      if (end === "close") controller.close();
    },
    pull(controller) {
      controller.error(new TypeError("terminated"));
    },
  });
  return new Response(body, answer);
}

test("S66: a body that breaks off, or ends too early, is continued by range", async () => {
  await using linked = await linkedServer();
  const item = await linked.remote.upload(uploadOf("a", "0123456789"));
  const ranges: (string | null)[] = [];
  let count = 0;
  linked.intercept = async ({ route, init }, pass) => {
    const answer = await pass();
    if (route !== "files/download") return answer;
    ranges.push(new Headers(init?.headers).get("range"));
    count += 1;
    if (count > 3) return answer;
    return cut(answer, 2, count === 2 ? "close" : "error");
  };
  expect(await read(linked.remote, item)).toBe("0123456789");
  expect(ranges).toEqual([null, "bytes=2-", "bytes=4-", "bytes=6-"]);
});

test("S66: a server that ignores the range costs bytes, not correctness", async () => {
  await using linked = await linkedServer();
  const item = await linked.remote.upload(uploadOf("a", "0123456789"));
  linked.intercept = async ({ route, init }, pass) => {
    if (route !== "files/download") return pass();
    const headers = new Headers(init?.headers);
    headers.delete("range");
    return linked.server.fetch(`https://content.dropboxapi.com/2/${route}`, { ...init, headers });
  };
  expect(await read(linked.remote, item, 4)).toBe("456789");
});

test("a body longer than the file is refused before it fills the disk", async () => {
  await using linked = await linkedServer();
  const item = await linked.remote.upload(uploadOf("a", "0123"));
  linked.intercept = async ({ route }, pass) => {
    const answer = await pass();
    if (route !== "files/download") return answer;
    return new Response("0123456789".repeat(1000), { headers: answer.headers });
  };
  await expect(read(linked.remote, item)).rejects.toThrow(code("content-wrong"));
});

test("leaving a download ends its request", async () => {
  await using linked = await linkedServer();
  const item = await linked.remote.upload(uploadOf("a", "0123456789"));
  let cancelled = false;
  linked.intercept = async ({ route }, pass) => {
    const answer = await pass();
    if (route !== "files/download") return answer;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array([48])),
      cancel: () => {
        cancelled = true;
      },
    });
    return new Response(body, { headers: answer.headers });
  };
  for await (const chunk of linked.remote.download(item.rev, 0)) {
    expect(chunk.length).toBe(1);
    break;
  }
  expect(cancelled).toBe(true);
});

test("an interrupted download ends at the next bytes", async () => {
  await using linked = await linkedServer();
  const item = await linked.remote.upload(uploadOf("a", "0123456789"));
  const stop = new AbortController();
  linked.intercept = async ({ route }, pass) => {
    const answer = await pass();
    if (route !== "files/download") return answer;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        stop.abort();
        controller.enqueue(new Uint8Array([48]));
      },
    });
    return new Response(body, { headers: answer.headers });
  };
  const bytes = linked.remote.download(item.rev, 0, { signal: stop.signal });
  await expect(Array.fromAsync(bytes)).rejects.toThrow(code("interrupted"));
});
