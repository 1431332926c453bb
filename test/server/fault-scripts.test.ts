/** Scripts of faults (V71): which calls they hit, what is written down, and what is refused. */
import { expect, test } from "vitest";
import { loadDefinition } from "../../src/server/wire/definition.ts";
import { Faults } from "../../src/server/control/faults.ts";
import { RunningScript, fits, isWanted } from "../../src/server/control/match-fault.ts";
import type { FaultScript } from "../../src/server/serve.ts";
import type { Json } from "../../src/server/wire/failure.ts";
import type { CallFacts } from "../../src/server/wire/interposer.ts";
import { CheckedServer } from "../support/checked-server.ts";

const upload: CallFacts = { route: "files/upload", account: "dbid:A", path: "/Notes/Ü.txt" };

test.each<[NonNullable<FaultScript["match"]>, boolean]>([
  [{}, true],
  [{ route: "files/upload" }, true],
  [{ route: "files/download" }, false],
  [{ account: "dbid:A" }, true],
  [{ account: "dbid:B" }, false],
  [{ path: "/notes" }, true],
  [{ path: "/NOTES/" }, true],
  [{ path: "/notes/u\u0308.TXT" }, true],
  [{ path: "/note" }, false],
  [{ path: "/notes/ü.txt/x" }, false],
  [{ path: "" }, true],
  [{ path: "/" }, true],
  [{ route: "files/upload", path: "/other" }, false],
])("V71: %j fits an upload: %s", (match, expected) => {
  expect(fits(match, upload)).toBe(expected);
});

test("V71: a call without a path is inside of none", () => {
  expect(fits({ path: "" }, { ...upload, path: undefined })).toBe(false);
  expect(fits({ account: "dbid:A" }, { ...upload, account: undefined })).toBe(false);
});

test.each<[NonNullable<FaultScript["match"]>, string]>([
  [{}, "xxxxxxxx"],
  [{ nth: 1 }, "x......."],
  [{ nth: 3 }, "..x....."],
  [{ every: 1 }, "xxxxxxxx"],
  [{ every: 3 }, "..x..x.."],
  [{ probability: 0, seed: 1 }, "........"],
  [{ probability: 1, seed: 1 }, "xxxxxxxx"],
])("V71: of eight calls %j wants %s", (match, expected) => {
  const calls = [1, 2, 3, 4, 5, 6, 7, 8];
  expect(calls.map((number) => (isWanted(match, number, 0.5) ? "x" : ".")).join("")).toBe(expected);
});

/** Which of a row of calls one script hits. */
function hitsOf(script: FaultScript, count = 200): string {
  const running = new RunningScript(script);
  const outcomes = Array.from({ length: count }, () => {
    if (!running.wants(upload)) return ".";
    running.fire();
    return "x";
  });
  return outcomes.join("");
}

const fault = { kind: "dropResponse" } as const;

test("V71: a script is over after its times, and counts what fits nevertheless", () => {
  expect(hitsOf({ fault, times: 2 }, 5)).toBe("xx...");
  expect(hitsOf({ match: { every: 2 }, fault, times: 2 }, 8)).toBe(".x.x....");
  expect(hitsOf({ match: { nth: 2 }, fault, times: 5 }, 6)).toBe(".x....");
});

test("V71: the same seed hits the same calls, about as many as its probability says", () => {
  const script = (seed: number): FaultScript => ({ match: { probability: 0.2, seed }, fault });
  const hits = hitsOf(script(7), 2000);
  expect(hitsOf(script(7), 2000)).toBe(hits);
  expect(hitsOf(script(8), 2000)).not.toBe(hits);
  const count = hits.replaceAll(".", "").length;
  expect(count).toBeGreaterThan(320);
  expect(count).toBeLessThan(480);
});

