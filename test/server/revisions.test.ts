import { expect, test } from "vitest";
import { CheckedServer } from "../support/checked-server.ts";
import type { Answer } from "../support/checked-server.ts";

const revisions = async (checked: CheckedServer, argument: object): Promise<Answer["json"]> =>
  (await checked.rpc("files/list_revisions", argument)).json;

const revs = (listed: Answer["json"]): string[] =>
  listed.entries.map((entry: { rev: string }) => entry.rev);

test("V46: revisions are listed newest first, in pages by before_rev", async () => {
  await using checked = await CheckedServer.open();
  const written: string[] = [];
  for (let index = 0; index < 5; index += 1) {
    written.unshift((await checked.upload("/f", `${index}`, { mode: "overwrite" })).rev);
  }
  const page = await revisions(checked, { path: "/F", limit: 3 });
  expect(page).toMatchObject({ is_deleted: false, has_more: true });
  expect(revs(page)).toEqual(written.slice(0, 3));
  const rest = await revisions(checked, { path: "/f", before_rev: written[2] });
  expect([revs(rest), rest.has_more]).toEqual([written.slice(3), false]);
});

test("V46: mode id follows the file, mode path the place", async () => {
  await using checked = await CheckedServer.open();
  const first = await checked.upload("/a", "1");
  await checked.rpc("files/move_v2", { from_path: "/a", to_path: "/b" });
  const moved = (await checked.rpc("files/get_metadata", { path: "/b" })).json;
  const byId = await revisions(checked, { path: first.id, mode: "id" });
  expect(revs(byId)).toEqual([moved.rev, first.rev]);
  expect(byId.entries[1]).toMatchObject({ path_display: "/b", name: "b" });
  expect(revs(await revisions(checked, { path: "/b" }))).toEqual([moved.rev]);
  const left = await revisions(checked, { path: "/a" });
  expect([revs(left), left.is_deleted]).toEqual([[first.rev], true]);
});

test("V46: a removed file says when it was removed", async () => {
  await using checked = await CheckedServer.open();
  const { rev } = await checked.upload("/f", "1");
  checked.clock.seconds += 10;
  await checked.rpc("files/delete_v2", { path: "/f" });
  const listed = await revisions(checked, { path: "/f" });
  expect(listed).toMatchObject({ is_deleted: true, server_deleted: "2026-11-21T12:00:10Z" });
  expect(revs(listed)).toEqual([rev]);
});

test("fact sheet 4.9: errors of list_revisions", async () => {
  await using checked = await CheckedServer.open();
  const other = await checked.upload("/A/g", "1");
  await checked.upload("/A/f", "1");
  const error = async (argument: object) => (await revisions(checked, argument)).error;
  expect((await error({ path: "/none" })).path).toEqual({ ".tag": "not_found" });
  expect((await error({ path: "/A" })).path).toEqual({ ".tag": "not_file" });
  expect(await error({ path: "/A/f", before_rev: other.rev })).toEqual({
    ".tag": "invalid_before_rev",
  });
  expect(await error({ path: "/A/f", before_rev: other.rev, mode: "id" })).toEqual({
    ".tag": "before_rev_not_supported",
  });
  await checked.rpc("files/delete_v2", { path: "/A" });
  expect((await error({ path: "/A" })).path).toEqual({ ".tag": "not_file" });
});
