import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test, vi } from "vitest";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import type { Admin } from "../../src/server/control/admin.ts";
import { runServer } from "../../src/server/run.ts";
import { present } from "../../src/std/assert.ts";
import { systemRng } from "../../src/std/random.ts";
import { systemClock } from "../../src/std/time.ts";
import { Box, launcher } from "../support/snap-process.ts";

const mebi = 1024 * 1024;
const size = 64 * mebi;

/** The embedded account, served by the test itself, so that it sees what travels; the command finds its socket. */
async function served(box: Box): Promise<AsyncDisposable & { readonly admin: Admin }> {
  const running = await runServer({
    data: path.join(box.home, "server"),
    tls: "http",
    port: 0,
    clock: systemClock,
    rng: systemRng,
    admin: true,
    adminPort: 0,
  });
  return {
    admin: present(running.server.admin, "the admin"),
    [Symbol.asyncDispose]: () => running.close({ graceMs: 0 }),
  };
}

/** `snap sync` in a folder, killed as soon as something is so. */
async function killedSync(box: Box, cwd: string, isTime: () => boolean): Promise<void> {
  const env = { ...process.env, SNAP_HOME: box.home };
  const child = spawn(process.execPath, [launcher, "sync"], { cwd, env, stdio: "ignore" });
  const ended = once(child, "exit");
  await vi.waitFor(() => expect(isTime()).toBe(true), { timeout: 60_000, interval: 10 });
  child.kill("SIGKILL");
  expect(await ended).toEqual([null, "SIGKILL"]);
}

/** Calls of a route that have begun. */
const begunCalls = (admin: Admin, route: string): number =>
  admin.calls().filter((call) => call.route === route).length;

/** What has come of the one file that comes down. */
function partBytes(workspace: string): number {
  const staging = path.join(workspace, ".snap/staging");
  const names = existsSync(staging) ? readdirSync(staging) : [];
  const parts = names.map((name) => path.join(staging, name, "content")).filter(existsSync);
  return Math.max(0, ...parts.map((part) => statSync(part).size));
}

test("S57, S66: a large file that is killed on its way goes on where it was, up and down", async () => {
  using box = new Box();
  mkdirSync(box.home, { mode: 0o700 });
  await using server = await served(box);
  const { admin } = server;
  const content = Buffer.alloc(size, Buffer.from(Array.from({ length: 251 }, (_, n) => n)));
  writeFileSync(path.join(box.workspace, "big"), content);
  await box.expectExit(0, "login", "--local");
  await box.expectExit(0, "link", ".", "/big", "--yes");

  const append = "files/upload_session/append_v2";
  admin.setProfile({ name: "slow", uploadBytesPerSecond: 4 * mebi });
  admin.setFaults([{ match: { route: append, nth: 4 }, fault: { kind: "delay", ms: 600_000 } }]);
  await killedSync(box, box.workspace, () => begunCalls(admin, append) >= 12);
  expect(readFileSync(path.join(box.workspace, "big")).equals(content)).toBe(true);
  admin.setProfile("none");
  admin.setFaults([]);
  admin.zero();
  await box.expectExit(0, "sync");
  const sent = admin.calls().filter(({ route }) => route === append);
  // Eight go at once, so four of twelve have been acknowledged, and that was noted before others began.
  expect(sent.reduce((sum, { bytesIn }) => sum + bytesIn, 0)).toBeLessThanOrEqual(size - 16 * mebi);
  expect(admin.calls().filter(({ route }) => route.endsWith("session/start"))).toEqual([]);

  const other = path.join(box.top, "other");
  mkdirSync(other);
  await box.expectExit(0, "link", other, "/big", "--yes");
  admin.setProfile({ name: "slow", downloadBytesPerSecond: 4 * mebi });
  await killedSync(box, other, () => partBytes(other) >= 4 * mebi);
  const begun = partBytes(other);
  expect(existsSync(path.join(other, "big"))).toBe(false);
  admin.setProfile("none");
  admin.zero();
  expect(await box.snap(["sync"], { cwd: other })).toMatchObject({ code: 0 });
  const got = admin.calls().filter(({ route }) => route === "files/download");
  expect(got.reduce((sum, { bytesOut }) => sum + bytesOut, 0)).toBeLessThan(size - begun + mebi);
  expect(contentHashOf(readFileSync(path.join(other, "big")))).toBe(contentHashOf(content));
  expect(partBytes(other)).toBe(0);
});
