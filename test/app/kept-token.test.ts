import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { connect } from "../../src/app/accounts.ts";
import { logout } from "../../src/app/login.ts";
import { DropboxHome } from "./dropbox-home.ts";

/** The account as a run of its own asks for it, and what went over the wire. */
async function ask(home: DropboxHome): Promise<readonly string[]> {
  await home.start("home");
  home.requests.length = 0;
  await using connection = await connect(home.environment);
  await connection.side("").account();
  return home.requests.map(({ route }) => route);
}

const asked = ["/2/users/get_current_account"];
const renewed = ["/oauth2/token", ...asked];

function keptFile(home: DropboxHome): string {
  const folder = path.join(home.top, "home", "secrets");
  const name = readdirSync(folder).find((file) => file.startsWith("access"));
  return path.join(folder, name ?? "none");
}

test("X14: a run goes on with the access token of an earlier one, which is kept as the login is", async () => {
  await using home = await DropboxHome.open();
  await home.login();
  expect(await ask(home)).toEqual(renewed);
  expect(statSync(keptFile(home)).mode & 0o777).toBe(0o600);
  expect(await ask(home)).toEqual(asked);
  chmodSync(keptFile(home), 0o644);
  await expect(ask(home)).rejects.toThrow("is open to other users");
});

test("one that is about to end, that was ended or that is none is renewed", async () => {
  await using home = await DropboxHome.open();
  await home.login();
  await ask(home);
  home.clock.advance(14_400_000 - 299_000);
  expect(await ask(home)).toEqual(renewed);
  for (const text of ["", "{}", `{"accessToken":7}`, "\0"]) {
    writeFileSync(keptFile(home), text);
    expect(await ask(home)).toEqual(renewed);
  }
  const kept = readFileSync(keptFile(home), "utf8");
  writeFileSync(keptFile(home), kept.replace(/"sl\.[^"]*"/u, '"sl.ended"'));
  expect(await ask(home)).toEqual([...asked, ...renewed]);
  expect(await ask(home)).toEqual(asked);
});

test("X18: one of an earlier login is none, and logging out leaves none", async () => {
  await using home = await DropboxHome.open();
  await home.login();
  await ask(home);
  await home.login();
  expect(await ask(home)).toEqual(renewed);
  await logout(home.environment);
  expect(readdirSync(path.join(home.top, "home", "secrets"))).toEqual([]);
});

test("X18: a process that goes on after the logout leaves none", async () => {
  await using home = await DropboxHome.open();
  await home.login();
  await home.start("home");
  await using connection = await connect(home.environment);
  const side = connection.side("");
  await home.environment.secrets.remove(home.account);
  await side.account();
  expect(readdirSync(path.join(home.top, "home", "secrets"))).toEqual([]);
});

test("one that cannot be kept is used all the same", async () => {
  await using home = await DropboxHome.open();
  await home.login();
  await ask(home);
  const folder = path.join(home.top, "home", "secrets");
  writeFileSync(keptFile(home), "none");
  home.intercept = (route) => {
    if (route === "/oauth2/token") chmodSync(folder, 0o755);
    return undefined;
  };
  expect(await ask(home)).toEqual(renewed);
});
