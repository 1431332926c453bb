import { expect, test } from "vitest";
import { isSnapError } from "../../src/std/error.ts";
import { code } from "./faulty.ts";
import { checkLarge, countOf, large, sessionCalls } from "./large.ts";
import { at, failure, linkedServer, uploadOf, type Linked } from "./linked.ts";

/** Uploads side by side of which all become ready before a second call makes files of them. */
async function finished(
  linked: Linked,
  uploads: readonly Parameters<Linked["remote"]["upload"]>[0][],
): Promise<readonly unknown[]> {
  const ready = Promise.withResolvers<void>();
  let closed = 0;
  const { intercept } = linked;
  linked.intercept = async (request, pass) => {
    const answer = await (intercept?.(request, pass) ?? pass());
    const isClosing = new Headers(request.init?.headers)
      .get("dropbox-api-arg")
      ?.includes('"close"');
    if (request.route.endsWith("append_v2") && isClosing) closed += 1;
    if (closed === uploads.length + 1) ready.resolve();
    if (request.route.endsWith("finish") && countOf(linked, "finish") === 1) await ready.promise;
    return answer;
  };
  const all = [uploadOf("first", large), ...uploads];
  const ends = await Promise.allSettled(all.map((each) => linked.remote.upload(each)));
  return ends.map((end) => (end.status === "fulfilled" ? end.value.name : end.reason));
}

const names = ["one", "two", "three"];

test("S59: large files that are ready together become files in one call", async () => {
  await using linked = await linkedServer();
  const uploads = names.map((name) => uploadOf(name, large));
  expect(await finished(linked, uploads)).toEqual(["first", ...names]);
  expect(countOf(linked, "finish_batch_v2")).toBe(1);
  expect(countOf(linked, "finish"), "the first may have had a turn alone").toBeLessThanOrEqual(1);
  for (const name of names) await checkLarge(linked, name);
});

test("S57: what changed until its turn, or has no place, is told by itself", async () => {
  await using linked = await linkedServer();
  await linked.remote.upload(uploadOf("two", "another"));
  const stale = { ...uploadOf("one", large), unchanged: async () => false };
  const taken = uploadOf("two", large);
  const uploads = [stale, taken, uploadOf("three", large), uploadOf("four", large)];
  const [first, one, two, three, four] = await finished(linked, uploads);
  expect([first, three, four]).toEqual(["first", "three", "four"]);
  expect([one, two].map((error) => isSnapError(error) && error.code)).toEqual([
    "volatile",
    "conflict",
  ]);
  expect(await linked.remote.get(at("one"))).toBeUndefined();
  expect(countOf(linked, "finish_batch_v2")).toBe(1);
});

test("S58: a server without that call makes one file after the other, and is not asked again", async () => {
  await using linked = await linkedServer();
  const refuse = failure(404, { ".tag": "unknown" });
  linked.intercept = async ({ route }, pass) =>
    route.endsWith("finish_batch_v2") ? refuse.clone() : pass();
  const uploads = names.map((name) => uploadOf(name, large));
  expect(await finished(linked, uploads)).toEqual(["first", ...names]);
  expect([countOf(linked, "finish"), countOf(linked, "finish_batch_v2")]).toEqual([4, 1]);
});

test("S57: a call for several files whose answer is lost is settled for each of them", async () => {
  await using linked = await linkedServer();
  let isLost = false;
  linked.intercept = async ({ route }, pass) => {
    const answer = await pass();
    if (!route.endsWith("finish_batch_v2") || isLost) return answer;
    isLost = true;
    throw new TypeError("fetch failed");
  };
  const uploads = names.map((name) => uploadOf(name, large));
  expect(await finished(linked, uploads)).toEqual(["first", ...names]);
  for (const name of names) await checkLarge(linked, name);
  expect(sessionCalls(linked).filter((call) => call === "start")).toHaveLength(4);
});

test("a signal ends the wait for a turn", async () => {
  await using linked = await linkedServer();
  const stop = new AbortController();
  linked.intercept = async ({ route }, pass) => {
    if (route.endsWith("append_v2")) stop.abort();
    return pass();
  };
  const { signal } = stop;
  await expect(linked.remote.upload(uploadOf("one", large), { signal })).rejects.toThrow(
    code("interrupted"),
  );
});
