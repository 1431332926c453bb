import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeRunFolder } from "../../src/app/run-folder.ts";
import { daemonClient, statusInTime } from "../../src/daemon/client.ts";
import { daemonLender } from "../../src/daemon/lender.ts";
import { locate } from "../../src/state/locations.ts";
import { TestClock } from "../support/test-clock.ts";

test("S12: where no daemon ever ran nobody lends anything, and every call says so when it is waited for", async () => {
  const home = mkdtempSync(join(tmpdir(), "snap-lender-"));
  try {
    const clock = new TestClock();
    const environment = { locations: locate({ SNAP_HOME: home }), clock };
    expect(await statusInTime(environment)).toBeUndefined();
    const { signal } = new AbortController();
    expect(await daemonLender(environment, signal).borrow("w1", "sync")).toBeUndefined();
    const client = daemonClient(environment);
    const off = { code: "daemon-off" };
    await expect(client.status()).rejects.toMatchObject(off);
    await expect(client.events().next()).rejects.toMatchObject(off);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});

test("S12: a daemon that hangs lends nothing after 10 seconds, and a status says so", async () => {
  const home = mkdtempSync(join(tmpdir(), "snap-lender-"));
  const locations = locate({ SNAP_HOME: home });
  const { socket } = makeRunFolder(locations);
  // It takes every connection, and never says a word.
  const hung = createServer().listen(socket);
  try {
    await once(hung, "listening");
    chmodSync(socket, 0o600);
    const clock = new TestClock();
    const { signal } = new AbortController();
    expect(await daemonLender({ locations, clock }, signal).borrow("w1", "sync")).toBeUndefined();
    await expect(statusInTime({ locations, clock }, signal)).rejects.toMatchObject({
      code: "busy",
      exit: 6,
      hint: expect.stringContaining("snap restart"),
    });
    expect(clock.slept).toEqual([10_000, 10_000]);
    const ended = statusInTime({ locations, clock: new TestClock() }, AbortSignal.abort());
    await expect(ended).rejects.toMatchObject({ code: "interrupted" });
  } finally {
    hung.close();
    rmSync(home, { recursive: true, force: true });
  }
});