test("V71: a script hits the same calls whatever other scripts and other calls do", () => {
  const random = { match: { route: "files/upload", probability: 0.3, seed: 5 }, fault };
  const drops = { match: { probability: 0.5, seed: 9 }, fault: { kind: "dropRequest" as const } };
  const alone = new Faults(loadDefinition());
  alone.set([random]);
  const among = new Faults(loadDefinition());
  among.set([drops, random]);
  const call = { sequence: 1, requestId: "" };
  for (let index = 0; index < 100; index += 1) {
    among.hits({ ...upload, route: "files/download" }, call);
    const first = alone.hits(upload, call).length > 0;
    const second = among.hits(upload, call);
    const isDropped = second.some((hit) => hit.fault.kind === "dropRequest");
    const isHit = second.some((hit) => hit.fault.kind === "dropResponse");
    // What the first script ends has no second fault; else they are the same.
    expect(isDropped || isHit === first).toBe(true);
    expect(isDropped && isHit).toBe(false);
  }
  expect(alone.list()[0]?.fitted).toBe(100);
  expect(among.list()[1]?.fitted).toBe(100);
});

test("V71: several scripts hit one call in their order, and what fired is written down", async () => {
  await using checked = await CheckedServer.open({ admin: true });
  checked.admin.setFaults([
    { match: { path: "/A" }, fault: { kind: "clockSkew", seconds: 60 } },
    { match: { route: "files/upload", nth: 2 }, fault: { kind: "status", status: 500 } },
    { match: { route: "files/upload" }, fault: { kind: "delay", ms: 0 } },
  ]);
  await checked.upload("/a/one", "1");
  const refused = await checked.content("files/upload", { path: "/a/two" }, { body: "2" });
  expect(refused.status).toBe(500);
  const requestId = refused.headers.get("x-dropbox-request-id");
  const call = { route: "files/upload", account: checked.accountId };
  expect(checked.admin.fired()).toMatchObject([
    { sequence: 1, script: 0, fault: "clockSkew", path: "/a/one", ...call },
    { sequence: 1, script: 2, fault: "delay", path: "/a/one", ...call },
    { sequence: 2, script: 0, fault: "clockSkew", path: "/a/two", ...call, requestId },
    { sequence: 2, script: 1, fault: "status", path: "/a/two", ...call, requestId },
  ]);
  const progress = checked.admin.faults().map(({ fitted, fired }) => [fitted, fired]);
  expect(progress).toEqual([
    [2, 2],
    [2, 1],
    [2, 1],
  ]);
});

test("V71: setting scripts begins anew, adding goes on", async () => {
  await using checked = await CheckedServer.open({ admin: true });
  const script = { match: { nth: 2 }, fault: { kind: "status", status: 500 } } as const;
  const statuses = async (count: number): Promise<readonly number[]> => {
    const found: number[] = [];
    for (let index = 0; index < count; index += 1) {
      found.push((await checked.rpc("users/get_space_usage")).status);
    }
    return found;
  };
  checked.admin.setFaults([script]);
  expect(await statuses(1)).toEqual([200]);
  checked.admin.addFault({ fault: { kind: "delay", ms: 0 } });
  expect(await statuses(2)).toEqual([500, 200]);
  checked.admin.setFaults([script]);
  expect(await statuses(2)).toEqual([200, 500]);
  checked.admin.setFaults([]);
  expect(await statuses(2)).toEqual([200, 200]);
});

test("V71: a call that is refused for its token or its argument counts for no script", async () => {
  await using checked = await CheckedServer.open({ admin: true });
  checked.admin.setFaults([{ fault: { kind: "dropResponse" } }]);
  expect((await checked.rpc("users/get_space_usage", undefined, { token: "x" })).status).toBe(401);
  expect((await checked.rpc("files/get_metadata", {})).status).toBe(400);
  expect(checked.admin.faults()).toMatchObject([{ fitted: 0, fired: 0 }]);
});

const drop = { kind: "dropRequest" };

