import { expect, test } from "vitest";
import { CheckedServer } from "../support/checked-server.ts";
import type { Answer } from "../support/checked-server.ts";

const runJob = async (
  checked: CheckedServer,
  route: string,
  argument: object,
): Promise<Answer["json"]> => {
  const launch = await checked.rpc(`files/${route}`, argument);
  expect(launch.json[".tag"], launch.text).toBe("async_job_id");
  const poll = { async_job_id: launch.json.async_job_id };
  return (await checked.rpc(`files/${route}/check`, poll)).json;
};

const names = async (checked: CheckedServer): Promise<string[]> => {
  const { json } = await checked.rpc("files/list_folder", { path: "", recursive: true });
  return json.entries.map((entry: Answer["json"]) => entry.path_display).toSorted();
};

test("fact sheet 1.12: the older single calls answer the metadata itself", async () => {
  await using checked = await CheckedServer.open();
  const made = (await checked.rpc("files/create_folder", { path: "/A" })).json;
  expect(made).toEqual({
    name: "A",
    path_lower: "/a",
    path_display: "/A",
    id: expect.stringMatching(/^id:/),
  });
  const both = { from_path: "/A", to_path: "/B" };
  expect((await checked.rpc("files/copy", both)).json).toMatchObject({
    ".tag": "folder",
    name: "B",
  });
  const moved = { from_path: "/A", to_path: "/C" };
  expect((await checked.rpc("files/move", moved)).json).toMatchObject({
    ...made,
    ".tag": "folder",
    name: "C",
    path_display: "/C",
    path_lower: "/c",
  });
  expect((await checked.rpc("files/delete", { path: "/c" })).json).toMatchObject({
    ".tag": "folder",
    id: made.id,
  });
  expect(await names(checked)).toEqual(["/B"]);
});

test("fact sheet 1.12: the older single calls fail as the newer ones", async () => {
  await using checked = await CheckedServer.open();
  const summary = async (route: string, argument: object) =>
    (await checked.rpc(`files/${route}`, argument)).json.error_summary.replace(/\/\.*$/, "");
  await checked.rpc("files/create_folder", { path: "/A" });
  expect(await summary("create_folder", { path: "/a" })).toBe("path/conflict/folder");
  expect(await summary("delete", { path: "/b" })).toBe("path_lookup/not_found");
  const both = { from_path: "/A", to_path: "/a/b" };
  expect(await summary("move", both)).toBe("cant_move_folder_into_itself");
  expect(await summary("copy", both)).toBe("duplicated_or_nested_paths");
});

test.each(["copy_batch", "move_batch"])(
  "fact sheet 4.5: %s answers the metadata of all, or fails as a whole",
  async (route) => {
    await using checked = await CheckedServer.open();
    await checked.upload("/f", "1");
    await checked.upload("/g", "1");
    const done = await runJob(checked, route, {
      entries: [
        { from_path: "/f", to_path: "/A/f" },
        { from_path: "/g", to_path: "/A/g" },
      ],
    });
    expect(done[".tag"]).toBe("complete");
    const metadata = done.entries.map((entry: Answer["json"]) => entry.metadata);
    expect(metadata).toMatchObject([
      { ".tag": "file", path_display: "/A/f" },
      { ".tag": "file", path_display: "/A/g" },
    ]);
    const before = await names(checked);
    const failed = await runJob(checked, route, {
      entries: [
        { from_path: "/A/f", to_path: "/B/f" },
        { from_path: "/A/none", to_path: "/B/g" },
      ],
    });
    const error = { ".tag": "from_lookup", from_lookup: { ".tag": "not_found" } };
    expect(failed).toEqual({ ".tag": "failed", failed: error });
    expect(await names(checked), "nothing of it was done").toEqual(before);
  },
);

test("V51: an older batch with too many nodes in one entry fails as a whole", async () => {
  await using checked = await CheckedServer.open({ limits: { operationNodesMax: 2 } });
  await checked.upload("/A/f", "1");
  const entries = [{ from_path: "/A", to_path: "/B" }];
  expect((await runJob(checked, "copy_batch", { entries }))[".tag"]).toBe("complete");
  await checked.upload("/A/g", "1");
  const more = [{ from_path: "/A", to_path: "/C" }];
  expect(await runJob(checked, "copy_batch", { entries: more })).toEqual({
    ".tag": "failed",
    failed: { ".tag": "too_many_files" },
  });
});

test("fact sheet 4.7: the older append takes the bare cursor, and its session is finished as a job", async () => {
  await using checked = await CheckedServer.open();
  const start = await checked.content("files/upload_session/start", {}, { body: "one" });
  const { session_id } = start.json;
  const append = (offset: number) =>
    checked.content("files/upload_session/append", { session_id, offset }, { body: " two" });
  expect((await append(3)).text).toBe("null");
  expect((await append(3)).json.error).toEqual({ ".tag": "incorrect_offset", correct_offset: 7 });
  const entry = (offset: number) => ({ cursor: { session_id, offset }, commit: { path: "/f" } });
  const finish = (offset: number) =>
    runJob(checked, "upload_session/finish_batch", { entries: [entry(offset)] });
  const open = await finish(7);
  expect(open.entries[0].failure.lookup_failed).toEqual({ ".tag": "not_closed" });
  const cursor = { session_id, offset: 7 };
  await checked.content("files/upload_session/append_v2", { cursor, close: true });
  const done = await finish(7);
  expect(done.entries[0]).toMatchObject({ ".tag": "success", path_display: "/f", size: 7 });
  expect((await finish(7)).entries[0].failure.lookup_failed).toEqual({ ".tag": "not_found" });
});

test("fact sheet 1.9: the older append refuses the argument of the newer one", async () => {
  await using checked = await CheckedServer.open();
  const cursor = { session_id: "x", offset: 0 };
  const answer = await checked.content("files/upload_session/append", { cursor });
  expect(answer.text).toContain(`HTTP header "Dropbox-API-Arg": unknown field 'cursor'`);
});

test.each(["copy_batch", "move_batch"])(
  "V51: %s with too many nodes in all its entries together does nothing",
  async (route) => {
    await using checked = await CheckedServer.open({ limits: { operationNodesMax: 3 } });
    await checked.upload("/A/f", "1");
    await checked.upload("/B/f", "1");
    const before = await names(checked);
    const entries = [
      { from_path: "/A", to_path: "/new A" },
      { from_path: "/B", to_path: "/new B" },
    ];
    expect(await runJob(checked, route, { entries })).toEqual({
      ".tag": "failed",
      failed: { ".tag": "too_many_files" },
    });
    expect(await names(checked)).toEqual(before);
    const few = await runJob(checked, route, { entries: entries.slice(0, 1) });
    expect(few[".tag"]).toBe("complete");
  },
);
