import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { daemonClient } from "../../src/daemon/client.ts";
import { daemonLender } from "../../src/daemon/lender.ts";
import { locate } from "../../src/state/locations.ts";

test("S12: where no daemon ever ran nobody lends anything, and every call says so when it is waited for", async () => {
  const home = mkdtempSync(join(tmpdir(), "snap-lender-"));
  try {
    const environment = { locations: locate({ SNAP_HOME: home }) };
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
