import type { AsyncDesk } from "../../server/front/desk-socket.ts";
import { displayName } from "../../core/path/names.ts";
import { SnapError } from "../../std/error.ts";
import { defineCommand, type AnyCommand, type CliContext } from "../context.ts";
import { formatSize, table } from "../format.ts";
import { dataOption, reach } from "./server-data.ts";

/** `snap server account add|list|show|remove|join|leave`. */
export const serverAccountCommand: AnyCommand = defineCommand({
  command: "account <action> [account]",
  describe: "Make, list, show or remove the accounts of the server; let one join or leave a team",
  builder: (parser) =>
    dataOption(parser)
      .positional("action", {
        choices: ["add", "list", "show", "remove", "join", "leave"] as const,
        demandOption: true,
        describe: "What to do",
      })
      .positional("account", {
        type: "string",
        describe: "add: its name · else: name, e-mail or id",
      })
      .option("email", { type: "string", requiresArg: true, describe: "add: its e-mail address" })
      .option("password", {
        type: "boolean",
        describe: "add: ask for a password, which the consent page then wants",
      })
      .option("team", {
        type: "boolean",
        describe: "add: a member of a team, whose home is a folder below the team's root",
      })
      .option("yes", { alias: "y", type: "boolean", describe: "remove: do not ask" }),
  run: async (context, words) => {
    await using server = await reach(context, words.data);
    const { desk } = server;
    switch (words.action) {
      case "add":
        await addAccount(context, desk, words);
        break;
      case "list":
        await listAccounts(context, desk);
        break;
      case "show":
        await showAccount(context, desk, needed(words.account));
        break;
      case "remove":
        await removeAccount(context, desk, words);
        break;
      case "join":
      case "leave":
        await changeTeam(context, desk, { account: words.account, change: words.action });
        break;
    }
    context.output.result(`server account ${words.action}`, 0, {});
    return 0;
  },
});

async function addAccount(
  { output, questions }: CliContext,
  desk: AsyncDesk,
  words: {
    readonly account: string | undefined;
    readonly email: string | undefined;
    readonly password: boolean | undefined;
    readonly team: boolean | undefined;
  },
): Promise<void> {
  const name = needed(words.account);
  const password =
    words.password === true ? await questions.secret(`Password for ${name}:`) : undefined;
  const account = await desk.addAccount({ name, email: words.email, password, team: words.team });
  output.emit("account", { ...account });
  output.print(`${displayName(account.name)} (${displayName(account.email)})\n${account.id}`);
}

async function listAccounts({ output }: CliContext, desk: AsyncDesk): Promise<void> {
  const accounts = await desk.accounts();
  for (const account of accounts) output.emit("account", { ...account });
  const rows = accounts.map(({ id, name, email }) => [displayName(name), displayName(email), id]);
  output.print(rows.length === 0 ? "No accounts yet." : table([["name", "e-mail", "id"], ...rows]));
}

async function showAccount({ output }: CliContext, desk: AsyncDesk, name: string): Promise<void> {
  const { id } = await accountCalled(desk, name);
  const account = await desk.account(id);
  output.emit("account", {
    ...account,
    authorisations: account.authorisations.map((each) => ({ ...each })),
  });
  const apps = account.authorisations.map(({ appName }) => displayName(appName));
  output.print(
    table([
      ["name", displayName(account.name)],
      ["e-mail", displayName(account.email)],
      ["id", account.id],
      ["namespace", account.namespaceId],
      ["team root", account.teamRootId ?? "none"],
      ["used", formatSize(account.usedBytes)],
      ["password", account.hasPassword ? "yes" : "no"],
      ["apps", apps.length === 0 ? "none" : [...new Set(apps)].join(", ")],
    ]),
  );
}

async function changeTeam(
  { output }: CliContext,
  desk: AsyncDesk,
  { account, change }: { readonly account: string | undefined; readonly change: "join" | "leave" },
): Promise<void> {
  const { id, name } = await accountCalled(desk, needed(account));
  await desk.changeTeam(id, change);
  const now = change === "join" ? "is a member of a new team" : "has no team";
  output.print(`${displayName(name)} ${now}; its paths begin elsewhere from now on.`);
}

async function removeAccount(
  { output, questions }: CliContext,
  desk: AsyncDesk,
  words: { readonly account: string | undefined; readonly yes: boolean | undefined },
): Promise<void> {
  const { id, name } = await accountCalled(desk, needed(words.account));
  const shown = displayName(name);
  const agreed =
    words.yes === true ||
    (await questions.confirm(
      `Remove the account ${shown} with all its files? Nothing brings it back.`,
    ));
  if (!agreed) {
    throw new SnapError("consent-needed", `The account ${shown} was not removed`, {
      hint: "Give --yes to remove it with all its files.",
    });
  }
  await desk.removeAccount(id);
  output.say(`Removed ${shown}.`);
}

