/** What the server counts (V75), and the two forms in which it tells. */
import { expect, test } from "vitest";
import { present } from "../../src/std/assert.ts";
import { Metrics } from "../../src/server/control/metrics.ts";
import { metricsText } from "../../src/server/control/metrics-text.ts";
import { Ring } from "../../src/server/control/ring.ts";
import { CheckedServer } from "../support/checked-server.ts";

type Sample = { readonly labels: Readonly<Record<string, string>>; readonly value: number };

type Family = { help: string; type: string; readonly samples: Map<string, Sample[]> };

const labelPattern = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"/g;

/** A reader of the format of its own: strict, by the words of its definition. */
function parseMetrics(text: string): ReadonlyMap<string, Family> {
  expect(text.endsWith("\n")).toBe(true);
  const families = new Map<string, Family>();
  let current = "";
  for (const line of text.slice(0, -1).split("\n")) {
    const [, kind, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind === "HELP") {
      expect(families.has(name), `${name} comes once`).toBe(false);
      families.set(name, { help: rest, type: "", samples: new Map() });
      current = name;
    } else if (kind === "TYPE") {
      expect([name, current]).toEqual([current, name]);
      present(families.get(name), name).type = rest;
    } else {
      addSample(line, current, present(families.get(current), line));
    }
  }
  return families;
}

function addSample(line: string, family: string, { type, samples }: Family): void {
  const [, name = "", , labelText = "", value = ""] =
    /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(.*)\})? (\S+)$/.exec(line) ?? [];
  const suffixes = type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
  expect(
    suffixes.map((suffix) => family + suffix),
    line,
  ).toContain(name);
  const pairs = [...labelText.matchAll(labelPattern)];
  expect(pairs.map(([pair]) => pair).join(","), line).toBe(labelText);
  expect(Number.isFinite(Number(value)), line).toBe(true);
  const labels = Object.fromEntries(pairs.map(([, label = "", text = ""]) => [label, text]));
  samples.set(name, [...(samples.get(name) ?? []), { labels, value: Number(value) }]);
}

function valueOf(text: string, name: string, labels: Record<string, string> = {}): number {
  const found = [...parseMetrics(text).values()]
    .flatMap(({ samples }) => samples.get(name) ?? [])
    .filter((sample) => Object.entries(labels).every(([key, at]) => sample.labels[key] === at));
  expect(found.length, `${name} ${JSON.stringify(labels)}`).toBeLessThanOrEqual(1);
  return found[0]?.value ?? 0;
}

test("V75: the text is valid, whatever the labels are", () => {
  const metrics = new Metrics();
  metrics.calls('a"b\\c\nd', 200).add(7);
  const families = parseMetrics(metricsText(metrics, 3));
  expect([...families].map(([name, { type }]) => [name, type])).toEqual([
    ["snap_server_calls_total", "counter"],
    ["snap_server_received_bytes_total", "counter"],
    ["snap_server_sent_bytes_total", "counter"],
    ["snap_server_call_duration_seconds", "histogram"],
    ["snap_server_commits_total", "counter"],
    ["snap_server_lock_collisions_total", "counter"],
    ["snap_server_open_longpolls", "gauge"],
    ["snap_server_faults_fired_total", "counter"],
    ["snap_server_wrong_host_calls_total", "counter"],
  ]);
  expect(families.get("snap_server_calls_total")?.samples.get("snap_server_calls_total")).toEqual([
    { labels: { route: 'a\\"b\\\\c\\nd', status: "200" }, value: 1 },
  ]);
});

