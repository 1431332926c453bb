import { expect, test } from "vitest";
import { contentHashOf } from "../../src/core/tree/content-hash.ts";
import { openRemote } from "../../src/remote/dropbox-side.ts";
import { runServer } from "../../src/server/run.ts";
import { present } from "../../src/std/assert.ts";
import { seededRng, systemRng } from "../../src/std/random.ts";
import { systemClock } from "../../src/std/time.ts";
import { checkLarge, large } from "./large.ts";
import { allOf, uploadOf } from "./linked.ts";
import { TestClock } from "../support/test-clock.ts";

test("S56, S66: bodies go over real connections, up as streams, and again after they broke off", async () => {
  const running = await runServer({
    data: ":memory:",
    tls: "http",
    port: 0,
    clock: systemClock,
    rng: systemRng,
    admin: true,
    adminPort: 0,
  });
  await using _closing = { [Symbol.asyncDispose]: () => running.close({ graceMs: 0 }) };
  const account = running.server.addAccount({ name: "Ada Example" }).id;
  const { refreshToken } = running.server.issueToken(account);
  const reach: typeof fetch = (input, init) => {
    const { host, pathname, search } = new URL(input instanceof Request ? input.url : input);
    return fetch(`${running.url}/${host.split(".")[0]}${pathname}${search}`, init);
  };
  const remote = openRemote({
    account,
    auth: { appKey: "snap", refreshToken },
    clock: new TestClock(systemClock.now()),
    rng: seededRng(1),
    top: "",
    fetch: reach,
  });
  const admin = present(running.server.admin, "the admin");
  const append = "files/upload_session/append_v2";
  admin.setFaults([
    { match: { route: append, nth: 2 }, fault: { kind: "reset", of: "request", bytes: 100_000 } },
    { match: { route: append, nth: 4 }, fault: { kind: "dropResponse" } },
    { match: { route: append, nth: 6 }, fault: { kind: "status", status: 401 } },
    { match: { route: "files/download", nth: 2 }, fault: { kind: "truncate", bytes: 1_000_000 } },
    {
      match: { route: "files/download", nth: 4 },
      fault: { kind: "reset", of: "response", bytes: 9 },
    },
  ]);
  const item = await remote.upload(uploadOf("big", large));
  await checkLarge({ remote });
  const bytes = await allOf(remote.download(item.rev, 0, { size: item.size }));
  expect(contentHashOf(Buffer.concat(bytes))).toBe(item.hash);
  expect(admin.fired()).toHaveLength(5);
});
