import { expect, test } from "vitest";
import { categoryOf } from "../../src/server/files/search-kinds.ts";
import { nameQuery, nameSpans, rankOf } from "../../src/server/files/search-names.ts";
import { pathKeyOf } from "../../src/core/path/path-key.ts";
import { CheckedServer } from "../support/checked-server.ts";
import type { Answer } from "../support/checked-server.ts";

type Json = Answer["json"];

async function search(checked: CheckedServer, query: string, options: object = {}): Promise<Json> {
  return (await checked.rpc("files/search_v2", { query, options })).json;
}

const paths = (answer: Json): string[] =>
  answer.matches.map((match: Json) => match.metadata.metadata.path_display);

test.each([
  ["find", "find", 0],
  ["FIND", "find", 0],
  ["find", "findable.txt", 1],
  ["able", "findable.txt", 2],
  ["find txt", "findable.txt", 2],
  ["  find   able ", "findable.txt", 2],
  ["a b", "a b.txt", 1],
  ["CAFE\u0301", "café", 0],
  ["find none", "findable.txt", undefined],
  ["x", "findable.txt", 2],
  ["z", "findable.txt", undefined],
  ["", "findable.txt", undefined],
  [" \t", "findable.txt", undefined],
  [".*", "findable.txt", undefined],
  ["%", "a%b", 2],
])("V47: %j in the name %j has rank %s", (query, name, rank) => {
  expect(rankOf(nameQuery(query, false), pathKeyOf(name))).toBe(rank);
});

test.each([
  ["bat c", "bat cave", true],
  ["bat c", "batman car", false],
  ["bat", "bat-cave.txt", true],
  ["cave", "bat_cave.txt", true],
  ["ave", "bat cave", false],
  ["bat cave.t", "bat cave.txt", true],
  ["...", "a...", false],
])("fact sheet 4.10: the old search for %j finds %j: %s", (query, name, isFound) => {
  expect(rankOf(nameQuery(query, true), name) !== undefined).toBe(isFound);
});

test("V47: a match has the form that was recorded", async () => {
  await using checked = await CheckedServer.open();
  const stored = await checked.upload("/Dir/findable_file.txt", "text");
  const answer = await checked.rpc("files/search_v2", { query: "findable" });
  expect(answer.json).toEqual({
    has_more: false,
    matches: [
      {
        match_type: { ".tag": "filename" },
        metadata: { ".tag": "metadata", metadata: { ".tag": "file", ...stored } },
      },
    ],
  });
});

test("V47: equal names come first, then beginnings, then parts; newer ones before older", async () => {
  await using checked = await CheckedServer.open();
  for (const path of ["/a/my plan", "/plan b", "/b/Plan", "/plan a", "/other"]) {
    checked.clock.seconds += 1;
    await checked.upload(path, path);
  }
  await checked.rpc("files/create_folder_v2", { path: "/plans" });
  expect(paths(await search(checked, "plan"))).toEqual([
    "/b/Plan",
    "/plan a",
    "/plan b",
    "/plans",
    "/a/my plan",
  ]);
  expect(paths(await search(checked, "plan", { order_by: "last_modified_time" }))).toEqual([
    "/plan a",
    "/b/Plan",
    "/plan b",
    "/a/my plan",
    "/plans",
  ]);
});

test("V47: only names are looked at, not the folders above, not the content", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/needle/hay", "needle");
  expect(paths(await search(checked, "needle"))).toEqual(["/needle"]);
  expect(paths(await search(checked, "needle/hay"))).toEqual([]);
  expect(paths(await search(checked, ""))).toEqual([]);
});

test("V47: case and Unicode form do not matter", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/Café Ünïcode.TXT", "1");
  for (const query of ["CAFE\u0301", "ünïcode.txt", "txt café"]) {
    expect(paths(await search(checked, query)), query).toEqual(["/Café Ünïcode.TXT"]);
  }
});

test("V47: a path restricts the search; an unknown one finds nothing, a malformed one is an error", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/A/B/x1", "1");
  await checked.upload("/AB/x2", "1");
  const { id } = (await checked.rpc("files/get_metadata", { path: "/A" })).json;
  for (const path of ["/a", "/A/b", id]) {
    expect(paths(await search(checked, "x", { path })), path).toEqual(["/A/B/x1"]);
  }
  expect(paths(await search(checked, "x", { path: "" }))).toHaveLength(2);
  for (const path of ["/none", "/AB/x2", "id:none", "ns:1"]) {
    expect(await search(checked, "x", { path }), path).toEqual({ matches: [], has_more: false });
  }
  expect((await search(checked, "x", { path: "/a\\b" })).error).toEqual({
    ".tag": "path",
    path: { ".tag": "malformed_path" },
  });
});