test("V75: times fall into buckets that hold the smaller ones too", () => {
  const metrics = new Metrics();
  for (const ms of [0, 5, 6, 100, 9_999, 10_000, 10_001, 60_000]) metrics.calls("r", 200).add(ms);
  const text = metricsText(metrics, 0);
  const name = "snap_server_call_duration_seconds";
  const buckets = parseMetrics(text).get(name)?.samples.get(`${name}_bucket`) ?? [];
  expect(buckets.map(({ labels, value }) => [labels["le"], value])).toEqual([
    ["0.005", 2],
    ["0.02", 3],
    ["0.1", 4],
    ["0.5", 4],
    ["2", 4],
    ["10", 6],
    ["+Inf", 8],
  ]);
  expect(valueOf(text, `${name}_count`)).toBe(8);
  expect(valueOf(text, `${name}_sum`)).toBe(90.111);
});

test("V75: calls are counted by route and status, with their bytes", async () => {
  await using checked = await CheckedServer.open({ admin: true });
  await checked.upload("/a", Buffer.alloc(5000));
  await checked.upload("/b", Buffer.alloc(300));
  await checked.content("files/download", { path: "/a" }, { headers: { range: "bytes=0-99" } });
  await checked.content("files/download", { path: "/b" });
  await checked.rpc("files/get_metadata", { path: "/none" });
  await checked.rpc("files/get_metadata", undefined, { token: "wrong", body: "12345" });
  const text = checked.admin.metrics();
  const of = (route: string, status: string): readonly number[] =>
    ["calls", "received_bytes", "sent_bytes"].map((name) =>
      valueOf(text, `snap_server_${name}_total`, { route, status }),
    );
  expect(of("files/upload", "200").slice(0, 2)).toEqual([2, 5300]);
  expect(of("files/download", "206")).toEqual([1, 0, 100]);
  expect(of("files/download", "200")).toEqual([1, 0, 300]);
  expect(of("files/get_metadata", "409").slice(0, 2)).toEqual([1, '{"path":"/none"}'.length]);
  expect(of("files/get_metadata", "401").slice(0, 2)).toEqual([1, 0]);
  expect(valueOf(text, "snap_server_commits_total")).toBe(2);
});

test("V75: what is sent is counted to the byte", async () => {
  await using checked = await CheckedServer.open({ admin: true });
  const answer = await checked.rpc("users/get_current_account");
  const [call] = checked.admin.calls();
  expect(call?.bytesOut).toBe(answer.text.length);
  expect(answer.headers.get("content-length")).toBe(String(answer.text.length));
});

test("V75: commits at the same time collide; those of two accounts do not", async () => {
  await using checked = await CheckedServer.open({ admin: true });
  const other = checked.server.addAccount({ name: "Bo" });
  const { accessToken: token } = checked.server.issueToken(other.id);
  const make = (path: string, options = {}) =>
    checked.rpc("files/create_folder_v2", { path }, options);
  await Promise.all([make("/a"), make("/a", { token })]);
  expect(valueOf(checked.admin.metrics(), "snap_server_lock_collisions_total")).toBe(0);
  await Promise.all([make("/b"), make("/c"), make("/d")]);
  expect(valueOf(checked.admin.metrics(), "snap_server_lock_collisions_total")).toBe(2);
  await make("/b");
  expect(valueOf(checked.admin.metrics(), "snap_server_commits_total")).toBe(5);
});

test("V75: longpolls that wait and faults that fired are counted", async () => {
  await using checked = await CheckedServer.open({ admin: true });
  const { json } = await checked.rpc("files/list_folder/get_latest_cursor", { path: "" });
  const poll = checked.server.fetch("https://notify.dropboxapi.com/2/files/list_folder/longpoll", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(json),
  });
  await expect.poll(() => valueOf(checked.admin.metrics(), "snap_server_open_longpolls")).toBe(1);
  checked.admin.setFaults([{ fault: { kind: "dropResponse" }, times: 1 }]);
  await checked.upload("/a", "one").catch(() => {});
  await poll;
  const text = checked.admin.metrics();
  expect(valueOf(text, "snap_server_open_longpolls")).toBe(0);
  expect(valueOf(text, "snap_server_faults_fired_total", { fault: "dropResponse" })).toBe(1);
  expect(valueOf(text, "snap_server_calls_total", { status: "cut" })).toBe(1);
});

