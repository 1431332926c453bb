/** Faults of V72 that have to do with time and with listings. */
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import type { FaultScript } from "../../src/server/serve.ts";
import { CheckedServer } from "../support/checked-server.ts";
import type { Answer } from "../support/checked-server.ts";

async function faulty(route: string, fault: FaultScript["fault"]): Promise<CheckedServer> {
  const checked = await CheckedServer.open({ admin: true });
  checked.admin.setFaults([{ match: { route }, fault, times: 1 }]);
  return checked;
}

/** Let everything happen that waits for nothing but its turn. */
async function settled(): Promise<void> {
  for (let index = 0; index < 20; index += 1) await turn();
}

async function cursorOf(checked: CheckedServer): Promise<{ cursor: string }> {
  const { json } = await checked.rpc("files/list_folder/get_latest_cursor", { path: "" });
  return { cursor: json.cursor };
}

function goOn(checked: CheckedServer, cursor: { cursor: string }): Promise<Answer> {
  return checked.rpc("files/list_folder/continue", cursor);
}

test("V72: delay holds the answer back, not the commit", async () => {
  await using checked = await faulty("files/upload", { kind: "delay", ms: 1500 });
  let stored: unknown;
  const upload = checked.upload("/a", "one").then((metadata) => (stored = metadata));
  await settled();
  checked.clock.seconds += 1;
  await settled();
  expect(stored).toBeUndefined();
  expect((await checked.rpc("files/get_metadata", { path: "/a" })).status).toBe(200);
  checked.clock.seconds += 0.5;
  expect((await upload).name).toBe("a");
});

test("V72: a client that leaves during a delay is not waited for", async () => {
  await using checked = await faulty("files/upload", { kind: "delay", ms: 60_000 });
  const leaving = new AbortController();
  const call = checked.server.fetch("https://content.dropboxapi.com/2/files/upload", {
    method: "POST",
    headers: {
      authorization: `Bearer ${checked.token}`,
      "content-type": "application/octet-stream",
      "dropbox-api-arg": '{"path":"/a"}',
    },
    body: "one",
    signal: leaving.signal,
  });
  await settled();
  expect(checked.clock.sleeping).toBe(1);
  leaving.abort(new Error("enough"));
  await expect(call).rejects.toThrow("enough");
  await settled();
  expect(checked.clock.sleeping).toBe(0);
  expect(checked.admin.calls().at(-1)).toMatchObject({ route: "files/upload", status: "gone" });
});

test("V75: a client that leaves in the middle of its body is gone, and its stream let go", async () => {
  await using checked = await CheckedServer.open({ admin: true });
  const leaving = new AbortController();
  let isCancelled = false;
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(Buffer.from("begin ")),
    cancel: () => void (isCancelled = true),
  });
  const headers = {
    authorization: `Bearer ${checked.token}`,
    "content-type": "application/octet-stream",
    "dropbox-api-arg": '{"path":"/a"}',
  };
  const request = new Request("https://content.dropboxapi.com/2/files/upload", {
    method: "POST",
    headers,
    body,
    duplex: "half",
    signal: leaving.signal,
  });
  const answer = checked.server.handle(request);
  await settled();
  leaving.abort(new Error("enough"));
  await expect(answer).rejects.toThrow("broke off");
  await settled();
  expect(isCancelled).toBe(true);
  expect(checked.admin.calls()).toMatchObject([{ status: "gone", bytesIn: 6 }]);
  expect((await checked.rpc("files/get_metadata", { path: "/a" })).status).toBe(409);
});

test("V72: delay sends n bytes at a time", async () => {
  await using checked = await faulty("files/download", { kind: "delay", ms: 1000, bytes: 4 });
  await checked.upload("/a", "0123456789");
  const answer = await checked.server.fetch("https://content.dropboxapi.com/2/files/download", {
    method: "POST",
    headers: { authorization: `Bearer ${checked.token}`, "dropbox-api-arg": '{"path":"/a"}' },
  });
  const seen: string[] = [];
  const reading = (async () => {
    for await (const piece of answer.body ?? []) seen.push(Buffer.from(piece).toString());
  })();
  const after: string[][] = [];
  for (let second = 0; second < 3; second += 1) {
    await settled();
    after.push([...seen]);
    checked.clock.seconds += 1;
  }
  await reading;
  expect(after).toEqual([["0123"], ["0123", "4567"], ["0123", "4567", "89"]]);
  expect(checked.admin.calls().at(-1)).toMatchObject({ bytesOut: 10, ms: 2000 });
});

