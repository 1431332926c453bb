import { request } from "node:http";
import { connect } from "node:net";
import { once } from "node:events";
import { existsSync, lstatSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeRunFolder, type RunFolder } from "../../src/app/run-folder.ts";
import { daemonClient } from "../../src/daemon/client.ts";
import { serveControl } from "../../src/daemon/control-api.ts";
import { daemonLender } from "../../src/daemon/lender.ts";
import { requestBytesMax, type DaemonEvent } from "../../src/daemon/wire.ts";
import { locate, type Locations } from "../../src/state/locations.ts";
import { silentLogger } from "../../src/std/log.ts";
import { seededRng } from "../../src/std/random.ts";
import { systemClock } from "../../src/std/time.ts";
import { Desk, deskStatus } from "./desk.ts";

let top: string;
let locations: Locations;
let run: RunFolder;
let desk: Desk;
let served: AsyncDisposable;
const environment = { clock: systemClock, rng: seededRng(7), logger: silentLogger };
beforeEach(async () => {
  top = realpathSync(mkdtempSync(path.join(os.tmpdir(), "snap-control-")));
  locations = locate({ SNAP_HOME: path.join(top, "home") });
  run = makeRunFolder(locations);
  desk = new Desk();
  served = await serveControl({ run, controlled: desk, environment });
});
afterEach(async () => {
  await served[Symbol.asyncDispose]();
  rmSync(top, { recursive: true, force: true });
});

const client = (): ReturnType<typeof daemonClient> => daemonClient({ locations });

/** What comes back for a request as it is. */
async function answerTo(
  method: string,
  url: string,
  body?: string,
): Promise<{ readonly status: number | undefined; readonly text: string }> {
  const sent = request({ socketPath: run.socket, method, path: url, agent: false });
  sent.on("error", () => {
    // The other side may hang up before everything was sent.
  });
  sent.end(body);
  const [response] = await once(sent, "response");
  let text = "";
  for await (const part of response) text += String(part);
  return { status: response.statusCode, text };
}

test("X19: the socket gets its name when it is closed to others, also where an earlier start was killed before", async () => {
  await served[Symbol.asyncDispose]();
  const made = path.join(path.dirname(run.socket), "new.sock");
  writeFileSync(made, "");
  const starting = serveControl({ run, controlled: desk, environment });
  expect(existsSync(run.socket)).toBe(false);
  served = await starting;
  expect(lstatSync(run.socket).mode & 0o777).toBe(0o600);
  expect(existsSync(made)).toBe(false);
  expect(await client().status()).toMatchObject({ workspaces: [] });
});

test("X19: the socket is 0600 and goes with the daemon", async () => {
  expect(lstatSync(run.socket).mode & 0o777).toBe(0o600);
  await served[Symbol.asyncDispose]();
  expect(existsSync(run.socket)).toBe(false);
  await expect(client().status()).rejects.toMatchObject({ code: "daemon-off", exit: 7 });
});

test("each call reaches the daemon as it was meant", async () => {
  expect(await client().status()).toEqual(deskStatus);
  const calls = [
    ["/v1/reload", {}],
    ["/v1/pause", { reason: "holiday" }],
    ["/v1/pause", { workspace: "w1" }],
    ["/v1/resume", {}],
    ["/v1/workspaces/w1/nudge", {}],
    ["/v1/stop", {}],
  ] as const;
  for (const [url, body] of calls) await client().call({ method: "POST", path: url, body });
  expect(desk.asked).toEqual([
    "reload",
    "pause all holiday",
    "pause w1 ",
    "resume all",
    "nudge w1",
    "stop",
  ]);
});

