import { accountNamed, embeddedAppKey, type Account } from "../../app/accounts.ts";
import { loginLocal, logout } from "../../app/login.ts";
import { loginPort } from "../../app/login-page.ts";
import { parseServer } from "../../app/own-server.ts";
import { displayName } from "../../core/path/names.ts";
import { SnapError } from "../../std/error.ts";
import { describeAccount } from "../account-text.ts";
import { loginBySteps } from "../login-steps.ts";
import { defineCommand, type AnyCommand, type CliContext } from "../context.ts";

/** `snap login`: link this computer to an account. */
export const loginCommand: AnyCommand = defineCommand({
  command: "login",
  describe: "Link this computer to a Dropbox account, or to the embedded one",
  builder: (parser) =>
    parser
      .option("local", {
        type: "boolean",
        describe: "Use the embedded account: no Dropbox, no network; kept below SNAP_HOME",
      })
      .option("name", {
        type: "string",
        requiresArg: true,
        describe: "Name of the embedded account",
      })
      .option("app-key", {
        type: "string",
        requiresArg: true,
        describe: "Key of your Dropbox app (or SNAP_APP_KEY); the guide tells how to get one",
      })
      .option("server", {
        type: "string",
        requiresArg: true,
        describe:
          "Address of a `snap server` that stands for Dropbox, like https://box.example:8443",
      })
      .option("browser", {
        type: "boolean",
        describe:
          "Let a browser of this computer bring the code (--no-browser: paste it); default: where there is a screen",
      })
      .option("port", {
        type: "string",
        requiresArg: true,
        describe: `Port of the redirect URI that the browser comes back to; default: ${loginPort}`,
      })
      .conflicts("local", ["app-key", "server", "browser", "port"])
      .conflicts("name", ["app-key", "server"])
      .example("snap login --local", "an account for trying things out")
      .example("snap login --server https://box.example:8443", "a server of your own for Dropbox")
      .example("snap login --app-key abc123", "prints addresses to open, waits for the code"),
  run: async (context, words) => {
    const account =
      words.local === true
        ? await loginLocal(context.environment, words.name)
        : await loginToDropbox(context, words);
    context.output.say(
      `This computer is now linked to Dropbox. Welcome, ${displayName(account.name)}.`,
    );
    context.output.result("login", 0, { account: describeAccount(account) });
    return 0;
  },
});

async function loginToDropbox(
  context: CliContext,
  words: {
    readonly appKey: string | undefined;
    readonly browser: boolean | undefined;
    readonly port: string | undefined;
    readonly server: string | undefined;
  },
): Promise<Account> {
  const server = words.server === undefined ? undefined : parseServer(words.server);
  const own = server === undefined ? undefined : embeddedAppKey;
  const appKey = words.appKey ?? context.environment.variables["SNAP_APP_KEY"] ?? own;
  if (appKey === undefined || appKey === "") {
    throw new SnapError("usage", "No app key was given", {
      hint: "Give --app-key or set SNAP_APP_KEY (the guide on logging in tells how to register an app), or use `snap login --local`.",
    });
  }
  const { browser, port } = words;
  return loginBySteps(context, { appKey, browser, port: portIn(port), server });
}

function portIn(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = /^\d{1,5}$/u.test(text) ? Number(text) : 0;
  if (port > 0 && port < 65_536) return port;
  throw new SnapError("usage", `Not a port: "${text}"`, { hint: "Give a number from 1 to 65535." });
}

/** `snap logout`: revoke the token and forget it. */
export const logoutCommand: AnyCommand = defineCommand({
  command: "logout [account]",
  describe: "Revoke the token of an account and forget it; links and files stay",
  builder: (parser) =>
    parser
      .positional("account", {
        type: "string",
        describe: "E-mail address, name or id; default: the account that `snap account` shows",
      })
      .option("dry-run", { type: "boolean", describe: "Say which account it would be" })
      .example("snap logout", "forget the account that is used now"),
  run: async ({ environment, output }, words) => {
    if (words["dry-run"] === true) {
      const account = await accountNamed(environment, words.account);
      output.say(`Would log out of ${displayName(account.name)} (${displayName(account.email)}).`);
      output.result("logout", 0, { account: describeAccount(account), dryRun: true });
      return 0;
    }
    const { account, isRevoked } = await logout(environment, words.account);
    if (!isRevoked) output.warn(notRevoked(account));
    output.say(`Logged out of ${displayName(account.name)} (${displayName(account.email)}).`);
    output.result("logout", 0, { account: describeAccount(account), revoked: isRevoked });
    return 0;
  },
});

/** Only Dropbox has a page that ends what was not revoked. */
function notRevoked({ server }: Account): string {
  const what = `${server ?? "Dropbox"} could not be reached: the token was forgotten here, but not revoked there`;
  if (server !== undefined) return what;
  return `${what}. https://www.dropbox.com/account/connected_apps ends it`;
}