/** `snap server app add|list|remove`. */
export const serverAppCommand: AnyCommand = defineCommand({
  command: "app <action> [app]",
  describe: "Register, list or forget apps; a key that nobody registered is a full app",
  repeatable: ["redirect", "scope"],
  builder: (parser) =>
    dataOption(parser)
      .positional("action", {
        choices: ["add", "list", "remove"] as const,
        demandOption: true,
        describe: "What to do",
      })
      .positional("app", { type: "string", describe: "The app's key" })
      .option("title", { type: "string", requiresArg: true, describe: "add: its name for people" })
      .option("secret", {
        type: "boolean",
        describe: "add: ask for a secret, which is checked then",
      })
      .option("app-folder", {
        type: "string",
        requiresArg: true,
        describe: "add: it sees only the folder /Apps/NAME",
      })
      .option("redirect", {
        type: "string",
        array: true,
        nargs: 1,
        requiresArg: true,
        describe: "add: where alone a browser may be sent back to; may be repeated",
      })
      .option("scope", {
        type: "string",
        array: true,
        nargs: 1,
        requiresArg: true,
        describe: "add: what alone it may ask for; may be repeated",
      }),
  run: async (context, words) => {
    await using server = await reach(context, words.data);
    const { desk } = server;
    switch (words.action) {
      case "add":
        await addApp(context, desk, words);
        break;
      case "list":
        await listApps(context, desk);
        break;
      case "remove":
        await desk.removeApp(needed(words.app));
        context.output.say(`Forgot ${displayName(needed(words.app))}.`);
        break;
    }
    context.output.result(`server app ${words.action}`, 0, {});
    return 0;
  },
});

type AppWords = {
  readonly app: string | undefined;
  readonly title: string | undefined;
  readonly secret: boolean | undefined;
  readonly appFolder: string | undefined;
  readonly redirect: readonly string[] | undefined;
  readonly scope: readonly string[] | undefined;
};

async function addApp(
  { output, questions }: CliContext,
  desk: AsyncDesk,
  words: AppWords,
): Promise<void> {
  const app = await desk.addApp({
    key: needed(words.app),
    name: words.title,
    secret: words.secret === true ? await questions.secret("Secret of the app:") : undefined,
    folder: words.appFolder,
    redirects: words.redirect,
    scopes: words.scope,
  });
  output.emit("app", { ...app });
  output.print(
    `${displayName(app.name)} (${app.key}) sees ${app.folder === undefined ? "everything" : `/Apps/${displayName(app.folder)}`}`,
  );
}

async function listApps({ output }: CliContext, desk: AsyncDesk): Promise<void> {
  const apps = await desk.apps();
  for (const app of apps) output.emit("app", { ...app });
  const rows = apps.map(({ key, name, folder, hasSecret }) => [
    key,
    displayName(name),
    folder === undefined ? "everything" : `/Apps/${displayName(folder)}`,
    hasSecret ? "yes" : "no",
  ]);
  output.print(
    rows.length === 0
      ? "No apps are registered; every key is a full app."
      : table([["key", "name", "sees", "secret"], ...rows]),
  );
}

/** `snap server token`: a token without a browser. */
export const serverTokenCommand: AnyCommand = defineCommand({
  command: "token <account>",
  describe: "Print an access token and a refresh token for an account, without a browser",
  repeatable: ["scope"],
  builder: (parser) =>
    dataOption(parser)
      .positional("account", { type: "string", demandOption: true, describe: "Name, e-mail or id" })
      .option("app", { type: "string", requiresArg: true, describe: "Key of the app it is for" })
      .option("scope", {
        type: "string",
        array: true,
        nargs: 1,
        requiresArg: true,
        describe: "What alone it allows; may be repeated",
      }),
  run: async (context, words) => {
    await using server = await reach(context, words.data);
    const { id } = await accountCalled(server.desk, words.account);
    const tokens = await server.desk.issueToken(id, { clientId: words.app, scopes: words.scope });
    context.output.print(
      table([
        ["access token", tokens.accessToken],
        ["refresh token", tokens.refreshToken],
      ]),
    );
    context.output.result("server token", 0, { account: id, ...tokens });
    return 0;
  },
});

/** The account of an id, an e-mail address, or a name that only one has. */
async function accountCalled(
  desk: AsyncDesk,
  given: string,
): Promise<{ readonly id: string; readonly name: string }> {
  const accounts = await desk.accounts();
  const address = given.toLowerCase();
  const exact = accounts.find(({ id, email }) => id === given || email.toLowerCase() === address);
  const named = accounts.filter(({ name }) => name === given);
  const found = exact ?? named[0];
  if (found === undefined || (exact === undefined && named.length > 1)) {
    const what = found === undefined ? "has no account" : "has several accounts called";
    throw new SnapError("not-found", `The server ${what} "${displayName(given)}"`, {
      hint: "`snap server account list` lists them with their ids.",
    });
  }
  return found;
}

function needed(word: string | undefined): string {
  if (word !== undefined) return word;
  throw new SnapError("usage", "Name what it is about", {
    hint: "`snap server account --help` and `snap server app --help` tell how.",
  });
}
