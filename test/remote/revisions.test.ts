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
