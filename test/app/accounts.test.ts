import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { accountOf, connect } from "../../src/app/accounts.ts";
import { beginLogin, logout } from "../../src/app/login.ts";
import { openEnvironment, type Environment } from "../../src/app/environment.ts";
import { openServer, type DropboxServer } from "../../src/server/serve.ts";
import { isSnapError } from "../../src/std/error.ts";
import { systemRng } from "../../src/std/random.ts";
import { systemClock } from "../../src/std/time.ts";

/** A home whose way to Dropbox leads to a server in memory. */
type Login = AsyncDisposable & {
  readonly home: string;
  readonly environment: Environment;
  readonly server: DropboxServer;
  readonly account: string;
};

async function openLogin(): Promise<Login> {
  const server = await openServer({
    data: ":memory:",
    clock: systemClock,
    rng: systemRng,
    checkResponses: true,
  });
  const home = mkdtempSync(path.join(os.tmpdir(), "snap-login-"));
  const { fetch } = server;
  const environment = await openEnvironment({ variables: { SNAP_HOME: home }, cwd: home, fetch });
  return {
    home,
    environment,
    server,
    account: server.addAccount({ name: "Freddy", email: "freddy@example.com" }).id,
    [Symbol.asyncDispose]: async () => {
      await server.close();
      rmSync(home, { recursive: true });
    },
  };
}

test("a printed address, a pasted code: the refresh token is kept in a file 0600, and works", async () => {
  await using login = await openLogin();
  const pending = await beginLogin(login.environment, "app-key");
  const url = new URL(pending.url);
  expect(url.origin + url.pathname).toBe("https://www.dropbox.com/oauth2/authorize");
  expect(Object.fromEntries(url.searchParams)).toMatchObject({
    client_id: "app-key",
    response_type: "code",
    token_access_type: "offline",
    code_challenge_method: "S256",
  });
  expect(url.searchParams.has("client_secret")).toBe(false);
  const account = await pending.finish(login.server.authorize(login.account, url));
  expect(account).toMatchObject({
    kind: "dropbox",
    name: "Freddy",
    appKey: "app-key",
    id: login.account,
  });
  const secrets = path.join(login.home, "secrets");
  const [file = ""] = readdirSync(secrets);
  expect(statSync(path.join(secrets, file)).mode & 0o777).toBe(0o600);
  const token = readFileSync(path.join(secrets, file), "utf8");
  expect(readFileSync(path.join(login.home, "config.json"), "utf8")).not.toContain(token);
  await using connection = await connect(login.environment);
  expect(await connection.side("").account()).toMatchObject({ name: "Freddy" });
});

test("a wrong, foreign or used code is refused, and nothing is remembered", async () => {
  await using login = await openLogin();
  const pending = await beginLogin(login.environment, "app-key");
  await expect(pending.finish("nonsense")).rejects.toSatisfy((error) => isSnapError(error));
  const other = await beginLogin(login.environment, "app-key");
  const foreign = login.server.authorize(login.account, new URL(other.url));
  await expect(pending.finish(foreign)).rejects.toSatisfy((error) => isSnapError(error));
  await expect(accountOf(login.environment)).rejects.toSatisfy((error) =>
    isSnapError(error, "not-logged-in"),
  );
});

test("logging out revokes the token and forgets it", async () => {
  await using login = await openLogin();
  const pending = await beginLogin(login.environment, "app-key");
  await pending.finish(login.server.authorize(login.account, new URL(pending.url)));
  const token = (await login.environment.secrets.read(login.account)) ?? "";
  expect(await logout(login.environment)).toMatchObject({ isRevoked: true });
  expect(readdirSync(path.join(login.home, "secrets"))).toEqual([]);
  const answer = await login.server.fetch("https://api.dropboxapi.com/oauth2/token", {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "refresh_token",
      refresh_token: token,
      client_id: "app-key",
    }),
  });
  expect(answer.status).toBe(400);
});