test("V47: kinds and extensions restrict the search", async () => {
  await using checked = await CheckedServer.open();
  for (const name of ["x.PNG", "x.pdf", "x.tar.gz", "x", ".x", "x.mp3"])
    await checked.upload(`/${name}`, name);
  await checked.rpc("files/create_folder_v2", { path: "/x.png" + "s" });
  const found = async (options: object) => paths(await search(checked, "x", options)).toSorted();
  expect(await found({ file_extensions: ["png", ".PDF"] })).toEqual(["/x.PNG", "/x.pdf"]);
  expect(await found({ file_categories: ["image", "audio"] })).toEqual(["/x.PNG", "/x.mp3"]);
  expect(await found({ file_categories: ["folder"] })).toEqual(["/x.pngs"]);
  expect(await found({ file_categories: ["others"] })).toEqual(["/.x", "/x", "/x.tar.gz"]);
  expect(await found({ file_categories: ["pdf"], file_extensions: ["png"] })).toEqual([]);
  expect(await found({ file_extensions: [] })).toEqual([]);
});

test.each([
  ["a.jpg", "image"],
  ["a.DOCX", "document"],
  ["a.xlsx", "spreadsheet"],
  ["a.ppt", "presentation"],
  ["a.mkv", "video"],
  ["a.paper", "paper"],
  ["constructor", "others"],
  ["a.constructor", "others"],
])("V47: %s is of the category %s", (name, category) => {
  expect(categoryOf("file", name)).toBe(category);
});

test("V47: removed names are found with their status, as long as they are kept", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/A/gone 1", "1");
  await checked.upload("/gone 2", "1");
  await checked.upload("/gone 3", "1");
  await checked.rpc("files/delete_v2", { path: "/A" });
  await checked.rpc("files/delete_v2", { path: "/gone 2" });
  const found = () => search(checked, "gone", { file_status: "deleted" });
  expect(paths(await found()).toSorted()).toEqual(["/A/gone 1", "/gone 2"]);
  expect((await found()).matches[0].metadata.metadata[".tag"]).toBe("deleted");
  expect(paths(await search(checked, "gone"))).toEqual(["/gone 3"]);
  checked.clock.seconds += 30 * 86_400;
  const { accessToken: token } = checked.server.issueToken(checked.accountId);
  const later = { query: "gone", options: { file_status: "deleted" } };
  expect((await checked.rpc("files/search_v2", later, { token })).json.matches).toEqual([]);
});

test("V47: pages hold max_results, continue where the last one ended, and survive changes", async () => {
  await using checked = await CheckedServer.open();
  for (const index of [1, 2, 3, 4, 5]) await checked.upload(`/x${index}`, String(index));
  const first = await search(checked, "x", { max_results: 2 });
  expect([paths(first), first.has_more]).toEqual([["/x1", "/x2"], true]);
  await checked.rpc("files/delete_v2", { path: "/x1" });
  const next = async (cursor: string, token = checked.token) =>
    checked.rpc("files/search/continue_v2", { cursor }, { token });
  const second = (await next(first.cursor)).json;
  expect([paths(second), second.has_more]).toEqual([["/x3", "/x4"], true]);
  const third = (await next(second.cursor)).json;
  expect([paths(third), third.has_more, third.cursor]).toEqual([["/x5"], false, undefined]);
  const { cursor } = (await checked.rpc("files/list_folder", { path: "" })).json;
  const other = checked.server.issueToken(checked.server.addAccount({ name: "Bob" }).id);
  expect((await next("garbage")).status).toBe(400);
  expect((await next(cursor)).status).toBe(400);
  expect((await next(first.cursor, other.accessToken)).status).toBe(400);
  const listing = await checked.rpc("files/list_folder/continue", { cursor: first.cursor });
  expect(listing.status).toBe(400);
});

test("V51: a search ends at its total, and has no more there", async () => {
  await using checked = await CheckedServer.open({ limits: { searchMatchesMax: 3 } });
  for (const index of [1, 2, 3]) await checked.upload(`/x${index}`, "1");
  const atLimit = await search(checked, "x", { max_results: 3 });
  expect([atLimit.matches.length, atLimit.has_more]).toEqual([3, false]);
  await checked.upload("/x4", "1");
  const above = await search(checked, "x", { max_results: 2 });
  const rest = await checked.rpc("files/search/continue_v2", { cursor: above.cursor });
  expect([above.has_more, rest.json.matches.length, rest.json.has_more]).toEqual([true, 1, false]);
});