test.each([
  ["https://api.dropboxapi.com/2/users/get_space_usage", 0],
  ["https://content.dropboxapi.com/2/users/get_space_usage", 1],
  ["https://bolt.dropboxapi.com/2/users/get_space_usage", 1],
  ["https://www.dropbox.com/2/users/get_space_usage", 1],
  ["https://localhost:8443/2/users/get_space_usage", 0],
  ["https://content.example.org/2/users/get_space_usage", 0],
  ["https://localhost:8443/content/2/users/get_space_usage", 1],
  ["https://localhost:8443/api/2/users/get_space_usage", 0],
  ["https://content.dropboxapi.com/2/nonsense", 0],
])("V8: %s counts as a wrong host: %i", async (url, count) => {
  await using checked = await CheckedServer.open({ admin: true });
  const headers = { authorization: `Bearer ${checked.token}` };
  await checked.server.fetch(url, { method: "POST", headers });
  expect(valueOf(checked.admin.metrics(), "snap_server_wrong_host_calls_total")).toBe(count);
});

test("V75: recent calls tell who did what with which outcome, and no secret", async () => {
  await using checked = await CheckedServer.open({ admin: true });
  await checked.upload("/Notes/a", "12345");
  checked.clock.seconds += 2;
  const missing = await checked.rpc("files/get_metadata", { path: "/b" });
  await checked.rpc("2/../secret-looking-name");
  expect(checked.admin.calls()).toMatchObject([
    {
      sequence: 1,
      route: "files/upload",
      account: checked.accountId,
      path: "/Notes/a",
      status: 200,
      bytesIn: 5,
      ms: 0,
      atMs: (checked.clock.seconds - 2) * 1000,
    },
    {
      sequence: 2,
      route: "files/get_metadata",
      path: "/b",
      status: 409,
      requestId: missing.headers.get("x-dropbox-request-id"),
    },
    { sequence: 3, route: "other", account: undefined, path: undefined, status: 400 },
  ]);
  expect(JSON.stringify(checked.admin.calls())).not.toContain("secret");
  expect(checked.admin.metrics()).not.toContain("secret");
});

test("V75: a limit holds on recent calls, and all can be set to zero", async () => {
  await using checked = await CheckedServer.open({ admin: true, recentCallsMax: 3 });
  for (let index = 0; index < 5; index += 1) await checked.rpc("users/get_space_usage");
  expect(checked.admin.calls().map(({ sequence }) => sequence)).toEqual([3, 4, 5]);
  checked.admin.zero();
  expect(checked.admin.calls()).toEqual([]);
  expect(valueOf(checked.admin.metrics(), "snap_server_calls_total")).toBe(0);
  await checked.rpc("users/get_space_usage");
  expect(checked.admin.calls().map(({ sequence }) => sequence)).toEqual([6]);
});

test("V79: of an endless path a thousand characters are remembered", async () => {
  await using checked = await CheckedServer.open({ admin: true });
  checked.admin.setFaults([{ fault: { kind: "delay", ms: 0 } }]);
  const path = `/${"x".repeat(100_000)}`;
  await checked.rpc("files/get_metadata", { path });
  const [call] = checked.admin.calls();
  expect(call?.path).toBe(`${path.slice(0, 1000)}…`);
  expect(checked.admin.fired()[0]?.path).toBe(call?.path);
});

test("V75: a ring keeps the last values, in order", () => {
  const ring = new Ring<number>(3);
  const states = [1, 2, 3, 4, 5, 6, 7].map((value) => {
    ring.push(value);
    return ring.list();
  });
  expect(states.slice(1, 5)).toEqual([
    [1, 2],
    [1, 2, 3],
    [2, 3, 4],
    [3, 4, 5],
  ]);
  expect(states.at(-1)).toEqual([5, 6, 7]);
  const none = new Ring<number>(0);
  none.push(1);
  expect(none.list()).toEqual([]);
});
