import { accountOf, connect, type Account, type AccountFacts } from "../../app/accounts.ts";
import { useAccount } from "../../app/login.ts";
import { displayName } from "../../core/path/names.ts";
import { isSnapError, SnapError, throwIfAborted } from "../../std/error.ts";
import { accountLine, describeAccount, describeFacts, factLines } from "../account-text.ts";
import { defineCommand, type AnyCommand, type CliContext } from "../context.ts";
import { table } from "../format.ts";

/** `snap account`: who is logged in, and what that login may see. */
export const accountCommand: AnyCommand = defineCommand({
  command: "account [action] [account]",
  describe: "Show which account this computer is linked to, and how much space it has",
  builder: (parser) =>
    parser
      .positional("action", {
        choices: ["show", "list", "use"] as const,
        describe: "show (default), list all, or use another one where none is named",
      })
      .positional("account", { type: "string", describe: "use: its e-mail address, name or id" })
      .option("offline", { type: "boolean", describe: "show: do not ask the server" })
      .example("snap account list", "every account this computer is linked to")
      .example("snap account use ada@example.com", "new links go to this one"),
  run: async (context, words) => {
    switch (words.action) {
      case "list":
        return listAccounts(context);
      case "use":
        return takeAccount(context, words.account);
      case "show":
      case undefined:
        return showAccount(context, words.offline ?? false);
    }
  },
});

async function showAccount(context: CliContext, offline: boolean): Promise<0> {
  const { environment, output } = context;
  const account = await accountOf(environment);
  output.print(`${accountLine(account)}\n${account.id}`);
  const facts = offline ? undefined : await reachedFacts(context, account);
  if (facts !== undefined) output.print(factLines(account, facts));
  const told = facts === undefined ? {} : describeFacts(facts);
  output.result("account", 0, { account: { ...describeAccount(account), ...told } });
  return 0;
}

/** How long a server is waited for, ms: most of what is asked is known without it. */
const patienceMs = 10_000;

/** Being offline hides some facts; a login that ended is an error. */
async function reachedFacts(
  { environment, output, work }: CliContext,
  account: Account,
): Promise<AccountFacts | undefined> {
  const patience = AbortSignal.timeout(patienceMs);
  try {
    await using connection = await connect(environment, account.id);
    return await connection.facts({ signal: AbortSignal.any([work.signal, patience]) });
  } catch (error) {
    throwIfAborted(work.signal);
    output.warn(`The server was not asked: ${whyNotReached(error, patience)}`);
    return undefined;
  }
}

/** @throws what is no matter of the line */
function whyNotReached(error: unknown, patience: AbortSignal): string {
  if (patience.aborted) return "it did not answer in time";
  if (isSnapError(error) && (error.class === "transient" || error.code === "busy")) {
    return error.message;
  }
  throw error;
}

async function listAccounts({ environment, output }: CliContext): Promise<0> {
  const { accounts, workspaces } = environment.settings.read();
  const rows = accounts.map((account, index) => {
    const links = workspaces.filter((workspace) => workspace.account === account.id).length;
    output.emit("account", { ...describeAccount(account), current: index === 0, links });
    return [index === 0 ? "*" : " ", accountLine(account), `${links} linked`, account.id];
  });
  const none = "No account yet: `snap login` links one.";
  output.print(rows.length === 0 ? none : table(rows));
  output.result("account list", 0, { count: rows.length });
  return 0;
}

async function takeAccount(
  { environment, output }: CliContext,
  called: string | undefined,
): Promise<0> {
  if (called === undefined) {
    throw new SnapError("usage", "Name the account to use", {
      hint: "`snap account list` shows the accounts.",
    });
  }
  const account = await useAccount(environment, called);
  output.say(`New links go to ${displayName(account.name)} (${displayName(account.email)}).`);
  output.result("account use", 0, { account: describeAccount(account) });
  return 0;
}
