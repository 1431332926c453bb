import { chmodSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { exitOfChecks, type Check } from "../../src/app/doctor/check.ts";
import { checkAccount } from "../../src/app/doctor/login.ts";
import type { Environment } from "../../src/app/environment.ts";
import { look, named } from "./examined.ts";
import { LinkedHome } from "./linked-home.ts";

test("the login: the server takes it, no token, an open one, nobody at all", async () => {
  await using home = await LinkedHome.open({});
  const { secrets } = home.environment.locations;
  const asked = await look(home, { patience: new AbortController().signal });
  expect(named(asked, "server")).toMatchObject({ state: "ok" });
  const [token = ""] = readdirSync(secrets);
  chmodSync(path.join(secrets, token), 0o644);
  const open = await look(home);
  expect(named(open, "login")).toMatchObject({ state: "problem", code: "settings-invalid" });
  expect(named(open, "login")?.hint).toContain("chmod 600");
  expect(exitOfChecks(open)).toBe(2);
  rmSync(path.join(secrets, token));
  expect(exitOfChecks(await look(home))).toBe(7);
  home.environment.settings.update((config) => ({ ...config, accounts: [] }));
  const none = named(await look(home), "login");
  expect(none).toMatchObject({ state: "problem", code: "not-logged-in" });
});

const dropbox = {
  id: "dbid:1",
  kind: "dropbox",
  name: "Anna",
  email: "anna@example.com",
  appKey: "k",
} as const;

/** A Dropbox whose server says what it says, at a time of its own. */
async function askDropbox(
  home: LinkedHome,
  fetching: typeof fetch,
  signal?: AbortSignal,
): Promise<readonly Check[]> {
  const environment: Environment = { ...home.environment, fetch: fetching };
  environment.settings.update((config) => ({ ...config, accounts: [dropbox] }));
  await environment.secrets.write(dropbox.id, "token");
  const asking = { patience: signal ?? new AbortController().signal, signal: undefined };
  return await checkAccount(environment, dropbox, asking);
}

test("a login that was revoked is a problem, and the server's date tells whether the clock is right", async () => {
  await using home = await LinkedHome.open({});
  const answer =
    (offMs: number): typeof fetch =>
    async () =>
      new Response('{"error":"invalid_grant"}', {
        status: 400,
        headers: {
          "content-type": "application/json",
          date: new Date(Date.now() - offMs).toUTCString(),
        },
      });
  const late = await askDropbox(home, answer(3_600_000));
  expect(named(late, "server")).toMatchObject({ state: "problem", code: "login-revoked" });
  expect(named(late, "clock")).toMatchObject({ state: "warning" });
  expect(named(late, "clock")?.text).toContain("60 minutes ahead of");
  expect(named(await askDropbox(home, answer(0)), "clock")).toMatchObject({ state: "ok" });
});

test("a server that does not answer in time is a warning, and nothing waits on", async () => {
  await using home = await LinkedHome.open({});
  const patience = new AbortController();
  const silent: typeof fetch = (_input, init) =>
    new Promise((_resolve, reject) => {
      init?.signal?.addEventListener("abort", () => reject(init.signal?.reason));
      patience.abort(new Error("time is up"));
    });
  const checks = await askDropbox(home, silent, patience.signal);
  expect(named(checks, "server")).toMatchObject({ state: "warning" });
  expect(exitOfChecks(checks)).toBe(0);
});
