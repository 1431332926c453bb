/** A machine whose clock is wrong, or jumps: tokens are judged by the server's answers as well. */
import { expect, test } from "vitest";
import { openRemote } from "../../src/remote/dropbox-side.ts";
import type { RemoteSide } from "../../src/ports.ts";
import { seededRng } from "../../src/std/random.ts";
import { TestClock } from "../support/test-clock.ts";
import { code } from "./faulty.ts";
import { at, failure, linkedServer, uploadOf, type Linked } from "./linked.ts";

const hourMs = 3_600_000;

/** A client whose clock is not the server's. */
function clientOf(linked: Linked, offMs: number): { remote: RemoteSide; clock: TestClock } {
  const clock = new TestClock(linked.clock.now() + offMs);
  const { account, auth, fetch } = linked;
  return { clock, remote: openRemote({ account, auth, fetch, clock, top: "", rng: seededRng(4) }) };
}

const renewals = (linked: Linked): number =>
  linked.routes.filter((route) => route === "/oauth2/token").length;

test.each([-48, -12, -1, 1, 12, 48])(
  "a clock that is %i hours off costs nothing",
  async (hours) => {
    await using linked = await linkedServer();
    const { remote } = clientOf(linked, hours * hourMs);
    for (const name of ["a", "b", "c"]) await remote.upload(uploadOf(name, name));
    expect(await remote.get(at("a"))).toMatchObject({ path: "a" });
    expect(renewals(linked)).toBe(1);
  },
);

test.each([-12, 12])(
  "a clock that jumps by %i hours renews the token once at the most",
  async (hours) => {
    await using linked = await linkedServer();
    const { remote, clock } = clientOf(linked, 0);
    await remote.upload(uploadOf("a", "x"));
    clock.advance(hours * hourMs);
    for (const name of ["b", "c", "d"]) await remote.upload(uploadOf(name, name));
    expect(renewals(linked)).toBe(hours > 0 ? 2 : 1);
  },
);

test("behind a clock that was put back, the server says when a token has ended: it is renewed once", async () => {
  await using linked = await linkedServer();
  const { remote, clock } = clientOf(linked, 0);
  await remote.upload(uploadOf("a", "x"));
  clock.advance(-12 * hourMs);
  linked.clock.advance(5 * hourMs);
  const got = await Promise.all(["a", "a", "b", "b"].map((name) => remote.get(at(name))));
  expect(got.map((item) => item?.path)).toEqual(["a", "a", undefined, undefined]);
  await remote.upload(uploadOf("b", "x"));
  expect(renewals(linked)).toBe(2);
});

test.each([0, 1, 60, 299, 300, 600])(
  "a token of %i seconds is used for more than one call",
  async (seconds) => {
    await using linked = await linkedServer();
    const { remote } = clientOf(linked, 0);
    linked.intercept = async ({ route }, pass) => {
      if (route !== "/oauth2/token") return pass();
      const answer = (await (await pass()).json()) as object;
      return Response.json({ ...answer, expires_in: seconds });
    };
    for (const name of ["a", "b", "c", "d"]) await remote.get(at(name));
    expect(renewals(linked)).toBe(1);
  },
);

test("a server that calls every token ended is asked for two of them, and then it is said", async () => {
  await using linked = await linkedServer();
  const { remote, clock } = clientOf(linked, 0);
  linked.intercept = async ({ route }, pass) =>
    route === "/oauth2/token" ? pass() : failure(401, { ".tag": "expired_access_token" });
  await expect(remote.get(at("a"))).rejects.toThrow(code("login-revoked"));
  expect(renewals(linked)).toBe(2);
  expect(clock.slept).toEqual([]);
});

test.each([
  ["CERT_HAS_EXPIRED", "clock"],
  ["CERT_NOT_YET_VALID", "clock"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "NODE_EXTRA_CA_CERTS"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "NODE_EXTRA_CA_CERTS"],
  ["ECONNREFUSED", "Check the network connection"],
])("X17: where the connection fails with %s the hint names: %s", async (reason, hint) => {
  await using linked = await linkedServer();
  const { remote } = clientOf(linked, 0);
  linked.intercept = async () => {
    const cause = Object.assign(new Error("refused"), { code: reason });
    throw new TypeError("fetch failed", { cause });
  };
  const error: unknown = await remote.get(at("a")).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "offline", hint: expect.stringContaining(hint) });
});
