import { expect, test } from "vitest";
import { CheckedServer } from "../support/checked-server.ts";
import type { Answer } from "../support/checked-server.ts";

/** A batch that is a job, and what its check says. */
const runJob = async (
  checked: CheckedServer,
  route: string,
  argument: object,
): Promise<Answer["json"]> => {
  const launch = await checked.rpc(`files/${route}`, argument);
  expect(launch.json[".tag"], launch.text).toBe("async_job_id");
  const [name = "", version] = route.split("_v");
  const check = version === undefined ? `files/${name}/check` : `files/${name}/check_v${version}`;
  return (await checked.rpc(check, { async_job_id: launch.json.async_job_id })).json;
};

const names = async (checked: CheckedServer): Promise<string[]> => {
  const { json } = await checked.rpc("files/list_folder", { path: "", recursive: true });
  return json.entries.map((entry: Answer["json"]) => entry.path_display).toSorted();
};

const folders = (count: number): string[] => Array.from({ length: count }, (_, at) => `/n${at}`);

const createFolders = async (checked: CheckedServer, paths: readonly string[], more: object = {}) =>
  (await checked.rpc("files/create_folder_batch", { paths, ...more })).json;

const conflictWith = (kind: string) => ({
  ".tag": "failure",
  failure: { ".tag": "path", path: { ".tag": "conflict", conflict: { ".tag": kind } } },
});

test("V45: new folders are answered at once, each entry for itself, a path that comes twice once", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/file", "1");
  const { ".tag": tag, entries } = await createFolders(checked, [
    "/A/B",
    "/bad\\path",
    "/a/b",
    "/file",
    "/file/x",
    "/A",
    "/desktop.ini",
  ]);
  expect(tag).toBe("complete");
  expect(entries[0]).toMatchObject({ ".tag": "success", metadata: { path_display: "/A/B" } });
  expect(entries[1].failure.path).toEqual({ ".tag": "malformed_path" });
  expect(entries[2], "considered once").toEqual(entries[0]);
  expect(entries[3]).toEqual(conflictWith("file"));
  expect(entries[4]).toEqual(conflictWith("file_ancestor"));
  expect(entries[5], "made as a parent before").toEqual(conflictWith("folder"));
  expect(entries[6].failure.path).toEqual({ ".tag": "disallowed_name" });
  expect(await names(checked)).toEqual(["/A", "/A/B", "/file"]);
});

test("V45: with autorename a path that comes twice is considered once as well", async () => {
  await using checked = await CheckedServer.open();
  await createFolders(checked, ["/A"]);
  const { entries } = await createFolders(checked, ["/A", "/a", "/B"], { autorename: true });
  expect(entries.map((entry: Answer["json"]) => entry.metadata.name)).toEqual([
    "A (1)",
    "A (1)",
    "B",
  ]);
});

test("Choice 23: fifty folders at once, one more is a job, and so are few with force_async", async () => {
  await using checked = await CheckedServer.open();
  expect((await createFolders(checked, []))[".tag"]).toBe("complete");
  expect((await createFolders(checked, folders(50))).entries).toHaveLength(50);
  const argument = { paths: folders(51) };
  const { ".tag": tag, entries } = await runJob(checked, "create_folder_batch", argument);
  expect(tag).toBe("complete");
  expect(entries[49]).toEqual(conflictWith("folder"));
  expect(entries[50]).toMatchObject({ ".tag": "success", metadata: { name: "n50" } });
  const forced = { paths: ["/forced"], force_async: true };
  expect((await runJob(checked, "create_folder_batch", forced)).entries).toHaveLength(1);
});

test("V51: ten thousand new folders are taken, one more is refused", async () => {
  await using checked = await CheckedServer.open();
  const all = { paths: folders(10_000) };
  const { entries } = await runJob(checked, "create_folder_batch", all);
  expect(entries.every((entry: Answer["json"]) => entry[".tag"] === "success")).toBe(true);
  const refused = await checked.rpc("files/create_folder_batch", { paths: folders(10_001) });
  expect(refused.text).toContain("paths: list must have at most 10000 items");
});

test("V51: parents count among the folders of a batch; with one too many nothing is made", async () => {
  await using checked = await CheckedServer.open({ limits: { operationNodesMax: 3 } });
  const few = await createFolders(checked, ["/A/B/C", "/a"]);
  expect(few.entries[0][".tag"]).toBe("success");
  const job = await runJob(checked, "create_folder_batch", { paths: ["/X", "/Y/Z", "/A/D"] });
  expect(job).toEqual({ ".tag": "failed", failed: { ".tag": "too_many_files" } });
  expect(await names(checked)).toEqual(["/A", "/A/B", "/A/B/C"]);
});

