/** Uploads whose end is not known. */
import { expect, test } from "vitest";
import { SnapError } from "../../src/std/error.ts";
import { calls, code, noNetwork } from "./faulty.ts";
import { linkedServer } from "./linked.ts";
import { checkAll, itemsOf, losing, small, texts } from "./small-uploads.ts";

test("S57: of a lost end, folders with many files are listed, and the others asked for", async () => {
  await using linked = await linkedServer();
  linked.intercept = losing(["finish_batch_v2"]);
  const requests = [...texts(30), small("alone/one", "1"), small("alone/two", "2")];
  itemsOf(await linked.remote.uploadEach(requests));
  const looks = calls(linked).filter((route) => !route.includes("upload"));
  expect(looks.toSorted()).toEqual([
    "files/get_metadata",
    "files/get_metadata",
    "files/list_folder",
    "files/list_folder",
    "files/list_folder",
  ]);
  expect(
    calls(linked)
      .filter((route) => route.includes("upload"))
      .at(-1),
  ).toMatch(/finish_batch_v2$/u);
});

test("S59: a look for lost ends that fails does not hide what was done", async () => {
  await using linked = await linkedServer();
  const lookup = { ".tag": "lookup_failed", lookup_failed: { ".tag": "not_found" } };
  linked.intercept = async ({ route }, pass) => {
    if (route.endsWith("get_metadata")) throw noNetwork();
    const answer = await pass();
    if (!route.endsWith("finish_batch_v2")) return answer;
    const { entries } = (await answer.json()) as { readonly entries: readonly unknown[] };
    const lost = { ".tag": "failure", failure: lookup };
    return Response.json({ ".tag": "complete", entries: [...entries.slice(0, -1), lost] });
  };
  const told = await linked.remote.uploadEach(texts(5));
  expect(told.map((one) => (one instanceof SnapError ? one.code : "done"))).toEqual([
    ...Array.from({ length: 4 }, () => "done"),
    "offline",
  ]);
});

test("S57: files of a lost end are looked for side by side", async () => {
  await using linked = await linkedServer();
  const lose = losing(["finish_batch_v2"]);
  const waiting: (() => void)[] = [];
  linked.intercept = async (request, pass) => {
    if (!request.route.endsWith("get_metadata")) return await lose(request, pass);
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 8) for (const go of waiting) go();
    });
    return await pass();
  };
  const requests = Array.from({ length: 8 }, (_, n) => small(`d${n}/f`, `text ${n}`));
  itemsOf(await linked.remote.uploadEach(requests));
  await checkAll(linked, requests);
});

test.each(["get_metadata", "list_folder"])(
  "S57: whoever stops a look for lost ends by %s does not wait for it",
  async (route) => {
    await using linked = await linkedServer();
    const stop = new AbortController();
    const lose = losing(["finish_batch_v2"]);
    let looks = 0;
    linked.intercept = async (request, pass) => {
      if (!request.route.endsWith(route)) return await lose(request, pass);
      looks += 1;
      stop.abort();
      throw noNetwork();
    };
    const folder = (n: number): string => (route === "list_folder" ? "d" : `d${n}`);
    const requests = Array.from({ length: 20 }, (_, n) => small(`${folder(n)}/f${n}`, `${n}`));
    const sent = linked.remote.uploadEach(requests, () => {}, { signal: stop.signal });
    await expect(sent).rejects.toThrow(code("interrupted"));
    expect(looks).toBeLessThanOrEqual(8);
  },
);