test.each([
  ["POST", "/v1/pause", '{"reason":', 400],
  ["POST", "/v1/pause", "[]", 400],
  ["POST", "/v1/pause", '{"reason":7}', 400],
  ["POST", "/v1/pause", '{"reason":"x","more":1}', 400],
  ["POST", "/v1/pause", '{"workspace":"../../etc"}', 400],
  ["POST", "/v1/pause", JSON.stringify({ reason: "x".repeat(1001) }), 400],
  ["POST", "/v1/workspaces/w1/borrow", "{}", 400],
  ["POST", "/v1/workspaces/..%2f..%2fx/nudge", "{}", 400],
  ["POST", "/v1/workspaces/none/nudge", "{}", 404],
  ["GET", "/v1/stop", undefined, 400],
  ["DELETE", "/v1/status", undefined, 400],
  ["GET", "/v2/status", undefined, 400],
  ["GET", "/", undefined, 400],
])("X19: %s %s %s is answered by %d, and nothing is done", async (...[method, url, body, code]) => {
  const answer = await answerTo(method, url, body);
  expect(answer.status).toBe(code);
  expect(JSON.parse(answer.text)).toHaveProperty("error.message");
  expect(desk.asked).toEqual([]);
});

test("X19: a body above 64 KiB is refused, one of just that size is read", async () => {
  const fill = (bytes: number): string => `{}${" ".repeat(bytes - 2)}`;
  expect((await answerTo("POST", "/v1/reload", fill(requestBytesMax))).status).toBe(200);
  expect((await answerTo("POST", "/v1/reload", fill(requestBytesMax + 1))).status).toBe(413);
  expect(desk.asked).toEqual(["reload"]);
});

test("X19: what is no HTTP ends the connection, and others are still answered", async () => {
  const socket = connect(run.socket);
  socket.write("\u0000\u0001 nonsense\r\n\r\n");
  socket.resume();
  await once(socket, "close");
  expect(await client().status()).toEqual(deskStatus);
});

test("X19: names of several ways to say one path lead nowhere else", async () => {
  expect((await answerTo("GET", "/v1/./status")).status).toBe(200);
  expect((await answerTo("GET", "/v1/../../etc/passwd")).status).toBe(400);
});

test("events come one a line, from the whole status on, until nobody listens any more", async () => {
  const ending = new AbortController();
  const events = client().events(ending.signal);
  expect((await events.next()).value).toEqual({ v: 1, type: "daemon", status: deskStatus });
  const event: DaemonEvent = { v: 1, type: "removed", id: "w\n1" };
  for (const listener of desk.listeners) listener(event);
  expect((await events.next()).value).toEqual(event);
  const gone = desk.next();
  await events.return();
  await gone;
  expect(desk.listeners.size).toBe(0);
});

test("N34: the disk stands still until the connection ends; of a workspace that nobody has, nobody is asked", async () => {
  const lender = daemonLender({ locations, clock: systemClock }, new AbortController().signal);
  expect(await lender.still("w2", "capture")).toBeUndefined();
  const held = await lender.still("w1", "capture");
  expect(desk.asked).toEqual(["still in w1 for capture"]);
  const back = desk.next();
  await held?.[Symbol.asyncDispose]();
  await back;
  expect(desk.asked).toEqual(["still in w1 for capture", "goes on"]);
});

test("S12: a loan lasts until it is given back", async () => {
  const lender = daemonLender({ locations, clock: systemClock }, new AbortController().signal);
  const loan = await lender.borrow("w1", "capture");
  expect(desk.asked).toEqual(["lent w1 for capture"]);
  const back = desk.next();
  await loan?.[Symbol.asyncDispose]();
  await back;
  expect(desk.asked).toEqual(["lent w1 for capture", "given back"]);
});

test("S12: Ctrl-C ends no loan, since what was begun with it comes to its end first", async () => {
  const interrupt = new AbortController();
  const loan = await daemonLender({ locations, clock: systemClock }, interrupt.signal).borrow(
    "w1",
    "capture",
  );
  interrupt.abort();
  expect(await client().status()).toEqual(deskStatus);
  expect(desk.asked).toEqual(["lent w1 for capture"]);
  await loan?.[Symbol.asyncDispose]();
});

test("S12: what the daemon does not have is not lent", async () => {
  const lender = daemonLender({ locations, clock: systemClock }, new AbortController().signal);
  expect(await lender.borrow("other", "capture")).toBeUndefined();
  await served[Symbol.asyncDispose]();
  expect(await lender.borrow("w1", "capture")).toBeUndefined();
});