test.each([
  [{ query: "x".repeat(1000) }, 200],
  [{ query: "x".repeat(1001) }, 400],
  [{ query: "x", options: { max_results: 1000 } }, 200],
  [{ query: "x", options: { max_results: 1001 } }, 400],
  [{ query: "x", options: { max_results: 0 } }, 400],
])("V51: search_v2 at and above its limits", async (argument, status) => {
  await using checked = await CheckedServer.open();
  expect((await checked.rpc("files/search_v2", argument)).status).toBe(status);
});

test("V47: highlights show where the words are", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/My Ünï Report.txt", "1");
  const call = async (more: object) =>
    (await checked.rpc("files/search_v2", { query: "report ÜNÏ", ...more })).json.matches[0];
  const spans = [
    { highlight_str: "My ", is_highlighted: false },
    { highlight_str: "Ünï", is_highlighted: true },
    { highlight_str: " ", is_highlighted: false },
    { highlight_str: "Report", is_highlighted: true },
    { highlight_str: ".txt", is_highlighted: false },
  ];
  const wanted = { match_field_options: { include_highlights: true } };
  expect((await call(wanted)).highlight_spans).toEqual(spans);
  expect((await call({ include_highlights: true })).highlight_spans).toEqual(spans);
  expect(await call({})).not.toHaveProperty("highlight_spans");
});

test("V47: spans always make up the whole name", () => {
  for (const name of ["aaa", "🎉a🎉", "ΣΑΣ", "İx", ""]) {
    const spans = nameSpans(nameQuery("aa 🎉 σ", false), name);
    expect(spans.map(({ text }) => text).join("")).toBe(name);
  }
  expect(nameSpans(nameQuery("aa", false), "aaa")).toEqual([{ text: "aaa", isMatch: true }]);
});

test("V16, V47: an app with a folder searches that folder", async () => {
  await using checked = await CheckedServer.open();
  checked.server.addApp({ key: "boxed", folder: "Boxed" });
  const { accessToken: token } = checked.server.issueToken(checked.accountId, {
    clientId: "boxed",
  });
  await checked.upload("/Apps/Boxed/x/x1", "1");
  await checked.upload("/x2", "1");
  const found = async (options: object) =>
    paths((await checked.rpc("files/search_v2", { query: "x", options }, { token })).json);
  expect(await found({})).toEqual(["/x", "/x/x1"]);
  expect(await found({ path: "/x" })).toEqual(["/x/x1"]);
  expect(await found({ path: "/Apps/Boxed" })).toEqual([]);
});

test("V47: another account's id finds nothing", async () => {
  await using checked = await CheckedServer.open();
  await checked.upload("/x", "1");
  const other = checked.server.addAccount({ name: "Bob" }).id;
  expect(paths(await search(checked, "x", { account_id: other }))).toEqual([]);
  expect(paths(await search(checked, "x", { account_id: checked.accountId }))).toEqual(["/x"]);
});

test("V47: the old search counts instead of handing out cursors", async () => {
  await using checked = await CheckedServer.open();
  for (const name of ["bat cave", "bat 2", "batman car", "bat 3"])
    await checked.upload(`/${name}`, name);
  await checked.rpc("files/delete_v2", { path: "/bat 3" });
  const old = async (argument: object) =>
    (await checked.rpc("files/search", { path: "", ...argument })).json;
  const names = (answer: Json) => answer.matches.map((match: Json) => match.metadata.name);
  const first = await old({ query: "bat", max_results: 2 });
  expect([names(first), first.more, first.start]).toEqual([["bat 2", "bat cave"], true, 2]);
  expect(first.matches[0]).toMatchObject({ match_type: { ".tag": "filename" } });
  const rest = await old({ query: "bat", start: 2 });
  expect([names(rest), rest.more, rest.start]).toEqual([["batman car"], false, 3]);
  expect(names(await old({ query: "bat", mode: "deleted_filename" }))).toEqual(["bat 3"]);
  expect(names(await old({ query: "bat c", mode: "filename_and_content" }))).toEqual(["bat cave"]);
  expect(await old({ query: "bat", path: "id:none" })).toEqual({
    matches: [],
    more: false,
    start: 0,
  });
  expect((await old({ query: "bat", path: "/a\\b" })).error[".tag"]).toBe("path");
});
