/** What a login may see, and how it ends: app folders, permissions, several accounts, revocation. */
import { readdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { accountOf, connect } from "../../src/app/accounts.ts";
import { logout, useAccount } from "../../src/app/login.ts";
import { isSnapError } from "../../src/std/error.ts";
import { TestClock } from "../support/test-clock.ts";
import { appKey, DropboxHome } from "./dropbox-home.ts";

const scopes = [
  "account_info.read",
  "files.metadata.read",
  "files.metadata.write",
  "files.content.read",
  "files.content.write",
];

test("an app with a folder of its own is recognised, and everything lands in that folder", async () => {
  await using home = await DropboxHome.open();
  home.server.addApp({ key: "boxapp", folder: "Box" });
  expect(await home.login("boxapp")).toMatchObject({ access: "app-folder" });
  home.write("a", "one");
  await home.link("/project");
  await home.sync();
  expect(await home.cloud()).toEqual(["/Apps/Box/project/a"]);
});

test("the folder of an app in a team takes no header, and everything works", async () => {
  await using home = await DropboxHome.open({ team: true });
  home.server.addApp({ key: "boxapp", folder: "Box" });
  expect(await home.login("boxapp")).toMatchObject({ access: "app-folder" });
  home.requests.length = 0;
  home.write("a", "one");
  await home.link("");
  await home.sync();
  expect(await home.cloud()).toEqual(["/Apps/Box/a"]);
  expect([...new Set(home.requests.map(({ pathRoot }) => pathRoot))]).toEqual([null]);
});

test("a full app sees everything, of a team as well", async () => {
  await using home = await DropboxHome.open();
  expect(await home.login()).not.toHaveProperty("access");
  await using member = await DropboxHome.open({ team: true });
  expect(await member.login()).not.toHaveProperty("access");
});

test("S35: a login with another kind of app makes a link of everything another place", async () => {
  await using home = await DropboxHome.open();
  home.server.addApp({ key: "boxapp", folder: "Box" });
  await home.login("boxapp");
  home.write("a", "one");
  await home.link("");
  await home.sync();
  await home.login();
  expect(await home.syncError()).toMatchObject({ code: "account-changed", exit: 7 });
  expect(home.tree()).toEqual({ a: "one" });
  expect(await home.cloud()).toEqual(["/Apps/Box/a"]);
  await home.login("boxapp");
  await home.sync();
  expect(home.tree()).toEqual({ a: "one" });
});

test.each(scopes)(
  "X18: without %s a login is refused, and says which permission to tick",
  async (scope) => {
    await using home = await DropboxHome.open();
    home.intercept = (route) =>
      route === "/oauth2/token"
        ? Response.json({
            access_token: "sl.x",
            expires_in: 14_400,
            refresh_token: "r",
            account_id: home.account,
            scope: scopes.filter((one) => one !== scope).join(" "),
          })
        : undefined;
    const error: unknown = await home.login().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "not-logged-in", hint: expect.stringContaining(scope) });
    expect(home.environment.settings.read().accounts).toEqual([]);
    expect(readdirSync(path.join(home.top, "home/secrets"))).toEqual([]);
  },
);

test("X18: an app that loses a permission later is told which, by the app's text as by the token's", async () => {
  await using home = await DropboxHome.open();
  await home.login();
  await home.link("/project");
  const summary = { error_summary: "missing_scope/.", error: undefined as unknown };
  for (const [status, body] of [
    [
      401,
      { ...summary, error: { ".tag": "missing_scope", required_scope: "files.content.write" } },
    ],
    [
      400,
      "Error in call to API function \"files/x\": Your app (ID: 1) is not permitted to access this endpoint because it does not have the required scope 'files.content.write'. The owner",
    ],
  ] as const) {
    home.intercept = (route) =>
      route === "/2/files/get_metadata"
        ? new Response(typeof body === "string" ? body : JSON.stringify(body), {
            status,
            headers: { "content-type": status === 401 ? "application/json" : "text/plain" },
          })
        : undefined;
    const error = await home.syncError();
    expect(error).toMatchObject({ code: "not-logged-in", exit: 7 });
    expect(error.message).toContain("it lacks files.content.write");
    expect(error.hint).toContain("Tick files.content.write on the Permissions tab");
  }
});