test("V45: a batch of deletes is a job; its entries fail singly, and see what was done before them", async () => {
  await using checked = await CheckedServer.open({ limits: { operationNodesMax: 3 } });
  const file = await checked.upload("/D/f", "1");
  await checked.upload("/old", "1");
  for (const name of ["1", "2", "3"]) await checked.upload(`/many/${name}`, "1");
  const entries = [
    { path: "/none" },
    { path: "/D" },
    { path: "/d/f" },
    { path: "/old", parent_rev: file.rev },
    { path: "/many" },
    { path: "//" },
    { path: "/" },
  ];
  const job = await runJob(checked, "delete_batch", { entries });
  expect(job[".tag"]).toBe("complete");
  const failure = (error: object) => ({ ".tag": "failure", failure: error });
  const lookup = (tag: string) => failure({ ".tag": "path_lookup", path_lookup: { ".tag": tag } });
  expect(job.entries).toEqual([
    lookup("not_found"),
    {
      ".tag": "success",
      metadata: {
        ".tag": "folder",
        name: "D",
        path_lower: "/d",
        path_display: "/D",
        id: expect.stringMatching(/^id:/),
      },
    },
    lookup("not_found"),
    failure({
      ".tag": "path_write",
      path_write: { ".tag": "conflict", conflict: { ".tag": "file" } },
    }),
    failure({ ".tag": "too_many_files" }),
    lookup("malformed_path"),
    lookup("malformed_path"),
  ]);
  expect(await names(checked)).toEqual(["/many", "/many/1", "/many/2", "/many/3", "/old"]);
});

test("V45, V37: a batch of copies is a job; an entry that fails leaves nothing of itself", async () => {
  await using checked = await CheckedServer.open({ limits: { quotaBytes: 10 } });
  await checked.upload("/f", "1234");
  const entries = [
    { from_path: "/none", to_path: "/x" },
    { from_path: "/f", to_path: "/A/g" },
    { from_path: "/A/g", to_path: "/New/g" },
    { from_path: "/f", to_path: "/a/G" },
    { from_path: "/A", to_path: "/A/B/C" },
    { from_path: "/f", to_path: "/f/x" },
  ];
  const job = await runJob(checked, "copy_batch_v2", { entries });
  expect(job.entries[1]).toMatchObject({
    ".tag": "success",
    success: { ".tag": "file", path_display: "/A/g" },
  });
  const errors = job.entries.map((entry: Answer["json"]) => entry.failure?.relocation_error);
  expect(errors).toEqual([
    { ".tag": "from_lookup", from_lookup: { ".tag": "not_found" } },
    undefined,
    { ".tag": "insufficient_quota" },
    { ".tag": "to", to: { ".tag": "conflict", conflict: { ".tag": "file" } } },
    { ".tag": "duplicated_or_nested_paths" },
    { ".tag": "to", to: { ".tag": "conflict", conflict: { ".tag": "file_ancestor" } } },
  ]);
  expect(await names(checked)).toEqual(["/A", "/A/g", "/f"]);
});

test("V45: a batch of moves is a job; autorename goes for all entries, which see each other", async () => {
  await using checked = await CheckedServer.open();
  for (const path of ["/a/x.txt", "/b/x.txt", "/c/x.txt"]) await checked.upload(path, path);
  const moves = ["/a", "/b", "/c", "/a"].map((folder) => ({
    from_path: `${folder}/x.txt`,
    to_path: "/All/x.txt",
  }));
  const job = await runJob(checked, "move_batch_v2", { entries: moves, autorename: true });
  expect(job.entries.map((entry: Answer["json"]) => entry.success?.name)).toEqual([
    "x.txt",
    "x (1).txt",
    "x (2).txt",
    undefined,
  ]);
  const again = { from_path: "/All", to_path: "/all/b" };
  const nested = await runJob(checked, "move_batch_v2", { entries: [again] });
  expect(nested.entries[0].failure.relocation_error).toEqual({
    ".tag": "cant_move_folder_into_itself",
  });
});

test.each(["delete_batch", "copy_batch_v2", "move_batch_v2"])(
  "V51: %s takes a thousand entries, one more is refused",
  async (route) => {
    await using checked = await CheckedServer.open();
    const entry = route === "delete_batch" ? { path: "/x" } : { from_path: "/x", to_path: "/y" };
    const entries = Array.from({ length: 1000 }, () => entry);
    expect((await runJob(checked, route, { entries })).entries).toHaveLength(1000);
    const more = await checked.rpc(`files/${route}`, { entries: [...entries, entry] });
    expect(more.text).toContain("entries: list must have at most 1000 items");
    const none = await checked.rpc(`files/${route}`, { entries: [] });
    if (route === "delete_batch") expect(none.status).toBe(200);
    else expect(none.text).toContain("entries: list must have at least 1 items");
  },
);

test.each(["copy_batch_v2", "move_batch_v2"])(
  "V51: %s touches no more nodes than one operation may, all entries together",
  async (route) => {
    await using checked = await CheckedServer.open({ limits: { operationNodesMax: 5 } });
    for (const path of ["/A/1", "/B/1", "/C/1", "/f"]) await checked.upload(path, "1");
    const entries = [
      { from_path: "/none", to_path: "/x" },
      { from_path: "/A", to_path: "/B" },
      { from_path: "/A", to_path: "/new A" },
      { from_path: "/B", to_path: "/new B" },
      { from_path: "/C", to_path: "/new C" },
      { from_path: "/f", to_path: "/new f" },
      { from_path: "/C/1", to_path: "/new 1" },
    ];
    const tagsOf = (job: Answer["json"]) =>
      job.entries.map(
        (entry: Answer["json"]) => entry.failure?.relocation_error[".tag"] ?? entry[".tag"],
      );
    const job = await runJob(checked, route, { entries });
    expect(tagsOf(job)).toEqual([
      "from_lookup",
      "to",
      "success",
      "success",
      "too_many_files",
      "success",
      "too_many_files",
    ]);
    expect(await names(checked)).not.toContain("/new C");
    const rest = await runJob(checked, route, { entries: [entries[4], entries[6]] });
    expect(tagsOf(rest)[0], "a batch of its own").toBe("success");
  },
);
