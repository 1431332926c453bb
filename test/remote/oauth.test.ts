import { expect, test } from "vitest";
import { finishLogin, refresh, revoke, startLogin } from "../../src/remote/oauth.ts";
import { openRemote } from "../../src/remote/dropbox-side.ts";
import { seededRng } from "../../src/std/random.ts";
import { code } from "./faulty.ts";
import { at, failure, linkedServer, uploadOf, type Linked } from "./linked.ts";

const appKey = "abcdefghijklmno";

/** What the user does: open the page, allow, paste the code. */
async function logIn(
  linked: Linked,
  change: { code?: string; verifier?: string } = {},
): Promise<Awaited<ReturnType<typeof finishLogin>>> {
  const login = startLogin({ appKey, rng: seededRng(7) });
  const pasted = linked.server.authorize(linked.account, new URL(login.url));
  const { clock, fetch } = linked;
  return finishLogin({
    appKey,
    code: ` ${pasted}\n`,
    verifier: login.verifier,
    fetch,
    clock,
    ...change,
  });
}

test("X14: the printed address asks for an offline token with a proof, and holds no secret", () => {
  const { url, verifier } = startLogin({ appKey, rng: seededRng(7) });
  const parsed = new URL(url);
  expect(parsed.origin + parsed.pathname).toBe("https://www.dropbox.com/oauth2/authorize");
  expect(Object.fromEntries(parsed.searchParams)).toMatchObject({
    client_id: appKey,
    response_type: "code",
    token_access_type: "offline",
    code_challenge_method: "S256",
    scope: expect.stringContaining("files.content.write") as string,
  });
  expect(verifier).toMatch(/^[A-Za-z0-9_-]{86}$/u);
  expect(url).not.toContain(verifier);
  expect(startLogin({ appKey, rng: seededRng(8) }).verifier).not.toBe(verifier);
});

test("a login by code works for the files of the account", async () => {
  await using linked = await linkedServer();
  const login = await logIn(linked);
  expect(login.accountId).toBe(linked.account);
  expect(login.expiresAt).toBe(linked.clock.now() + 14_400_000);
  const auth = { appKey, refreshToken: login.refreshToken };
  const { clock, fetch, account } = linked;
  const remote = openRemote({ auth, clock, fetch, account, top: "", rng: seededRng(1) });
  expect(await remote.upload(uploadOf("a", "x"))).toMatchObject({ path: "a" });
});

test("a wrong code, a wrong proof and a wrong app key are told apart", async () => {
  await using linked = await linkedServer();
  await expect(logIn(linked, { code: "nonsense" })).rejects.toThrow(code("not-logged-in"));
  await expect(logIn(linked, { verifier: "x".repeat(86) })).rejects.toThrow(code("not-logged-in"));
  const { clock, fetch, auth } = linked;
  const other = { ...auth, appKey: "another", clock, fetch };
  await expect(refresh(other)).rejects.toThrow(code("usage"));
});

test("answers of the token endpoint that make no sense are errors, and no crash", async () => {
  await using linked = await linkedServer();
  const { auth, clock } = linked;
  const answers: readonly (readonly [() => Response, string])[] = [
    [() => new Response("<html>"), "server-error"],
    [() => Response.json({ access_token: 7 }), "server-error"],
    [() => new Response("", { status: 502 }), "server-error"],
    [() => new Response("", { status: 429 }), "throttled"],
    [() => Response.json({ error: "unsupported_grant_type" }, { status: 400 }), "remote-error"],
  ];
  for (const [answer, expected] of answers) {
    const fetch: typeof globalThis.fetch = async () => answer();
    await expect(refresh({ ...auth, clock, fetch })).rejects.toThrow(code(expected));
  }
  const fetch: typeof globalThis.fetch = async () => {
    throw new TypeError("fetch failed");
  };
  await expect(refresh({ ...auth, clock, fetch })).rejects.toThrow(code("offline"));
});

