/** What a login is made of: codes, verifiers, states and tokens are in no file, log, error or event (X14, X15). */
import { readdirSync, readFileSync, lstatSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { openLoginPage } from "../../src/app/login-page.ts";
import { beginLogin, logout } from "../../src/app/login.ts";
import { openEnvironment, type Environment } from "../../src/app/environment.ts";
import { makeLink, planLink } from "../../src/app/link.ts";
import { syncWorkspace } from "../../src/app/sync.ts";
import type { Logger } from "../../src/std/log.ts";
import { describeError } from "../../src/std/error.ts";
import { ask } from "../support/browser-request.ts";
import { freePort } from "../support/free-port.ts";
import { appKey, DropboxHome } from "./dropbox-home.ts";

/** A home whose line is tapped: every secret that passes is known, and so is every line of the log. */
async function tapped(home: DropboxHome): Promise<{
  readonly environment: Environment;
  readonly secrets: Set<string>;
  readonly told: string[];
}> {
  const secrets = new Set<string>();
  const told: string[] = [];
  const line = (...words: readonly unknown[]): void => void told.push(JSON.stringify(words));
  const logger: Logger = { error: line, info: line, debug: line };
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const { body } = init ?? {};
    const sent = new URLSearchParams(typeof body === "string" ? body : "");
    for (const name of ["code", "code_verifier", "refresh_token"]) {
      for (const value of sent.getAll(name)) secrets.add(value);
    }
    const response = await home.server.fetch(input, init);
    const text = response.headers.get("content-type")?.includes("text/javascript")
      ? await response.clone().text()
      : "{}";
    const answer = JSON.parse(text) as Readonly<Record<string, unknown>>;
    for (const name of ["access_token", "refresh_token"]) {
      const value = answer[name];
      if (typeof value === "string") secrets.add(value);
    }
    return response;
  };
  const variables = { SNAP_HOME: path.join(home.top, "tapped") };
  const environment = await openEnvironment({ variables, cwd: home.place, fetch, logger });
  return { environment, secrets, told };
}

/** Files below a folder that hold a text, by their path in it. */
function holders(folder: string, text: string): readonly string[] {
  const names = readdirSync(folder, { recursive: true }).map(String);
  const files = names.filter((name) => lstatSync(path.join(folder, name)).isFile());
  return files.filter((name) => readFileSync(path.join(folder, name)).includes(text));
}

test("X14, X15: of a login, a sync, a revocation and a logout nothing secret stays but the refresh token's file", async () => {
  await using home = await DropboxHome.open();
  const { environment, secrets, told } = await tapped(home);
  const fails = async (work: Promise<unknown>): Promise<void> => {
    const error: unknown = await work.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    told.push(describeError(error), JSON.stringify(error), String((error as Error).stack));
  };
  {
    await using wrong = await beginLogin(environment, appKey);
    await fails(wrong.finish("a code that nobody gave"));
  }
  const port = await freePort();
  await using login = await beginLogin(environment, appKey, { pagePort: port });
  const address = new URL(login.pageUrl ?? "");
  const code = home.server.authorize(home.account, address);
  await ask(port, `/?code=${code}&state=${address.searchParams.get("state")}`);
  await login.finish(await login.brought);
  secrets.add(address.searchParams.get("state") ?? "");
  secrets.add(code);
  home.write("a", "one");
  const words = { folder: home.place, remote: "/project", repos: "refuse" } as const;
  await makeLink(environment, await planLink(environment, words));
  await syncWorkspace(environment, home.place, {});
  const [token = ""] = [...secrets].filter((secret) => holders(home.top, secret).length > 0);
  expect(token).toBe(await environment.secrets.read(home.account));
  expect(holders(home.top, token).map((name) => path.dirname(name))).toEqual(["tapped/secrets"]);
  // A code that comes again ends what it became.
  await fails(login.finish(code));
  await fails(syncWorkspace(environment, home.place, {}));
  await logout(environment);
  await fails(syncWorkspace(environment, home.place, {}));
  // A wrong and a right login: two codes, two verifiers, a state, refresh and access tokens.
  expect(secrets.size).toBeGreaterThanOrEqual(7);
  expect(told.length).toBeGreaterThan(5);
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(16);
    expect(holders(home.top, secret)).toEqual([]);
    for (const text of told) expect(text).not.toContain(secret);
  }
});

test("X15: what comes to the page of a login is in no error of it", async () => {
  const port = await freePort();
  const state = "s".repeat(43);
  await using page = await openLoginPage(state, port);
  const query = `error=access_denied&error_description=no&state=${state}&code=`;
  await ask(port, `/?${query}`);
  const error: unknown = await page?.code.catch((thrown: unknown) => thrown);
  expect(String(error)).toContain("Dropbox gave no code: no");
  expect(String(error)).not.toContain(state);
});