test("of several accounts the newest is used, unless another one is; each is logged out by its name", async () => {
  await using home = await DropboxHome.open();
  const first = await home.login();
  const ben = home.server.addAccount({ name: "Ben", email: "ben@example.com" }).id;
  const second = await home.login(appKey, ben);
  const { environment } = home;
  expect((await accountOf(environment)).id).toBe(second.id);
  expect((await useAccount(environment, "ADA@example.com")).id).toBe(first.id);
  expect((await accountOf(environment)).id).toBe(first.id);
  await expect(useAccount(environment, "nobody")).rejects.toSatisfy((error) =>
    isSnapError(error, "not-logged-in"),
  );
  expect(await logout(environment, "Ben")).toMatchObject({ isRevoked: true });
  expect((await accountOf(environment)).id).toBe(first.id);
  expect(readdirSync(path.join(home.top, "home/secrets"))).toHaveLength(1);
});

test("two accounts of the same name are told apart by their address", async () => {
  await using home = await DropboxHome.open();
  await home.login();
  const twin = home.server.addAccount({ name: "Ada", email: "ada@elsewhere.example" }).id;
  await home.login(appKey, twin);
  await expect(logout(home.environment, "Ada")).rejects.toSatisfy((error) =>
    isSnapError(error, "usage"),
  );
  expect(await logout(home.environment, "ada@elsewhere.example")).toMatchObject({
    account: { id: twin },
  });
});

test("what the server says: root, own folder, space", async () => {
  await using home = await DropboxHome.open({ team: true });
  await home.login();
  home.write("a", "12345");
  await home.link("/Ada/x");
  await home.sync();
  await using connection = await connect(home.environment);
  expect(await connection.facts()).toMatchObject({
    account: { id: home.account, home: "/Ada", root: expect.stringMatching(/^\d+$/) },
    space: { usedBytes: expect.any(Number), allocatedBytes: 2 * 1024 ** 4 },
  });
  home.intercept = (route) =>
    route === "/2/users/get_current_account"
      ? Response.json({
          account_id: home.account,
          email: "",
          name: { display_name: "Ada" },
          team: { id: "t", name: "Acme" },
          root_info: { ".tag": "user", root_namespace_id: "1", home_namespace_id: "1" },
        })
      : undefined;
  await using again = await connect(home.environment);
  expect((await again.facts()).account).toMatchObject({ team: "Acme", home: "" });
});

test("logging out without a network forgets the token, and says that it lives on", async () => {
  await using home = await DropboxHome.open();
  await home.login();
  const token = (await home.environment.secrets.read(home.account)) ?? "";
  home.intercept = () => {
    throw new TypeError("fetch failed");
  };
  expect(await logout(home.environment)).toMatchObject({ isRevoked: false });
  expect(readdirSync(path.join(home.top, "home/secrets"))).toEqual([]);
  home.intercept = undefined;
  const answer = await home.environment.fetch("https://api.dropboxapi.com/oauth2/token", {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "refresh_token",
      refresh_token: token,
      client_id: appKey,
    }),
  });
  expect(answer.status).toBe(200);
});

test.each([-12, 12])(
  "a computer whose clock is %i hours off logs in, links and syncs",
  async (hours) => {
    const clock = new TestClock(new TestClock().now() + hours * 3_600_000);
    await using home = await DropboxHome.open({}, clock);
    await home.login();
    home.write("a", "one");
    await home.link("/project");
    await home.sync();
    home.requests.length = 0;
    home.write("b", "two");
    await home.sync();
    expect(await home.cloud()).toEqual(["/project/a", "/project/b"]);
    // The token of the run before is good still, whatever the clock says.
    expect(home.requests.filter(({ route }) => route === "/oauth2/token")).toEqual([]);
  },
);
