import { expect, test } from "vitest";
import { CheckedServer } from "../support/checked-server.ts";

test("V33: of writes to one path that come at once, one is done and the others see it", async () => {
  await using checked = await CheckedServer.open();
  const bodies = Array.from({ length: 8 }, (_, index) => `content ${index}`);
  const answers = await Promise.all(
    bodies.map((body) => checked.content("files/upload", { path: "/a/b" }, { body })),
  );
  expect(answers.map(({ status }) => String(status)).toSorted()).toEqual([
    "200",
    ...Array(7).fill("409"),
  ]);
  const winner = bodies[answers.findIndex(({ status }) => status === 200)];
  expect((await checked.content("files/download", { path: "/a/b" })).text).toBe(winner);
  const revisions = await checked.rpc("files/list_revisions", { path: "/a/b" });
  expect(revisions.json.entries).toHaveLength(1);
  const listed = await checked.rpc("files/list_folder", { path: "", recursive: true });
  expect(listed.json.entries.map((entry: { path_lower: string }) => entry.path_lower)).toEqual([
    "/a",
    "/a/b",
  ]);
});

test("V33: of moves of one folder that come at once, one is done, and nothing is in two places", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/from/x", "x");
  const answers = await Promise.all(
    [1, 2, 3, 4].map((to) =>
      checked.rpc("files/move_v2", { from_path: "/from", to_path: `/to${to}` }),
    ),
  );
  expect(answers.map(({ status }) => String(status)).toSorted()).toEqual([
    "200",
    "409",
    "409",
    "409",
  ]);
  const listed = await checked.rpc("files/list_folder", { path: "", recursive: true });
  expect(listed.json.entries).toHaveLength(2);
});

test("V73: the same clock and the same seed give the same answers, byte for byte", async () => {
  const story = async (seed: number): Promise<readonly string[]> => {
    await using checked = await CheckedServer.open({ seed });
    const up = await checked.content("files/upload", { path: "/a" }, { body: "one" });
    checked.clock.seconds += 60;
    const session = await checked.content("files/upload_session/start", {}, { body: "two" });
    const list = await checked.rpc("files/list_folder", { path: "", recursive: true });
    const missing = await checked.rpc("files/get_metadata", { path: "/none" });
    return [up, session, list, missing].map(
      ({ text, headers }) => `${headers.get("x-dropbox-request-id")} ${text}`,
    );
  };
  expect(await story(7)).toEqual(await story(7));
  expect(await story(8)).not.toEqual(await story(7));
});