test("V72: a reset cursor is void for the one call, those of an account for good", async () => {
  await using checked = await faulty("files/list_folder/continue", {
    kind: "cursorReset",
    of: "cursor",
  });
  const cursor = await cursorOf(checked);
  expect((await goOn(checked, cursor)).json.error).toEqual({ ".tag": "reset" });
  expect((await goOn(checked, cursor)).status).toBe(200);
  const match = { route: "files/list_folder/continue" };
  checked.admin.setFaults([{ match, fault: { kind: "cursorReset", of: "account" }, times: 1 }]);
  expect((await goOn(checked, cursor)).json.error).toEqual({ ".tag": "reset" });
  expect((await goOn(checked, cursor)).json.error).toEqual({ ".tag": "reset" });
  expect((await goOn(checked, await cursorOf(checked))).status).toBe(200);
});

test("V72: cursors of other accounts stay", async () => {
  await using checked = await CheckedServer.open({ admin: true });
  const other = checked.server.addAccount({ name: "Bo" });
  const token = checked.server.issueToken(other.id).accessToken;
  const others = await checked.rpc("files/list_folder/get_latest_cursor", { path: "" }, { token });
  const own = await cursorOf(checked);
  await checked.admin.resetCursors(checked.accountId);
  expect((await goOn(checked, own)).json.error).toEqual({ ".tag": "reset" });
  const { cursor } = others.json;
  const answer = await checked.rpc("files/list_folder/continue", { cursor }, { token });
  expect(answer.status).toBe(200);
  await expect(checked.admin.resetCursors("dbid:none")).rejects.toMatchObject({
    code: "not-found",
  });
});

test("V72: an empty page promises more, and the listing comes to the same end", async () => {
  const page = { kind: "empty" } as const;
  await using checked = await faulty("files/list_folder", { kind: "pages", page });
  await checked.upload("/a", "one");
  const first = await checked.rpc("files/list_folder", { path: "" });
  expect([first.json.entries, first.json.has_more]).toEqual([[], true]);
  const second = await goOn(checked, { cursor: first.json.cursor });
  expect(second.json.entries.map(({ name }: { name: string }) => name)).toEqual(["a"]);
});

test("V72: longpoll says changes for nothing, or asks to wait", async () => {
  const route = "files/list_folder/longpoll";
  await using checked = await CheckedServer.open({ admin: true });
  const faults = [{ kind: "spuriousChange" }, { kind: "backoff", seconds: 17 }] as const;
  checked.admin.setFaults(faults.map((fault) => ({ match: { route }, fault, times: 1 })));
  const cursor = await cursorOf(checked);
  const answer = await checked.server.fetch(`https://notify.dropboxapi.com/2/${route}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(cursor),
  });
  expect(await answer.json()).toEqual({ changes: true, backoff: 17 });
  expect((await goOn(checked, cursor)).json.entries).toEqual([]);
});

test.each([-7200, 90])(
  "V72: the server's date of a write is off by %i seconds",
  async (seconds) => {
    await using checked = await faulty("files/upload", { kind: "clockSkew", seconds });
    const skewed = await checked.upload("/a", "one");
    const right = await checked.upload("/b", "two");
    const dates = [skewed, right].map(({ server_modified: date }) => Date.parse(date) / 1000);
    expect(dates).toEqual([checked.clock.seconds + seconds, checked.clock.seconds]);
  },
);

test.each([
  ["files/delete_v2", -31],
  ["files/list_revisions", 31],
])(
  "V72: a date that is off in %s by %i days takes nothing out of the history",
  async (route, days) => {
    await using checked = await faulty(route, { kind: "clockSkew", seconds: days * 86_400 });
    await checked.upload("/a", "one");
    await checked.rpc("files/delete_v2", { path: "/a" });
    const { json } = await checked.rpc("files/list_revisions", { path: "/a" });
    expect([json.is_deleted, json.entries?.length]).toEqual([true, 1]);
  },
);
