import { expect, test } from "vitest";
import { calls } from "./faulty.ts";
import { at, failure, linkedServer, uploadOf, type Linked } from "./linked.ts";

/** A file with one older revision, and that revision. */
async function replaced(linked: Linked): Promise<{ readonly rev: string; readonly hash: string }> {
  const first = await linked.remote.upload(uploadOf("a", "one"));
  await linked.remote.upload(uploadOf("a", "two", { replaces: first.rev }));
  linked.routes.length = 0;
  return first;
}

test("N41: an older revision is kept, of a file that was deleted, too, and nothing is downloaded", async () => {
  await using linked = await linkedServer();
  const { rev, hash } = await replaced(linked);
  expect(await linked.remote.revision(rev)).toBe(hash);
  const now = await linked.remote.get(at("a"));
  await linked.remote.deleteFile(at("a"), now?.rev ?? "");
  expect(await linked.remote.revision(rev)).toBe(hash);
  expect(calls(linked)).not.toContain("files/download");
  expect(await linked.remote.revision("0123456789abcdef")).toBeUndefined();
});

test("N41: a revision of which the server says that it cannot be brought back is gone", async () => {
  await using linked = await linkedServer();
  const { rev, hash } = await replaced(linked);
  const asked: string[] = [];
  let isRestorable = false;
  linked.intercept = async ({ route, init }, pass) => {
    const answer = await pass();
    if (route !== "files/list_revisions") return answer;
    asked.push(typeof init?.body === "string" ? init.body : "");
    const told = (await answer.text()).replaceAll(
      /"rev":/gu,
      `"is_restorable":${isRestorable},"rev":`,
    );
    return new Response(told, answer);
  };
  expect(await linked.remote.revision(rev)).toBeUndefined();
  isRestorable = true;
  expect(await linked.remote.revision(rev)).toBe(hash);
  expect(asked[0]).toMatch(/"include_restorable_info": ?true/);
});

test("N41: a server that does not know the question is believed by what it says of the revision alone", async () => {
  await using linked = await linkedServer();
  const { rev, hash } = await replaced(linked);
  linked.intercept = async ({ route }, pass) =>
    route === "files/list_revisions" ? failure(400, "unknown field") : await pass();
  expect(await linked.remote.revision(rev)).toBe(hash);
});

test("T24: what a place held is told newest first, of one that was deleted, too", async () => {
  await using linked = await linkedServer("/top");
  await linked.remote.makeTop();
  expect(await linked.remote.history(at("a"))).toEqual({ isDeleted: true, revisions: [] });
  const first = await linked.remote.upload(uploadOf("a", "one"));
  const second = await linked.remote.upload(uploadOf("a", "two", { replaces: first.rev }));
  const revisions = [second, first].map(({ rev, hash }) => ({ rev, hash, isKept: true }));
  expect(await linked.remote.history(at("a"))).toEqual({ isDeleted: false, revisions });
  await linked.remote.deleteFile(at("a"), second.rev);
  expect(await linked.remote.history(at("a"))).toEqual({ isDeleted: true, revisions });
});

test("T24: a revision comes back under the id of its file, and nothing is uploaded", async () => {
  await using linked = await linkedServer("/top");
  await linked.remote.makeTop();
  const first = await linked.remote.upload(uploadOf("d/a", "one"));
  const second = await linked.remote.upload(uploadOf("d/a", "two", { replaces: first.rev }));
  linked.routes.length = 0;
  const back = await linked.remote.revert(at("d/a"), first.rev);
  expect(back).toMatchObject({ path: "d/a", hash: first.hash, remoteId: first.remoteId });
  expect([first.rev, second.rev]).not.toContain(back.rev);
  await linked.remote.deleteFile(at("d/a"), back.rev);
  expect((await linked.remote.revert(at("d/a"), second.rev)).hash).toBe(second.hash);
  expect(calls(linked)).not.toContain("files/upload");
  await expect(linked.remote.revert(at("d/a"), "0123456789abcdef")).rejects.toMatchObject({
    class: "item",
  });
});

test("T25: what could not be brought back is told in its place, and so is what has no hash", async () => {
  await using linked = await linkedServer();
  const { rev } = await replaced(linked);
  linked.intercept = async ({ route }, pass) => {
    const answer = await pass();
    if (route !== "files/list_revisions") return answer;
    const told = (await answer.text()).replace(/"rev":/u, '"is_restorable":false,"rev":');
    return new Response(told.replace(/"content_hash":\s*"[0-9a-f]+"/u, '"size2":1'), answer);
  };
  const { revisions } = await linked.remote.history(at("a"));
  expect(revisions).toHaveLength(2);
  expect(revisions[0]).toMatchObject({ hash: undefined, isKept: false });
  expect(revisions[1]).toMatchObject({ rev, isKept: true });
});