test("an app that acts for a whole team is no way to log in, and says so", async () => {
  await using linked = await linkedServer();
  const { clock } = linked;
  const answer = {
    access_token: "sl.x",
    expires_in: 14_400,
    refresh_token: "r",
    team_id: "dbtid:1",
  };
  const fetch: typeof globalThis.fetch = async () => Response.json(answer);
  const given = { appKey, code: "c", verifier: "v", fetch, clock };
  await expect(finishLogin(given)).rejects.toThrow("acts for a whole team");
});

test("X15: no secret is in an address or in an error", async () => {
  await using linked = await linkedServer();
  const addresses: string[] = [];
  const { auth, clock } = linked;
  const fetch: typeof globalThis.fetch = async (input, init) => {
    addresses.push(input instanceof Request ? input.url : new URL(input).href);
    return linked.fetch(input, init);
  };
  await refresh({ ...auth, clock, fetch });
  await revoke({ ...auth, clock, fetch });
  const error: unknown = await refresh({ ...auth, clock, fetch }).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ code: "login-revoked" });
  expect(addresses.join() + JSON.stringify(error) + String(error)).not.toContain(auth.refreshToken);
});

test("however many calls need a token, one request fetches it", async () => {
  await using linked = await linkedServer();
  const getAll = (): Promise<unknown> =>
    Promise.all(["a", "b", "c", "d"].map((name) => linked.remote.get(at(name))));
  await getAll();
  linked.clock.advance(14_400_000);
  await getAll();
  expect(linked.routes.filter((route) => route === "/oauth2/token")).toHaveLength(2);
});

test("a token is renewed before it ends", async () => {
  await using linked = await linkedServer();
  await linked.remote.get(at("a"));
  linked.clock.advance(14_400_000 - 299_000);
  await linked.remote.get(at("a"));
  expect(linked.routes.filter((route) => route === "/oauth2/token")).toHaveLength(2);
  expect(linked.routes.filter((route) => route === "files/get_metadata")).toHaveLength(2);
});

test("a token that the server ends early is renewed once, and the call repeated", async () => {
  await using linked = await linkedServer();
  await linked.remote.get(at("a"));
  let expired = 0;
  linked.intercept = async ({ route }, pass) => {
    if (route !== "files/upload" || expired > 0) return pass();
    expired += 1;
    return failure(401, { ".tag": "expired_access_token" });
  };
  expect(await linked.remote.upload(uploadOf("a", "x"))).toMatchObject({ path: "a" });
  expect(linked.routes.filter((route) => route === "/oauth2/token")).toHaveLength(2);
});

test("X18: a revoked login is told, in the first call and in a later one", async () => {
  await using linked = await linkedServer();
  await linked.remote.get(at("a"));
  await revoke({ ...linked.auth, clock: linked.clock, fetch: linked.server.fetch });
  await expect(linked.remote.get(at("a"))).rejects.toThrow(code("login-revoked"));
  await expect(linked.open("").get(at("a"))).rejects.toThrow(code("login-revoked"));
  expect(linked.clock.slept).toEqual([]);
});

test("a login that was revoked already is logged out", async () => {
  await using linked = await linkedServer();
  const parts = { ...linked.auth, clock: linked.clock, fetch: linked.server.fetch };
  await revoke(parts);
  await revoke(parts);
  await expect(refresh(parts)).rejects.toThrow(code("login-revoked"));
});

test("X18: a permission that is missing needs another login, not another token", async () => {
  await using linked = await linkedServer();
  linked.intercept = async ({ route }, pass) =>
    route === "files/upload"
      ? failure(401, { ".tag": "missing_scope", required_scope: "files.content.write" })
      : pass();
  await expect(linked.remote.upload(uploadOf("a", "x"))).rejects.toThrow(code("not-logged-in"));
  expect(linked.routes.filter((route) => route === "/oauth2/token")).toHaveLength(1);
});