test.each<[Json, string]>([
  [3, "[0]: expected object, got integer"],
  [{}, "[0].fault: is missing"],
  [{ fault: "dropRequest" }, "[0].fault.kind: expected one of dropResponse, dropRequest, status"],
  [{ fault: { kind: "toString" } }, "[0].fault.kind: expected one of dropResponse"],
  [{ fault: drop, time: 1 }, '[0]: unknown member "time"; there are match, fault, times'],
  [{ fault: { ...drop, ms: 1 } }, '[0].fault: unknown member "ms"; there are kind'],
  [{ fault: drop, times: 0 }, "[0].times: expected integer from 1 to"],
  [{ fault: drop, times: "2" }, '[0].times: expected integer from 1 to 9007199254740991, got "2"'],
  [{ match: { route: "files/uplaod" }, fault: drop }, 'there is no route "files/uplaod"'],
  [{ match: { path: 1 }, fault: drop }, "[0].match.path: expected string, got integer"],
  [{ match: { nth: 1, every: 2 }, fault: drop }, "match.every: cannot go together with nth"],
  [{ match: { probability: 2, seed: 1 }, fault: drop }, "expected number from 0 to 1, got 2"],
  [{ match: { probability: 0.5 }, fault: drop }, "match.seed: goes together with probability"],
  [{ match: { seed: 1 }, fault: drop }, "match.seed: goes together with probability"],
  [{ fault: { kind: "status", status: 404 } }, "expected one of 401, 429, 500, 502, 503, got 404"],
  [{ fault: { kind: "status", status: 503, body: "json" } }, "expected one of text, html"],
  [{ fault: { kind: "status", status: 503, reason: "too_many_requests" } }, "belongs to 429"],
  [{ fault: { kind: "error", error: { ".tag": "reset" } } }, "an error needs match.route"],
  [{ fault: { kind: "error", error: "reset" } }, 'error: expected an object with ".tag"'],
  [{ fault: { kind: "reset", bytes: 1 } }, "[0].fault.of: is missing"],
  [{ fault: { kind: "truncate" } }, "bytes or seed: is missing"],
  [{ fault: { kind: "corrupt", bytes: 1, seed: 2 } }, "seed: cannot go together with bytes"],
  [{ fault: { kind: "delay", ms: 2 ** 31 } }, "ms: expected integer from 0 to 2147483647"],
  [{ fault: { kind: "delay", ms: 1, bytes: 0 } }, "bytes: expected integer from 1"],
  [{ fault: { kind: "pages", page: { kind: "stale" } } }, "page.lines: is missing"],
  [{ fault: { kind: "pages", page: { kind: "empty", lines: 1 } } }, "lines: belongs to stale"],
  [{ fault: { kind: "clockSkew", seconds: 1e11 } }, "seconds: expected integer from -10000000000"],
])("V71: %j is refused: %s", (script, message) => {
  const faults = new Faults(loadDefinition());
  faults.set({ fault: drop });
  expect(() => faults.set([script])).toThrow(message);
  expect(() => faults.set([script])).toThrow(expect.objectContaining({ code: "usage" }));
  expect(() => faults.add([{ fault: drop }, script])).toThrow("[1]");
  expect(faults.list()).toHaveLength(1);
});

test.each<[string, Json, string]>([
  ["files/delete_v2", { ".tag": "reset" }, "[0].fault.error: unknown tag 'reset'"],
  ["files/delete_v2", { ".tag": "path_lookup" }, "missing required field 'path_lookup'"],
  ["files/upload", { ".tag": "path", reason: { ".tag": "other" } }, "field 'upload_session_id'"],
  ["users/get_space_usage", { ".tag": "other" }, '"users/get_space_usage" has no errors'],
  ["oauth2/token", { ".tag": "other" }, '"oauth2/token" has no errors of its own'],
])("V72: an error that %s cannot answer is refused: %j", (route, error, message) => {
  const faults = new Faults(loadDefinition());
  const script = { match: { route }, fault: { kind: "error", error } };
  expect(() => faults.set([script])).toThrow(message);
});

test("V71: there is a limit to scripts", () => {
  const faults = new Faults(loadDefinition());
  faults.set(Array.from({ length: 999 }, () => ({ fault: drop })));
  faults.add({ fault: drop });
  expect(() => faults.add({ fault: drop })).toThrow("There can be 1000 scripts, not 1001");
  faults.set(Array.from({ length: 1000 }, () => ({ fault: drop })));
  expect(faults.list()).toHaveLength(1000);
});
