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

test("V51: a hundred revisions are listed at once, ten where no limit is given, and 0 or 101 are refused", async () => {
  await using checked = await CheckedServer.open();
  const written: string[] = [];
  for (let index = 0; index < 101; index += 1) {
    written.unshift((await checked.upload("/f", `${index}`, { mode: "overwrite" })).rev);
  }
  const { id } = (await checked.rpc("files/get_metadata", { path: "/f" })).json;
  for (const subject of [{ path: "/f" }, { path: id, mode: "id" }]) {
    for (const limit of [1, 100]) {
      const page = await revisions(checked, { ...subject, limit });
      expect([revs(page), page.has_more]).toEqual([written.slice(0, limit), true]);
    }
    expect(revs(await revisions(checked, subject))).toEqual(written.slice(0, 10));
  }
  const rest = await revisions(checked, { path: "/f", limit: 100, before_rev: written[0] });
  expect([revs(rest), rest.has_more]).toEqual([written.slice(1), false]);
  const refusal = async (limit: number) =>
    (await checked.rpc("files/list_revisions", { path: "/f", limit })).text;
  expect(await refusal(0)).toContain("limit: expected integer >= 1, got 0");
  expect(await refusal(101)).toContain("limit: expected integer <= 100, got 101");
});

test("V26: replaced revisions are listed until retention ends; the current one stays", async () => {
  await using checked = await CheckedServer.open({ limits: { retentionSeconds: 100 } });
  const first = await checked.upload("/f", "1");
  checked.clock.seconds += 1000;
  const second = await checked.upload("/f", "2", { mode: "overwrite" });
  checked.clock.seconds += 99;
  expect(revs(await revisions(checked, { path: "/f" }))).toEqual([second.rev, first.rev]);
  checked.clock.seconds += 1;
  expect(revs(await revisions(checked, { path: "/f" }))).toEqual([second.rev]);
  const download = (rev: string) => checked.content("files/download", { path: `rev:${rev}` });
  expect((await download(first.rev)).json.error.path).toEqual({ ".tag": "not_found" });
  await checked.rpc("files/delete_v2", { path: "/f" });
  checked.clock.seconds += 99;
  expect((await revisions(checked, { path: "/f" })).is_deleted).toBe(true);
  checked.clock.seconds += 1;
  expect((await revisions(checked, { path: "/f" })).error.path).toEqual({ ".tag": "not_found" });
});

test("V46: in an app folder only what was written in it is listed, in both modes, and counted", async () => {
  await using checked = await CheckedServer.open();
  checked.server.addApp({ key: "boxed", folder: "Boxed" });
  const { accessToken: token } = checked.server.issueToken(checked.accountId, {
    clientId: "boxed",
  });
  await checked.upload("/f", "1");
  await checked.upload("/f", "2", { mode: "overwrite" });
  await checked.rpc("files/move_v2", { from_path: "/f", to_path: "/Apps/Boxed/f" });
  const { json: inside } = await checked.rpc("files/get_metadata", { path: "/apps/boxed/f" });
  for (const path of ["/f", inside.id]) {
    for (const mode of ["path", "id"]) {
      const argument = { path, mode, limit: 1 };
      const { json } = await checked.rpc("files/list_revisions", argument, { token });
      expect([revs(json), json.has_more]).toEqual([[inside.rev], false]);
      expect(json.entries[0]).toMatchObject({ path_display: "/f", path_lower: "/f" });
    }
  }
  const all = await revisions(checked, { path: inside.id, mode: "id" });
  expect(all.entries).toHaveLength(3);
});
