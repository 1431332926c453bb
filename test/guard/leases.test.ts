/** Leases of repositories that several devices sync by override (G45). */
import { expect, test } from "vitest";
import { leasePath, leaseRenewMs, leaseSilenceMs, type Lease } from "../../src/core/repo/lease.ts";
import { parseRelPath } from "../../src/core/path/rel-path.ts";
import { openLeases, type LeasesParts } from "../../src/guard/leases.ts";
import { present } from "../../src/std/assert.ts";
import { SnapError } from "../../src/std/error.ts";
import { silentLogger } from "../../src/std/log.ts";
import { TestClock } from "../support/test-clock.ts";

const gitdir = parseRelPath("r/.git");

/** Documents of one linked folder, each with a revision that every write raises. */
class Documents {
  readonly #texts = new Map<string, { text: string; rev: string }>();
  writes = 0;
  isDown = false;

  document: LeasesParts["remote"]["document"] = (path) => this.#answer(() => this.#texts.get(path));

  writeDocument: LeasesParts["remote"]["writeDocument"] = (path, text, replaces) =>
    this.#answer(() => {
      if (this.#texts.get(path)?.rev !== replaces) throw new SnapError("conflict", "another rev");
      this.writes += 1;
      const rev = String(this.writes);
      this.#texts.set(path, { text, rev });
      return rev;
    });

  lease(): Lease {
    return JSON.parse(present(this.#texts.get(leasePath(gitdir)), "the lease").text);
  }

  put(text: string): void {
    this.writes += 1;
    this.#texts.set(leasePath(gitdir), { text, rev: String(this.writes) });
  }

  #answer<T>(use: () => T): Promise<T> {
    if (this.isDown) return Promise.reject(new SnapError("offline", "no way there"));
    return new Promise((resolve) => resolve(use()));
  }
}

function device(remote: Documents, name: string, clock: TestClock) {
  let seen: string | undefined;
  const notes = { read: () => seen, write: (text: string) => void (seen = text) };
  const open = () =>
    openLeases({
      remote,
      clock,
      logger: silentLogger,
      holder: { id: `id-${name}`, name },
      seen: notes,
    });
  return { open, leases: open() };
}

test("G45: the second device waits for the first, and goes on when it is done", async () => {
  const [remote, clock] = [new Documents(), new TestClock()];
  const [desk, lap] = [device(remote, "desk", clock), device(remote, "lap", clock)];
  expect(await desk.leases.take(gitdir)).toBeUndefined();
  const endsAt = clock.now() + leaseSilenceMs;
  expect(await lap.leases.take(gitdir)).toEqual({ name: "desk", endsAt });
  await desk.leases.release();
  expect(remote.lease()).toMatchObject({ link: "id-desk", state: "free" });
  expect(await lap.leases.take(gitdir)).toBeUndefined();
  expect(await desk.leases.take(gitdir)).toMatchObject({ name: "lap" });
});

test("G45: a lease is asked for once, and renewed while the work goes on", async () => {
  const [remote, clock] = [new Documents(), new TestClock()];
  const { leases } = device(remote, "desk", clock);
  for (let asked = 0; asked < 3; asked += 1) await leases.take(gitdir);
  expect(remote.writes).toBe(1);
  clock.advance(leaseRenewMs);
  expect(await leases.take(gitdir)).toBeUndefined();
  expect(remote.writes).toBe(2);
});

test("G45: a device that is gone loses its lease after the silence, as seen by the other's clock alone", async () => {
  const [remote, clock, slow] = [new Documents(), new TestClock(), new TestClock(0)];
  const [desk, lap] = [device(remote, "desk", clock), device(remote, "lap", slow)];
  await desk.leases.take(gitdir);
  await lap.leases.take(gitdir);
  slow.advance(leaseSilenceMs - 1);
  // Another run of the program goes on counting.
  expect(await lap.open().take(gitdir)).toMatchObject({ name: "desk" });
  slow.advance(1);
  expect(await lap.open().take(gitdir)).toBeUndefined();
  // The first one comes back, and finds that it has lost it.
  clock.advance(leaseRenewMs);
  expect(await desk.leases.take(gitdir)).toMatchObject({ name: "lap" });
});

test("G45: whoever renews is never overtaken, and a clock that is set back begins the silence anew", async () => {
  const [remote, clock] = [new Documents(), new TestClock()];
  const [desk, lap] = [device(remote, "desk", clock), device(remote, "lap", clock)];
  for (let asked = 0; asked < 10; asked += 1) {
    await desk.leases.take(gitdir);
    expect(await lap.leases.take(gitdir)).toMatchObject({ name: "desk" });
    clock.advance(leaseSilenceMs / 2);
  }
  clock.advance(-10 * leaseSilenceMs);
  const holder = await lap.leases.take(gitdir);
  expect(holder?.endsAt).toBe(clock.now() + leaseSilenceMs);
});

test("G45: the same device takes its own lease again after it was killed", async () => {
  const [remote, clock] = [new Documents(), new TestClock()];
  const { open } = device(remote, "desk", clock);
  await open().take(gitdir);
  expect(await open().take(gitdir)).toBeUndefined();
});

test("G45: of two that take it at once one gets it", async () => {
  const [remote, clock] = [new Documents(), new TestClock()];
  const devices = ["a", "b", "c"].map((name) => device(remote, name, clock));
  const holders = await Promise.all(devices.map(({ leases }) => leases.take(gitdir)));
  expect(holders.filter((holder) => holder === undefined)).toHaveLength(1);
});

test("G45: many transfers that find the lease due at once renew it with one write", async () => {
  const [remote, clock] = [new Documents(), new TestClock()];
  const { leases } = device(remote, "desk", clock);
  await leases.take(gitdir);
  clock.advance(leaseRenewMs);
  const asked = Array.from({ length: 8 }, () => leases.take(gitdir));
  expect(await Promise.all(asked)).toEqual(asked.map(() => undefined));
  expect(remote.writes).toBe(2);
  remote.isDown = true;
  clock.advance(leaseRenewMs);
  await expect(leases.take(gitdir)).rejects.toMatchObject({ code: "offline" });
  remote.isDown = false;
  expect(await leases.take(gitdir)).toBeUndefined();
});

test.each(["", "[]", '{"device":1}', "x".repeat(5000), '{"state":"writing"}'])(
  "G45: what is no lease is replaced: %j",
  async (text) => {
    const [remote, clock] = [new Documents(), new TestClock()];
    remote.put(text);
    expect(await device(remote, "desk", clock).leases.take(gitdir)).toBeUndefined();
    expect(remote.lease()).toMatchObject({ link: "id-desk", state: "writing" });
  },
);

test("G45: without an answer nothing is granted, and giving back never fails", async () => {
  const [remote, clock] = [new Documents(), new TestClock()];
  const { leases } = device(remote, "desk", clock);
  remote.isDown = true;
  await expect(leases.take(gitdir)).rejects.toMatchObject({ code: "offline" });
  remote.isDown = false;
  await leases.take(gitdir);
  remote.isDown = true;
  await leases.release();
});
