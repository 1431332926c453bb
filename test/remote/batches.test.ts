/** Moves, copies and folders by batches, whose jobs are asked for until they end (S59, T24). */
import { expect, test } from "vitest";
import { isSnapError } from "../../src/std/error.ts";
import type { RemoteItem } from "../../src/core/tree/remote-item.ts";
import type { SnapError } from "../../src/std/error.ts";
import { calls, code, failing, noNetwork } from "./faulty.ts";
import { at, failure, linkedServer, uploadOf, type Linked } from "./linked.ts";

/** What became of each, in short. */
function shown(results: readonly (RemoteItem | SnapError)[]): readonly string[] {
  return results.map((one) => (isSnapError(one) ? one.code : one.path));
}

async function withFiles(...names: readonly string[]): Promise<Linked> {
  const linked = await linkedServer("/top");
  await linked.remote.makeTop();
  for (const name of names) await linked.remote.upload(uploadOf(name, name));
  linked.routes.length = 0;
  return linked;
}

const pair = (
  from: string,
  to: string,
): { from: ReturnType<typeof at>; to: ReturnType<typeof at> } => ({
  from: at(from),
  to: at(to),
});

test("T24: files and folders move together, under their ids, and what is refused is told in its place", async () => {
  await using linked = await withFiles("a", "d/b", "c");
  const [a, d] = [await linked.remote.get(at("a")), await linked.remote.get(at("d"))];
  const pairs = [pair("a", "x/a"), pair("gone", "y"), pair("c", "d"), pair("d", "e")];
  const told = await linked.remote.relocate("move", pairs);
  expect(shown(told)).toEqual(["x/a", "not-found", "conflict", "e"]);
  expect(told[0]).toMatchObject({ remoteId: a?.remoteId, hash: a?.hash });
  expect(told[3]).toMatchObject({ kind: "folder", remoteId: d?.remoteId });
  expect(await linked.remote.get(at("e/b"))).toBeDefined();
  expect(calls(linked).slice(2, 4)).toEqual(["files/move_batch_v2", "files/move_batch/check_v2"]);
});

test("T24: a copy has an id of its own, and goes over nothing", async () => {
  await using linked = await withFiles("a", "b");
  const told = await linked.remote.relocate("copy", [pair("a", "c"), pair("a", "b")]);
  expect(shown(told)).toEqual(["c", "conflict"]);
  const [a, c] = [await linked.remote.get(at("a")), await linked.remote.get(at("c"))];
  expect(c?.hash).toBe(a?.hash);
  expect(c?.remoteId).not.toBe(a?.remoteId);
});

test("T24: folders are made by one call, few at once and many by a job", async () => {
  await using linked = await withFiles("f");
  expect(shown(await linked.remote.makeFolders([at("d"), at("d/e"), at("f")]))).toEqual([
    "d",
    "d/e",
    "conflict",
  ]);
  const many = Array.from({ length: 200 }, (_, number) => at(`many/n${number}`));
  expect(shown(await linked.remote.makeFolders(many))).toEqual(many);
  expect(calls(linked)).toEqual([
    "files/create_folder_batch",
    "files/create_folder_batch",
    "files/create_folder_batch/check",
  ]);
});

test("T24: a job is asked for until it ends", async () => {
  await using linked = await withFiles("a");
  const going = (): Response => Response.json({ ".tag": "in_progress" });
  linked.intercept = failing("files/move_batch/check_v2", [going, going, going]);
  expect(shown(await linked.remote.relocate("move", [pair("a", "b")]))).toEqual(["b"]);
  expect(calls(linked).filter((route) => route.includes("check"))).toHaveLength(4);
});

test("S59: what the server was too busy for is asked for again, and nothing else", async () => {
  await using linked = await withFiles("a", "b");
  const bodies: string[] = [];
  let isBusy = true;
  linked.intercept = async ({ route, init }, pass) => {
    if (route === "files/move_batch_v2")
      bodies.push(typeof init?.body === "string" ? init.body : "");
    if (route !== "files/move_batch_v2" || !isBusy) return await pass();
    isBusy = false;
    return await halfDone(linked);
  };
  const told = await linked.remote.relocate("move", [pair("a", "x"), pair("b", "y")]);
  expect(shown(told)).toEqual(["x", "y"]);
  expect(bodies[1]).toContain("/top/b");
  expect(bodies[1]).not.toContain("/top/a");
});

test.each([
  ["too busy for it", () => busyJob()],
  ["out of reach", noNetwork],
])("S59: what was done is told where the server stays %s afterwards", async (_, fault) => {
  await using linked = await withFiles("a", "b");
  let launches = 0;
  linked.intercept = async ({ route }, pass) => {
    if (route !== "files/move_batch_v2") return await pass();
    launches += 1;
    if (launches === 1) return await halfDone(linked);
    const answer = fault();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const told = await linked.remote.relocate("move", [pair("a", "x"), pair("b", "y")]);
  expect(shown(told)).toEqual(["x", "throttled"]);
  expect(launches).toBeGreaterThan(2);
});

/** `a` was moved to `x`, and the server was too busy for the other one. */
async function halfDone(linked: Linked): Promise<Response> {
  await linked.open("/top").move(at("a"), at("x"));
  const done = { ".tag": "success", success: await metadataOf(linked, "/top/x") };
  return Response.json({ ".tag": "complete", entries: [done, busyEntry] });
}

const busyEntry = { ".tag": "failure", failure: { ".tag": "too_many_write_operations" } };

function busyJob(): Response {
  return Response.json({ ".tag": "complete", entries: [busyEntry] });
}

async function metadataOf({ fetch, server, account }: Linked, path: string): Promise<unknown> {
  const response = await fetch("https://api.dropboxapi.com/2/files/get_metadata", {
    method: "POST",
    headers: {
      authorization: `Bearer ${server.issueToken(account).accessToken}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ path }),
  });
  return await response.json();
}

test.each([
  ["too_many_write_operations", ["b"], 2],
  ["internal_error", ["b"], 2],
  ["too_many_files", ["too-large"], 1],
] as const)("S59: a job that failed as a whole with %s", async (tag, told, launches) => {
  await using linked = await withFiles("a");
  const failed = (): Response => Response.json({ ".tag": "failed", failed: { ".tag": tag } });
  linked.intercept = failing("files/move_batch/check_v2", [failed]);
  // The job did nothing: what it is told to have done is undone here.
  const passed = linked.intercept;
  linked.intercept = async (request, pass) => {
    const isFirst = request.route === "files/move_batch_v2" && launchesOf(linked) === 1;
    return isFirst
      ? Response.json({ ".tag": "async_job_id", async_job_id: "dbjid:none" })
      : await passed(request, pass);
  };
  expect(shown(await linked.remote.relocate("move", [pair("a", "b")]))).toEqual(told);
  expect(launchesOf(linked)).toBe(launches);
});

function launchesOf(linked: Linked): number {
  return calls(linked).filter((route) => route === "files/move_batch_v2").length;
}

test("T24: a lost answer is repeated, and the repeat refuses what was done: it is for the caller to look", async () => {
  await using linked = await withFiles("a");
  let isLost = true;
  linked.intercept = async ({ route }, pass) => {
    const answer = await pass();
    if (route !== "files/move_batch_v2" || !isLost) return answer;
    isLost = false;
    throw noNetwork();
  };
  expect(shown(await linked.remote.relocate("move", [pair("a", "b")]))).toEqual(["not-found"]);
  expect(await linked.remote.get(at("b"))).toBeDefined();
});

test("X13: an answer that does not fit the question is none", async () => {
  await using linked = await withFiles("a");
  const short = (): Response => Response.json({ ".tag": "complete", entries: [] });
  linked.intercept = failing("files/move_batch_v2", [short]);
  await expect(linked.remote.relocate("move", [pair("a", "b")])).rejects.toEqual(
    code("server-error"),
  );
  linked.intercept = failing("files/move_batch/check_v2", [
    () => failure(409, { ".tag": "invalid_async_job_id" }),
  ]);
  await expect(linked.remote.relocate("move", [pair("a", "b")])).rejects.toMatchObject({
    class: "item",
  });
});
